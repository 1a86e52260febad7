// Key: pasted here, or taken from the address of a hand-out. It stays in this tab and ends with it.

import { html, useState } from "./preact.js";
import { BASE, keepKey, keepsKeys, key } from "./api.js";
import { Trouble } from "./figures.js";

const KEPT = keepsKeys()
  ? "It is kept in this tab only, and gone when the tab closes."
  : "This browser lets pages keep nothing, so it is gone when the page is loaded again.";

export function Key({ onKept }) {
  const [typed, setTyped] = useState("");
  const [problem, setProblem] = useState(null);
  const has = Boolean(key());
  function submit(event) {
    event.preventDefault();
    if (!typed.trim()) return;
    keepKey(typed);
    setTyped("");
    if (key()) onKept();
    else setProblem(new Error("That is no key: one begins with qk-. Copy it from your hand-out."));
  }
  return html`<h2>Key</h2>
    <p>${has ? "This tab has a key." : "Paste the key that you were given."}
      ${" "}${KEPT} It is sent to this endpoint only.</p>
    <${Trouble} error=${problem} />
    <form onSubmit=${submit}>
      <label class="field">API key
        <input type="password" autocomplete="off" spellcheck="false" value=${typed}
          onInput=${(event) => setTyped(event.target.value)} /></label>
      <div class="row"><button type="submit">${has ? "Use this one" : "Go on"}</button>
        ${has && html`<button type="button" class="outline" onClick=${() => keepKey("")}>Forget the key</button>`}</div>
    </form>
    <p class="quiet">For programs, the endpoint is <code>${BASE.replace(/\/$/, "")}</code>.</p>`;
}
