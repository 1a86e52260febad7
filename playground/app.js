// The page: takes the key, shows the views' names, and loads a view's module when it is looked at.

import { html, render, useEffect, useErrorBoundary, useRef, useState } from "./preact.js";
import { key, onKey, takeKeyFromAddress } from "./api.js";
import { Trouble } from "./figures.js";
import { Key } from "./key.js";

takeKeyFromAddress();

const VIEWS = {
  chat: ["Chat", () => import("./chat.js").then((module) => module.Chat)],
  compare: ["Compare", () => import("./compare.js").then((module) => module.Compare)],
  documents: ["Documents", () => import("./documents.js").then((module) => module.Documents)],
  usage: ["Usage", () => import("./usage.js").then((module) => module.Usage)],
  code: ["Code", () => import("./code.js").then((module) => module.Code)],
  history: ["History", () => import("./history.js").then((module) => module.History)],
  key: ["Key", () => Promise.resolve(Key)],
};
const BROKEN = new Error("This cannot be shown. Choose another view, or load the page again.");
const named = () => (Object.hasOwn(VIEWS, location.hash.slice(2)) ? location.hash.slice(2) : "chat");

function App() {
  const [name, setName] = useState(named);
  const [owner, setOwner] = useState(key);
  const [fault, mended] = useErrorBoundary();
  const [view, setView] = useState({});
  const [chosen, setChosen] = useState(null);
  const [resumed, setResumed] = useState(null);
  const said = useRef(null);
  const place = useRef(null);
  const shown = owner ? name : "key";

  useEffect(() => {
    const look = () => {
      takeKeyFromAddress();
      setName(named());
    };
    // What was pressed may go with what it did; who uses the keyboard goes on from here.
    const left = () =>
      setTimeout(() => document.activeElement === document.body && place.current.focus({ preventScroll: true }));
    addEventListener("hashchange", look);
    addEventListener("focusout", left);
    onKey(() => setOwner(key()));
  }, []);
  useEffect(() => {
    mended();
    let gone = false;
    VIEWS[shown][1]().then(
      (Shown) => gone || setView({ name: shown, Shown }),
      () =>
        gone ||
        setView({
          name: shown,
          error: new Error(
            "This part of the page could not be loaded. Check the network; after a new deployment, load the page again.",
          ),
        }),
    );
    return () => (gone = true);
  }, [shown]);
  useEffect(() => {
    document.title = `${VIEWS[shown][0]} – Quarry playground`;
  }, [shown]);

  // What was pressed goes with its view: who uses the keyboard goes on in the next one.
  const go = (to) => ((location.hash = `#/${to}`), place.current.focus());
  const say = (text) => said.current && (said.current.textContent = text);
  const { Shown } = view;
  return html`<a class="skip" href="#main"
    onClick=${(event) => (event.preventDefault(), place.current.focus())}>To the content</a>
    <header class="top"><h1>Quarry playground</h1>
      <nav class="views"
        aria-label="Views">${Object.entries(VIEWS).map(([id, [label]]) =>
          html`<a key=${id} href=${`#/${id}`} aria-current=${id === shown ? "page" : undefined}>${label}</a>`)}</nav>
    </header>
    <main id="main" tabindex="-1" ref=${place} aria-label=${VIEWS[shown][0]} data-view=${shown}
      aria-busy=${view.name !== shown}>
      ${view.name === shown && html`<${Trouble} error=${fault ? BROKEN : view.error} />`}
      ${
        view.name === shown &&
        Shown &&
        !fault &&
        html`<${Shown} key=${shown + owner} say=${say} chosen=${chosen} resumed=${resumed} onTaken=${() => setResumed(null)}
        onCode=${(request) => (setChosen(request), go("code"))}
        onResume=${(conversation) => (setResumed(conversation), go("chat"))}
        onKept=${() => go("chat")} />`
      }
    </main>
    <div class="hidden" role="status" aria-live="polite" ref=${said}></div>`;
}

// What stands there until this runs.
document.body.replaceChildren();
render(html`<${App} />`, document.body);
