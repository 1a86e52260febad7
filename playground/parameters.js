// What a request says besides its text: the alias and its standing, the system text, and what the alias's model takes.

import { html, useEffect, useState } from "./preact.js";
import { aliases } from "./api.js";
import { dollars, plain } from "./format.js";

const STANDINGS = { first: "ready", fallback: "ready, by its second choice", none: "cannot be called now" };

export function useAliases() {
  const [known, setKnown] = useState({ list: [], chatting: [] });
  const load = () =>
    aliases().then(
      (list) => setKnown({ list, chatting: list.filter((one) => one.quarry.abilities.kind === "chat") }),
      (error) => setKnown({ list: [], chatting: [], error, again: load }),
    );
  useEffect(() => void load(), []);
  return known;
}

export function AliasPicker({ known, value, onChange, label = "Alias", none }) {
  return html`<label class="field">${label}
    <select value=${value} onChange=${(event) => onChange(event.target.value)}>
      ${none && html`<option value="">${none}</option>`}
      ${known.chatting.map((one) =>
        html`<option key=${one.id} value=${one.id}>${plain(one.id)}${standing(one)}</option>`)}
    </select>
  </label>`;
}

const standing = (one) => (one.quarry.standing ? ` – ${STANDINGS[one.quarry.standing]}` : "");

export function About({ alias }) {
  if (!alias) return null;
  const { candidates, checked_at: checked, verdict, abilities } = alias.quarry;
  const price = abilities.prices[candidates[0]];
  const found = verdict ? ` (${verdict.replaceAll("_", " ")})` : "";
  const million = (usd) => dollars((usd || 0) * 1e6);
  return html`<p class="quiet">${STANDINGS[alias.quarry.standing] || "Not checked yet"}${found}:
    ${" "}${candidates.map((one, index) => html`${index ? ", then " : ""}<code>${plain(one)}</code>`)}.
    ${
      price && price.input !== null
        ? ` ${million(price.input)} in, ${million(price.output)} out per million tokens.`
        : ""
    }
    ${checked ? ` Checked ${new Date(checked).toLocaleString()}.` : ""}</p>`;
}

// Name, label, and how its field is made. A field is shown if every model of the alias takes it.
const NUMBERS = [
  ["temperature", "Temperature", { min: 0, max: 1, step: 0.1 }],
  ["top_p", "Top p", { min: 0, max: 1, step: 0.05 }],
  ["top_k", "Top k", { min: 1, max: 500, step: 1 }],
  ["max_tokens", "Most tokens", { min: 1, step: 1 }],
];

export const takes = (alias, name) => !alias || alias.quarry.abilities.parameters.includes(name);
export const can = (alias, feature) => !alias || alias.quarry.abilities.features.includes(feature);

const number = (text) => (text === "" ? undefined : Number(text));

export function Parameters({ alias, value, onChange }) {
  const set = (name, given) => onChange({ ...value, [name]: given });
  const most = alias?.quarry.abilities.max_output_tokens;
  return html`<div class="fields">
    ${NUMBERS.filter(([name]) => takes(alias, name)).map(
      ([name, label, bounds]) => html`<label class="field" key=${name}>${label}
        <input type="number" ...${bounds} max=${name === "max_tokens" && most ? most : bounds.max}
          value=${value[name] ?? ""}
          placeholder="default" onInput=${(event) => set(name, number(event.target.value))} />
      </label>`,
    )}
    ${
      takes(alias, "stop") &&
      html`<label class="field">Stop texts
      <input value=${value.stop ?? ""} placeholder="one or more, by |"
        onInput=${(event) => set("stop", event.target.value)} /></label>`
    }
    ${
      takes(alias, "reasoning_effort") &&
      html`<label class="field">Reasoning
      <select value=${value.reasoning_effort ?? ""} onChange=${(event) => set("reasoning_effort", event.target.value)}>
        ${["", "low", "medium", "high"].map((one) => html`<option key=${one} value=${one}>${one || "none"}</option>`)}
      </select></label>`
    }
  </div>`;
}

// The members of a request's body; a schema or tools that are no JSON are refused in words.
export function asBody(value, alias) {
  const body = {};
  for (const name of ["temperature", "top_p", "max_tokens"]) {
    if (value[name] !== undefined && takes(alias, name)) body[name] = value[name];
  }
  const stops = (value.stop || "").split("|").filter((one) => one.trim());
  if (stops.length && takes(alias, "stop")) body.stop = stops;
  if (value.reasoning_effort && takes(alias, "reasoning_effort")) body.reasoning_effort = value.reasoning_effort;
  if (value.top_k !== undefined && takes(alias, "top_k")) body.quarry = { top_k: value.top_k };
  if (value.schema?.trim()) {
    body.response_format = {
      type: "json_schema",
      json_schema: { name: "answer", schema: parsed(value.schema, "The JSON schema") },
    };
  }
  if (value.tools?.trim()) {
    const tools = parsed(value.tools, "The list of tools");
    body.tools = (Array.isArray(tools) ? tools : [tools]).map((one) =>
      one?.function ? one : { type: "function", function: one },
    );
  }
  return body;
}

export function parsed(text, what) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${what} is no JSON: ${error.message}. Mend it, or empty the field.`);
  }
}
