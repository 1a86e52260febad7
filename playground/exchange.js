// One question to an alias and what comes back, as a plain object that views show while it grows.

import { call, events, json } from "./api.js";

// What a screen reader hears at an answer's end.
export const ending = (came) =>
  ({ failed: "The request failed.", stopped: "Stopped." })[came.state] || "The answer is complete.";

export const fresh = () => ({ state: "waiting", text: "", calls: [], figures: {}, refusal: null });

// Asks /v1/chat/completions as a stream. `tell` gets a new object with everything so far, now and then.
export async function chat(body, { signal, tell, models }) {
  const came = fresh();
  return run(came, tell, signal, () => converse(came, body, { signal, models }));
}

// Asks a prompt by its name: the endpoint fills it in, and what comes of that is asked as a stream.
export async function prompt(name, body, { signal, tell, models }) {
  const path = `prompts/${encodeURIComponent(name)}`;
  const came = { ...fresh(), request: { method: "POST", path, body } };
  return run(came, tell, signal, async () => {
    const filled = await json("POST", path, { body: { ...body, answer: false }, signal });
    await converse(came, filled, { signal, models });
  });
}

async function converse(came, body, { signal, models = [] }) {
  const sent = {
    ...body,
    stream: true,
    stream_options: { include_usage: true },
    quarry: { ...body.quarry, guardrail_trace: true },
  };
  came.request = { method: "POST", path: "chat/completions", body: sent };
  const response = await call("POST", "chat/completions", { body: sent, signal });
  head(came, response, body.model, models);
  for await (const chunk of events(response)) take(came, chunk);
}

// Asks the documents, as a stream.
export async function ask(body, { signal, tell, models = [], alias }) {
  const sent = { ...body, stream: true };
  const came = { ...fresh(), citations: [], request: { method: "POST", path: "knowledge/query", body: sent } };
  return run(came, tell, signal, async () => {
    const response = await call("POST", "knowledge/query", { body: sent, signal });
    head(came, response, alias, models);
    for await (const event of events(response)) {
      if (event.delta) {
        first(came);
        came.text += event.delta;
      } else {
        first(came);
        Object.assign(came, { text: event.answer, citations: event.citations, answered: event.answered });
        Object.assign(came, { searched: event.search_query, finish: event.finish_reason });
        ended(came, event);
      }
      came.changed();
    }
  });
}

async function run(came, tell, signal, work) {
  const begun = performance.now();
  came.begun = begun;
  let timer = 0;
  const shown = () => {
    timer = 0;
    tell({ ...came, calls: [...came.calls], figures: { ...came.figures } });
  };
  // All of it is set anew each time, so the longer it is the more seldom; and, unlike frames, where nobody looks, too.
  came.changed = () => (timer = timer || setTimeout(shown, 16 + came.text.length / 50));
  shown();
  try {
    await work();
    came.state = "done";
  } catch (error) {
    came.state = error.name === "AbortError" || (signal && signal.aborted) ? "stopped" : "failed";
    if (came.state === "failed") came.refusal = error;
    if (error.requestId) came.figures.requestId = error.requestId;
  }
  came.figures.total = performance.now() - begun;
  clearTimeout(timer);
  shown();
  return came;
}

function head(came, response, alias, models) {
  const header = (name) => response.headers.get(name) || "";
  const model = header("x-quarry-model");
  const known = models.find((one) => one.id === alias);
  const candidates = known ? known.quarry.candidates : [];
  Object.assign(came.figures, {
    alias,
    model,
    candidates,
    tuned: header("x-quarry-tuned"),
    dropped: header("x-quarry-dropped-parameters"),
    notRecorded: header("x-quarry-not-recorded"),
    requestId: header("x-request-id"),
    charged: header("x-quarry-charged-usd") ? Math.round(Number(header("x-quarry-charged-usd")) * 1e6) : undefined,
  });
}

function first(came) {
  if (came.state !== "waiting") return;
  came.state = "streaming";
  came.figures.first = performance.now() - came.begun;
}

function take(came, chunk) {
  for (const choice of chunk.choices) {
    const { content, tool_calls: calls, reasoning_content: thought } = choice.delta;
    if (content || calls || thought) first(came);
    if (thought) came.thoughts = (came.thoughts || "") + thought;
    if (content) came.text += content;
    for (const part of calls || []) {
      const known = (came.calls[part.index] = came.calls[part.index] || { id: "", name: "", input: "" });
      if (part.id) known.id = part.id;
      if (part.function?.name) known.name = part.function.name;
      known.input += part.function?.arguments || "";
    }
    if (choice.finish_reason) came.finish = choice.finish_reason;
  }
  ended(came, chunk);
  came.changed();
}

// What the end of an answer tells: tokens, the guardrail, what could not be kept.
function ended(came, told) {
  if (told.usage) came.figures.usage = told.usage;
  const quarry = told.quarry || {};
  // What a stream was opened with, before its model had said a word, cannot tell.
  const { answered_by: model, micro_dollars: charged } = told.object === "knowledge.answer" ? told : quarry;
  if (model) came.figures.model = model;
  if (charged !== undefined) came.figures.charged = charged;
  if (quarry.guardrail) came.figures.guardrail = quarry.guardrail;
  const missed = told.not_recorded || quarry.not_recorded;
  if (missed)
    came.figures.notRecorded = Object.entries(missed)
      .map((pair) => pair.join("="))
      .join(", ");
}

// What of a turn goes back to the model with the next one.
export const asMessage = (came) => ({
  role: "assistant",
  content: came.text || null,
  ...(came.calls.length
    ? {
        tool_calls: came.calls.map((one) => ({
          id: one.id,
          type: "function",
          function: { name: one.name, arguments: one.input },
        })),
      }
    : {}),
});

export const list = (path) => json("GET", path).then((answer) => answer.data);
