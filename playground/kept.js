// What outlives a look: of a view, as long as the page; and the history, as long as nobody deletes it.

import { useState } from "./preact.js";

const held = {};
// As useState, but what is set outlives a look at another view. `name` is one for the whole page.
export function useHeld(name, initial) {
  const [value, show] = useState(name in held ? held[name] : initial);
  const set = (to) => {
    held[name] = typeof to === "function" ? to(name in held ? held[name] : initial) : to;
    show(held[name]);
  };
  return [value, set];
}

// The history: in this browser's localStorage, without keys and without images, until it is deleted.

const PLACE = "quarry.history";
const MOST = 200;

export function history() {
  try {
    const found = JSON.parse(localStorage.getItem(PLACE));
    // Other pages of this origin may have written there.
    const ours = (turn) => turn?.answer?.figures && Array.isArray(turn.answer.calls);
    return Array.isArray(found) ? found.filter((one) => one?.id && one.turns?.every?.(ours)) : [];
  } catch {
    return [];
  }
}

// Keeps a conversation under its id, in place of what was kept of it before.
export function remember(conversation, alias) {
  if (!conversation.id) return;
  const turns = conversation.turns.map(({ images, answer, ...turn }) => ({
    ...turn,
    said: images?.length ? `${turn.said || ""}\n[${images.length} image(s), not kept]` : turn.said,
    answer: {
      state: ["waiting", "streaming"].includes(answer.state) ? "stopped" : answer.state,
      text: answer.text,
      calls: answer.calls,
      finish: answer.finish,
      figures: answer.figures,
      refusal: answer.refusal ? { message: answer.refusal.message, code: answer.refusal.code } : null,
    },
  }));
  const entry = { id: conversation.id, at: Date.now(), alias, turns };
  let all = [entry, ...history().filter((one) => one.id !== entry.id)].slice(0, MOST);
  // What does not fit goes, the oldest first.
  while (all.length) {
    try {
      localStorage.setItem(PLACE, JSON.stringify(all));
      return;
    } catch {
      all = all.slice(0, -1);
    }
  }
}

export function forget(id) {
  const left = id ? history().filter((one) => one.id !== id) : [];
  try {
    if (left.length) localStorage.setItem(PLACE, JSON.stringify(left));
    else localStorage.removeItem(PLACE);
  } catch {
    // Nothing was kept.
  }
}

// crypto.randomUUID is there by HTTPS and on localhost only.
export const newId = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0")).join("");
