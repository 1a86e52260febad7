// Documents: a question answered from them, whose markers open the passages; or the passages alone.

import { html, useEffect, useRef, useState } from "./preact.js";
import { json } from "./api.js";
import { ask, ending } from "./exchange.js";
import { Figures, Trouble } from "./figures.js";
import { Filters, asFilter } from "./filters.js";
import { plain } from "./format.js";
import { useHeld } from "./kept.js";
import { Markdown } from "./markdown.js";
import { AliasPicker, useAliases } from "./parameters.js";

const MARKER = /\[\s*(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\s*\]/g;

export function Documents({ onCode, say }) {
  const known = useAliases();
  const [base, setBase] = useState({});
  const [question, setQuestion] = useHeld("documents.question", "");
  const [alias, setAlias] = useHeld("documents.alias", "");
  const [results, setResults] = useHeld("documents.results", "");
  const [filters, setFilters] = useHeld("documents.filters", []);
  const [came, setCame] = useHeld("documents.came", null);
  const [passages, setPassages] = useHeld("documents.passages", null);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const [opened, setOpened] = useState(null);
  const running = useRef(null);
  const at = useRef(null);
  useEffect(() => {
    look();
    return () => running.current?.abort();
  }, []);

  const look = () => json("GET", "knowledge").then(setBase, (error) => setBase({ error, again: look }));

  async function begin(work) {
    if (busy || !question.trim()) return;
    let more;
    try {
      const filter = asFilter(filters, base.metadata || {});
      more = { ...(filter ? { filter } : {}), ...(results ? { results: Number(results) } : {}) };
    } catch (error) {
      setProblem(error);
      return;
    }
    Object.assign(running, { current: new AbortController() });
    [setProblem, setCame, setPassages, setOpened].forEach((set) => set(null));
    setBusy(true);
    say("Asked.");
    const ended = await work(more);
    setBusy(false);
    say(ending(ended));
  }

  const answer = () =>
    begin((more) =>
      ask(
        { question, ...(alias ? { model: alias } : {}), ...more },
        { signal: running.current.signal, tell: setCame, models: known.list, alias: alias || base.model },
      ),
    );
  const find = () =>
    begin((more) =>
      json("POST", "knowledge/retrieve", { body: { query: question, ...more }, signal: running.current.signal }).then(
        (found) => {
          setPassages(found.data.map((one, index) => ({ number: index + 1, ...one })));
          return { state: "done" };
        },
        (error) => {
          if (error.name === "AbortError") return { state: "stopped" };
          setProblem(error);
          return { state: "failed" };
        },
      ),
    );

  function open(number) {
    setOpened(number);
    const place = at.current?.querySelector(`[data-number="${number}"]`);
    place?.focus();
    place?.scrollIntoView({ block: "nearest" });
  }

  const shown = passages || came?.citations || [];
  return html`<h2>Documents</h2>
    <${Trouble} error=${base.error || known.error} onAgain=${() => (base.again?.(), known.again?.())} />
    <form onSubmit=${(event) => (event.preventDefault(), answer())}>
      <label class="field">Question
        <textarea rows="2" dir="auto" maxlength="1000" value=${question}
          onInput=${(event) => setQuestion(event.target.value)} /></label>
      <${Filters} fields=${base.metadata || {}} value=${filters} onChange=${setFilters} />
      <div class="fields">
        <${AliasPicker} known=${known} value=${alias} onChange=${setAlias} none="the environment's own" />
        <label class="field">Passages looked for
          <input type="number" min="1" max="100" value=${results} placeholder=${base.results || "default"}
            onInput=${(event) => setResults(event.target.value)} /></label>
      </div>
      <div class="row">
        ${
          busy
            ? html`<button type="button" data-variant="danger" onClick=${() => running.current?.abort()}>Stop</button>`
            : html`<button type="submit">Ask</button><button type="button" class="outline"
              onClick=${find}>Passages alone</button>`
        }
      </div>
    </form>
    <${Trouble} error=${problem} />
    ${
      came &&
      html`<article class="turn" aria-busy=${busy}><div class="answer">
      ${came.state === "waiting" && html`<p class="quiet">Searching, then waiting for the first token …</p>`}
      <${Markdown} text=${came.text} done=${came.state !== "waiting" && came.state !== "streaming"}
        mark=${(place) => markers(place, came.citations, open)} />
      ${came.answered === false && html`<p class="warn">Not answered from the documents.</p>`}
      ${came.answered && !came.citations.length &&
        html`<p class="warn">The answer names no passage: do not trust it.</p>`}
      ${came.searched && came.searched !== question &&
        html`<p class="quiet" dir="auto">Searched for: ${plain(came.searched)}</p>`}
      <${Trouble} error=${came.refusal} />
      ${came.figures.total !== undefined && html`<${Figures} came=${came} onCode=${() => onCode(came.request)} />`}
    </div></article>`
    }
    ${
      shown.length > 0 &&
      html`<section aria-label="Passages" ref=${at}>
        <h3>${passages ? `${shown.length} passages` : "What the answer names"}</h3>
      ${shown.map((one) =>
        html`<${Passage} key=${one.number} passage=${one} open=${opened === one.number} />`)}</section>`
    }
    ${passages && !passages.length && html`<p class="quiet">No passage fits.</p>`}`;
}

function Passage({ passage, open }) {
  const { number, document, location, passage: text, score, metadata = {} } = passage;
  return html`<div class="passage" data-number=${number} data-open=${open || undefined} tabindex="-1">
    <strong>[${number}] <bdi>${plain(document)}</bdi></strong>
    <span class="quiet"> score ${score === null || score === undefined ? "unknown" : score.toFixed(3)}</span>
    <blockquote dir="auto">${plain(text)}</blockquote>
    <dl class="figures"><div><dt>Address</dt><dd><bdi>${plain(location)}</bdi></dd></div>
      ${Object.entries(metadata).map(([name, value]) =>
        html`<div key=${name}><dt><bdi>${plain(name)}</bdi></dt><dd>
          <bdi>${plain(Array.isArray(value) ? value.join(", ") : value)}</bdi></dd></div>`)}</dl>
  </div>`;
}

// Makes a button of each marker in an answer's text, [1] or [1, 3], whose passage there is.
function markers(place, citations, open) {
  const numbers = new Set(citations.map((one) => one.number));
  const walker = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode())
    if (!walker.currentNode.parentElement.closest("pre, code, button")) texts.push(walker.currentNode);
  for (const node of texts) {
    const parts = [];
    let from = 0;
    for (const match of node.data.matchAll(MARKER)) {
      const named = match[1]
        .split(/[,;]/)
        .map(Number)
        .filter((number) => numbers.has(number));
      if (!named.length) continue;
      parts.push(node.data.slice(from, match.index), ...named.map((number) => marker(number, open)));
      from = match.index + match[0].length;
    }
    if (parts.length) node.replaceWith(...parts, node.data.slice(from));
  }
}

function marker(number, open) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "marker outline";
  button.textContent = String(number);
  button.setAttribute("aria-label", `Passage ${number}`);
  button.onclick = () => open(number);
  return button;
}
