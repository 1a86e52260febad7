// History: what was asked from this browser. It stays here until it is deleted.

import { html, useState } from "./preact.js";
import { plain } from "./format.js";
import { forget, history } from "./kept.js";
import { Turn } from "./turn.js";

export function History({ onResume }) {
  const [all, setAll] = useState(history);
  const [shown, setShown] = useState(null);
  const remove = (id) => (forget(id), setAll(history()), setShown(null));
  return html`<h2>History</h2>
    <p class="quiet">Kept in this browser only, without the key and without images.
      ${" "}Whoever uses this browser after you can read it.</p>
    <div class="row">
      <button type="button" class="outline" disabled=${!all.length} onClick=${() => save(all)}>Export all</button>
      <button type="button" data-variant="danger" disabled=${!all.length} onClick=${() => remove()}>Delete all</button>
    </div>
    ${!all.length && html`<p>Nothing is kept.</p>`}
    <ul class="list">${all.map(
      (one) => html`<li key=${one.id}>
      <button type="button" class="plain-link" aria-expanded=${shown === one.id}
        onClick=${() => setShown(shown === one.id ? null : one.id)}>
        ${new Date(one.at).toLocaleString()}: <bdi>${title(one.turns[0])}</bdi></button>
      <button type="button" class="plain-link"
        onClick=${() => onResume({ id: one.id, turns: one.turns })}>continue</button>
      <button type="button" class="plain-link" onClick=${() => remove(one.id)}>delete</button></li>`,
    )}</ul>
    ${all.filter((one) => one.id === shown).map((one) =>
      html`<section key=${one.id} aria-label="Conversation">${one.turns.map((turn, index) =>
        html`<${Turn} key=${index} turn=${turn} />`)}</section>`)}`;
}

const title = (turn) => plain(turn?.said || turn?.prompt || "").slice(0, 80);

function save(all) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(all, null, 2)], { type: "application/json" }));
  link.download = "quarry-history.json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
