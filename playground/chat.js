// Chat: turns with an alias, streamed, with everything that a request may have.

import { html, useEffect, useState } from "./preact.js";
import { onKey } from "./api.js";
import { asMessage, chat, ending, prompt } from "./exchange.js";
import { Trouble } from "./figures.js";
import { newId, remember } from "./kept.js";
import { About, AliasPicker, Parameters, asBody, can, useAliases } from "./parameters.js";
import { Images } from "./images.js";
import { PromptFields, PromptPicker } from "./prompts.js";
import { Sessions } from "./sessions.js";
import { Turn } from "./turn.js";

const SCHEMA = '{"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}';
const TOOLS = `[{"name": "get_weather", "description": "Weather of a city",
  "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}]`;
const EMPTY = { turns: [], id: null };
// What was typed, and an answer that is being given, outlive a look at another view; `show` is the view's, while it is.
let running = null;
let show = () => {};
let kept = {
  ...{ conversation: EMPTY, settings: {}, alias: "", system: "", session: null, chosen: null },
  ...{ draft: "", images: [], variables: {}, busy: false },
};
function set(changes) {
  kept = { ...kept, ...(typeof changes === "function" ? changes(kept) : changes) };
  show(kept);
}
// Sessions are the key's that began them.
onKey(() => kept.session && set({ session: null, conversation: EMPTY }));
// What came of an answer until the page is left, is kept.
addEventListener("pagehide", () => kept.busy && remember(kept.conversation, kept.alias));

export function Chat({ resumed, onTaken, onCode, say }) {
  const known = useAliases();
  const [state, setState] = useState(() => {
    if (!resumed) return kept;
    running?.abort();
    return (kept = { ...kept, conversation: resumed, session: null, chosen: null });
  });
  const [problem, setProblem] = useState(null);
  const alias = known.list.find((one) => one.id === state.alias) || known.chatting[0];
  const { draft, images, variables, busy } = state;
  const { turns } = state.conversation;
  const last = turns[turns.length - 1];
  const open = last && last.answer.state === "done" ? last.answer.calls.filter((one) => one.name) : [];

  useEffect(() => {
    onTaken();
    show = setState;
    setState(kept);
    return () => (show = () => {});
  }, []);

  // Unless another conversation was opened meanwhile.
  const replace = (id, changed) =>
    kept.conversation.id === id &&
    set((before) => ({
      conversation: { ...before.conversation, turns: [...before.conversation.turns.slice(0, -1), changed] },
    }));

  // Sends what is new: the user's words, or the results of the calls that the last answer made.
  // `changes`: what becomes of the fields, once it is on its way.
  async function send(turn, turns = state.conversation.turns, changes = {}) {
    setProblem(null);
    let body;
    try {
      body = asBody(state.settings, alias);
    } catch (error) {
      setProblem(error);
      return;
    }
    const controller = (running = new AbortController());
    const id = state.conversation.id || newId();
    const tell = (answer) => replace(id, { ...turn, answer });
    const options = { signal: controller.signal, models: known.list, tell };
    set(() => {
      const all = [
        ...turns,
        { ...turn, answer: { state: "waiting", text: "", calls: [], figures: {} } },
      ];
      return { ...changes, conversation: { id, turns: all }, busy: true };
    });
    say("Asked.");
    let came;
    if (turn.prompt) {
      const follow =
        turns.length && turns[0].prompt === turn.prompt && turn.results ? followed([...turns, turn]) : undefined;
      const asked = {
        variables: turn.variables,
        ...(state.alias ? { model: alias.id } : {}),
        ...(follow ? { messages: follow } : {}),
      };
      came = await prompt(turn.prompt, asked, options);
    } else {
      const system = state.system.trim() && !state.session ? [{ role: "system", content: state.system }] : [];
      const messages = [...system, ...conversation(state.session ? [] : turns, turn, can(alias, "images"))];
      const session = state.session ? { session: state.session.id } : {};
      came = await chat({ model: alias.id, messages, ...body, quarry: { ...body.quarry, ...session } }, options);
    }
    if (running === controller) set({ busy: false });
    say(ending(came));
    // What a prompt became: its variables alone say little to whoever is asked next.
    const filled = turn.prompt && came.request.body.messages?.filter((one) => one.role !== "system");
    const ended = { ...turn, ...(filled ? { filled } : {}), answer: came };
    replace(id, ended);
    remember({ id, turns: [...turns, ended] }, alias?.id);
  }

  function submit(event) {
    event.preventDefault();
    if (busy || !alias) return;
    if (state.chosen) {
      send({
        prompt: state.chosen.name,
        variables: { ...variables },
        said: JSON.stringify(variables, null, 1),
      });
    } else if (draft.trim() || images.length) {
      send({ said: draft, images: can(alias, "images") ? images : [] }, turns, { draft: "", images: [] });
    }
  }

  const again = () => send(last, turns.slice(0, -1));
  const withResults = (results) =>
    send({ results, calls: open, prompt: last.prompt, variables: last.variables });
  const sends = (event) => event.key === "Enter" && !event.shiftKey && !event.isComposing;

  return html`<div class="split">
    <section aria-label="Conversation">
      <h2 class="hidden">Chat</h2>
      <${Trouble} error=${known.error} onAgain=${known.again} />
      ${turns.length === 0 &&
        html`<p class="quiet">Ask something. What it took and cost stands under every answer.</p>`}
      ${turns.map(
        (turn, index) => html`<${Turn} key=${index} turn=${turn} onCode=${onCode}
        onAgain=${turn === last && turn.answer.state === "failed" && !busy ? again : null}
        onResults=${turn === last && open.length && !busy ? withResults : null} />`,
      )}
      <${Trouble} error=${problem} />
      <form onSubmit=${submit}>
        ${
          state.chosen
            ? html`<${PromptFields} prompt=${state.chosen} value=${variables}
              onChange=${(given) => set({ variables: given })} />`
            : html`<label class="field"><span class="hidden">Message</span>
              <textarea rows="4" dir="auto" placeholder="Message" value=${draft}
                onInput=${(event) => set({ draft: event.target.value })}
                onKeyDown=${(event) => sends(event) && submit(event)} /></label>
            ${can(alias, "images") &&
              html`<${Images} value=${images} onChange=${(chosen) => set({ images: chosen })} />`}`
        }
        <div class="row">
          ${
            busy
              ? html`<button type="button" data-variant="danger" onClick=${() => running?.abort()}>Stop</button>`
              : html`<button type="submit" disabled=${!alias}>Send</button>`
          }
          <button type="button" class="outline" disabled=${busy || !turns.length}
            onClick=${() => set({ conversation: EMPTY, session: null })}>New conversation</button>
          <span class="quiet">Enter sends, Shift and Enter begins a line.
            ${state.session ? ` In session ${state.session.id}.` : ""}</span>
        </div>
      </form>
    </section>
    <section class="side" aria-label="What is asked">
      <${AliasPicker} known=${known} value=${alias?.id || ""} onChange=${(id) => set({ alias: id })} />
      <${About} alias=${alias} />
      <details open><summary>Instructions and parameters</summary>
        <label class="field">System text
          <textarea rows="3" dir="auto" value=${state.system}
            onInput=${(event) => set({ system: event.target.value })} /></label>
        <${Parameters} alias=${alias} value=${state.settings} onChange=${(settings) => set({ settings })} />
      </details>
      <details><summary>JSON answer</summary>
        <${Json} label="JSON schema" name="schema" example=${SCHEMA} value=${state.settings}
          onChange=${(settings) => set({ settings })} />
      </details>
      ${
        can(alias, "tools") &&
        html`<details><summary>Tools</summary>
        <p class="quiet">The model asks for a call, you type what the tool gives.</p>
        <${Json} label="Tools" name="tools" example=${TOOLS} value=${state.settings}
          onChange=${(settings) => set({ settings })} />
      </details>`
      }
      <details><summary>Named prompts</summary>
        <${PromptPicker} value=${state.chosen} onChange=${(chosen) => set({ chosen, variables: {} })} />
      </details>
      <details><summary>Sessions</summary>
        <${Sessions} current=${state.session} alias=${alias} system=${state.system}
          onOpen=${(session, conversation) => set({ session, conversation: conversation || EMPTY })} />
      </details>
    </section>
  </div>`;
}

function Json({ label, name, example, value, onChange }) {
  return html`<label class="field">${label}
      <textarea class="mono" rows="5" spellcheck="false" value=${value[name] ?? ""}
        onInput=${(event) => onChange({ ...value, [name]: event.target.value })} /></label>
    <button type="button" class="plain-link"
      onClick=${() => onChange({ ...value, [name]: value[name]?.trim() ? "" : example })}>
      ${value[name]?.trim() ? "empty it" : "an example"}</button>`;
}

// The messages of what was asked in a turn. Without images where the alias sees none: it would refuse all of it.
function asked(turn, sees) {
  if (turn.results)
    return turn.calls.map((one) => ({ role: "tool", tool_call_id: one.id, content: turn.results[one.id] || "" }));
  if (turn.filled?.length) return turn.filled;
  if (!turn.images?.length || !sees)
    return [{ role: "user", content: turn.images?.length ? `${turn.said}\n[image]`.trim() : turn.said }];
  const text = turn.said ? [{ type: "text", text: turn.said }] : [];
  return [
    { role: "user", content: [...text, ...turn.images.map((url) => ({ type: "image_url", image_url: { url } }))] },
  ];
}

// The messages of a conversation up to what is asked now. What failed before a word came is no part of it.
function conversation(turns, next, sees) {
  const all = [...turns.filter(({ answer }) => answer.text || answer.calls.length), next];
  return all.flatMap((turn, index) => [
    ...asked(turn, sees),
    ...(index < all.length - 1 ? answered(turn.answer, all[index + 1].results) : []),
  ]);
}

// Calls that nobody gave results for are left out: the endpoint takes none without.
function answered(answer, results) {
  if (answer.calls.length && results) return [asMessage(answer)];
  return answer.text ? [asMessage({ ...answer, calls: [] })] : [];
}

// What followed a prompt: its own text is the endpoint's.
const followed = (turns) =>
  turns.flatMap((turn, index) => [
    ...(turn.results ? asked(turn) : []),
    ...(index < turns.length - 1 ? [asMessage(turn.answer)] : []),
  ]);
