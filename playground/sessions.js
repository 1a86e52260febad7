// Sessions: histories that the endpoint keeps for the key. Begin one, go on with one, delete one.

import { html, useEffect, useState } from "./preact.js";
import { json } from "./api.js";
import { Trouble } from "./figures.js";
import { moment, plain } from "./format.js";

export function Sessions({ current, alias, system, onOpen }) {
  const [known, setKnown] = useState({ all: [], more: false });
  const failed = (error) => setKnown((before) => ({ ...before, error }));
  const load = (after = "") =>
    json("GET", `sessions?limit=20${after ? `&after=${after}` : ""}`).then(
      (found) =>
        setKnown((before) => ({ all: after ? [...before.all, ...found.data] : found.data, more: found.has_more })),
      failed,
    );
  useEffect(() => {
    load();
  }, [current?.id]);

  const begin = () =>
    json("POST", "sessions", {
      body: { alias: alias.id, ...(system.trim() ? { system } : {}) },
    }).then((made) => onOpen(made, null), failed);
  const goOn = (id) => whole(id).then(([session, turns]) => onOpen(session, { id: null, turns }), failed);
  const remove = (id) =>
    json("DELETE", `sessions/${id}`).then(() => {
      setKnown((before) => ({ ...before, all: before.all.filter((one) => one.id !== id) }));
      if (current?.id === id) onOpen(null, null);
    }, failed);

  return html`<p class="quiet">The endpoint keeps the history; each turn sends what is new.
      ${" "}A session takes the system text that it began with.</p>
    <div class="row"><button type="button" class="small" disabled=${!alias}
      onClick=${begin}>Begin a session</button>
      ${current &&
        html`<button type="button" class="small outline" onClick=${() => onOpen(null, null)}>Leave it</button>`}</div>
    <${Trouble} error=${known.error} />
    <ul class="list">${known.all.map(
      (one) => html`<li key=${one.id}>
      <button type="button" class="plain-link" aria-current=${current?.id === one.id} onClick=${() => goOn(one.id)}>
        ${moment(one.updated)}, ${one.turns} ${one.turns === 1 ? "turn" : "turns"}${by(one)}</button>
      <button type="button" class="plain-link" aria-label=${`Delete the session of ${moment(one.updated)}`}
        onClick=${() => remove(one.id)}>delete</button></li>`,
    )}
    </ul>
    ${known.more &&
      html`<button type="button" class="plain-link"
        onClick=${() => load(known.all[known.all.length - 1].id)}>more</button>`}`;
}

const by = ({ alias }) => (alias ? `, ${plain(alias)}` : "");

// A session and its messages as turns, all parts of it.
async function whole(id) {
  let after = 0;
  const messages = [];
  for (;;) {
    const part = await json("GET", `sessions/${id}?after_turn=${after}`);
    messages.push(...part.messages);
    if (!part.has_more) return [part, asTurns(messages)];
    after = part.last_turn;
  }
}

function asTurns(messages) {
  const turns = [];
  for (const message of messages) {
    const last = turns[turns.length - 1];
    if (message.role === "assistant" && last) {
      const calls = (message.tool_calls || []).map((one) => ({
        id: one.id,
        name: one.function.name,
        input: one.function.arguments,
      }));
      last.answer = { state: "done", text: textOf(message.content), calls, figures: {} };
    } else if (message.role === "tool") {
      const calls = last && !last.answer.text && last.results ? last : null;
      if (calls) calls.results[message.tool_call_id] = textOf(message.content);
      else
        turns.push({
          results: { [message.tool_call_id]: textOf(message.content) },
          calls: last?.answer.calls || [],
          answer: nothing(),
        });
    } else {
      turns.push({ said: textOf(message.content), answer: nothing() });
    }
  }
  return turns;
}

const nothing = () => ({ state: "done", text: "", calls: [], figures: {} });

function textOf(content) {
  if (typeof content === "string") return content;
  return (content || []).map((part) => part.text || "[image]").join("\n");
}
