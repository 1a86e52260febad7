// Compare: one input to two to five aliases, side by side as they stream, with a table and bars of what they took.

import { html, useEffect, useRef, useState } from "./preact.js";
import { Bars } from "./bars.js";
import { chat, fresh } from "./exchange.js";
import { Figures, Trouble } from "./figures.js";
import { count, dollars, duration, plain } from "./format.js";
import { useHeld } from "./kept.js";
import { Markdown } from "./markdown.js";
import { Parameters, asBody, useAliases } from "./parameters.js";

const MEASURES = [
  ["First token", (figures) => figures.first, duration],
  ["Total", (figures) => figures.total, duration],
  ["Tokens in", (figures) => figures.usage?.prompt_tokens, count],
  ["Tokens out", (figures) => figures.usage?.completion_tokens, count],
  ["Cost", (figures) => figures.charged, dollars],
];

export function Compare({ onCode, say }) {
  const known = useAliases();
  const [chosen, setChosen] = useHeld("compare.chosen", null);
  const [text, setText] = useHeld("compare.text", "");
  const [system, setSystem] = useHeld("compare.system", "");
  const [settings, setSettings] = useHeld("compare.settings", {});
  const [answers, setAnswers] = useHeld("compare.answers", {});
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const running = useRef(null);
  const all = known.chatting.map((one) => one.id);
  const names = chosen ? chosen.filter((one) => all.includes(one)) : all.slice(0, 2);
  useEffect(() => () => running.current?.abort(), []);

  const toggle = (id) => setChosen(names.includes(id) ? names.filter((one) => one !== id) : [...names, id]);

  async function submit(event) {
    event.preventDefault();
    if (busy || !text.trim()) return;
    if (names.length < 2 || names.length > 5) {
      setProblem(new Error("Choose two to five aliases."));
      return;
    }
    setProblem(null);
    const controller = (running.current = new AbortController());
    setAnswers(Object.fromEntries(names.map((name) => [name, fresh()])));
    setBusy(true);
    say(`Asked ${names.length} aliases.`);
    const messages = [...(system.trim() ? [{ role: "system", content: system }] : []), { role: "user", content: text }];
    const ends = await Promise.all(
      names.map((name) => {
        const tell = (came) => setAnswers((before) => ({ ...before, [name]: came }));
        return chat(
          // All of them to everybody: what an alias does not take, the endpoint leaves out and names under the answer.
          { model: name, messages, ...asBody(settings, null) },
          { signal: controller.signal, models: known.list, tell },
        );
      }),
    );
    setBusy(false);
    const short = ends.filter((came) => came.state !== "done").length;
    say(short ? `${short} of ${ends.length} answers are not complete.` : "All answers are complete.");
  }

  const shown = Object.entries(answers);
  const over = shown.length > 0 && shown.every(([, came]) => came.figures.total !== undefined);
  return html`<h2>Compare</h2>
    <${Trouble} error=${known.error || problem} onAgain=${known.again} />
    <form onSubmit=${submit}>
      <fieldset class="row"><legend>Aliases, two to five</legend>
        ${known.chatting.map((one) =>
          html`<label key=${one.id}><input type="checkbox" checked=${names.includes(one.id)}
            onChange=${() => toggle(one.id)} /> ${plain(one.id)}</label>`)}
      </fieldset>
      <label class="field">Message to all<textarea rows="3" dir="auto" value=${text}
        onInput=${(event) => setText(event.target.value)} /></label>
      <details><summary>Instructions and parameters</summary>
        <label class="field">System text<textarea rows="2" dir="auto" value=${system}
          onInput=${(event) => setSystem(event.target.value)} /></label>
        <${Parameters} alias=${null} value=${settings} onChange=${setSettings} />
      </details>
      <div class="row">${
        busy
          ? html`<button type="button" data-variant="danger"
            onClick=${() => running.current?.abort()}>Stop all</button>`
          : html`<button type="submit" disabled=${!known.chatting.length}>Ask all</button>`
      }
        <span class="quiet">Each is a request of its own, under the key's limits and at its cost.</span></div>
    </form>
    <div class="columns">${shown.map(
      ([name, came]) => html`<article class="column" key=${name} aria-busy=${came.figures.total === undefined}>
      <h3>${plain(name)}</h3>
      ${came.state === "waiting" && html`<p class="quiet">Waiting for the first token …</p>`}
      <${Markdown} text=${came.text} done=${came.state !== "streaming"} />
      <${Trouble} error=${came.refusal} />
      ${came.figures.total !== undefined && html`<${Figures} came=${came} onCode=${() => onCode(came.request)} />`}
    </article>`,
    )}</div>
    ${over && html`<${Table} shown=${shown} />`}`;
}

const worded = (value, told) => (value === undefined ? "–" : told(value));

function Table({ shown }) {
  return html`<h3>What they took</h3>
    <div class="scroll" tabindex="0" role="region" aria-label="What they took"><table>
      <thead><tr><th scope="col">Alias</th>${MEASURES.map(([name]) =>
        html`<th scope="col" key=${name}>${name}</th>`)}</tr></thead>
      <tbody>${shown.map(
        ([name, { figures }]) => html`<tr key=${name}><th scope="row">${plain(name)}</th>
        ${MEASURES.map(([measure, of, told]) =>
          html`<td key=${measure}>${worded(of(figures), told)}</td>`)}</tr>`,
      )}</tbody>
    </table></div>
    <div class="columns">${MEASURES.filter(([name]) => name !== "Tokens in").map(
      ([name, of, told]) => html`<figure key=${name}>
      <figcaption>${name}</figcaption>
      <${Bars} label=${name}
        rows=${shown.map(([alias, { figures }]) => [plain(alias), of(figures) || 0, worded(of(figures), told)])} />
    </figure>`,
    )}</div>`;
}
