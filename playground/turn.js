// One turn: what was said, the answer as it comes, calls of tools with room for their results, figures.

import { html, useState } from "./preact.js";
import { Figures, Trouble } from "./figures.js";
import { plain } from "./format.js";
import { Markdown } from "./markdown.js";

export function Turn({ turn, onResults, onAgain, onCode }) {
  const { answer } = turn;
  const said = turn.prompt && !turn.results ? `${turn.prompt} ${turn.said}` : turn.said;
  return html`<article class="turn" aria-busy=${answer.state === "waiting" || answer.state === "streaming"}>
    <div class="said" dir="auto">
      ${
        turn.results
          ? turn.calls.map((one) => html`<div key=${one.id}>${gave(one, turn.results)}</div>`)
          : plain(said || "")
      }
      ${turn.images?.length > 0 && html`<div class="thumbs">${turn.images.map((url, index) =>
        html`<img key=${index} src=${url} alt=${`Image ${index + 1}`} />`)}</div>`}
    </div>
    <div class="answer">
      ${answer.state === "waiting" && html`<p class="quiet">Waiting for the first token …</p>`}
      ${answer.thoughts &&
        html`<details><summary>Thoughts</summary><div class="text plain quiet"
          dir="auto">${plain(answer.thoughts)}</div></details>`}
      ${answer.text && html`<${Markdown} text=${answer.text} done=${answer.state !== "streaming"} />`}
      ${answer.calls.map((one, index) =>
        html`<div class="call" key=${index}><strong>${plain(one.name)}</strong> <pre class="mono"
          tabindex="0">${pretty(one.input)}</pre></div>`)}
      ${onResults && html`<${Results} calls=${answer.calls} onSend=${onResults} />`}
      <${Trouble} error=${answer.refusal} onAgain=${onAgain} />
      ${(answer.figures.total !== undefined || answer.state === "stopped") &&
        html`<${Figures} came=${answer} onCode=${onCode && answer.request && (() => onCode(answer.request))} />`}
    </div>
  </article>`;
}

const gave = ({ id, name }, results) => `${plain(name)} gave: ${plain(results[id] || "nothing")}`;

function Results({ calls, onSend }) {
  const [results, setResults] = useState({});
  return html`<form onSubmit=${(event) => (event.preventDefault(), onSend(results))}>
    ${calls.map(
      (one) => html`<label class="field" key=${one.id}>What ${plain(one.name)} gives
      <textarea rows="2" dir="auto" value=${results[one.id] || ""}
        onInput=${(event) => setResults({ ...results, [one.id]: event.target.value })} /></label>`,
    )}
    <button type="submit">Send results</button>
  </form>`;
}

function pretty(text) {
  try {
    return plain(JSON.stringify(JSON.parse(text || "{}"), null, 2));
  } catch {
    return plain(text);
  }
}
