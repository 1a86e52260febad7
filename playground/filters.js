// Filters of documents, by the metadata that the knowledge base has: a row per field, with what fits its type.

import { html } from "./preact.js";
import { plain } from "./format.js";

const WORDS = { eq: "is", in: "is one of", gte: "from", lte: "to" };
const FITTING = { string: ["eq", "in"], number: ["eq", "gte", "lte", "in"], boolean: ["eq"], "string[]": ["eq", "in"] };
const fitting = (type) => FITTING[type] || FITTING.string;

export function Filters({ fields, value, onChange }) {
  const names = Object.keys(fields);
  if (!names.length) return null;
  const change = (at, changes) => onChange(value.map((one, index) => (index === at ? { ...one, ...changes } : one)));
  return html`<fieldset><legend>Only documents where</legend>
    ${value.map(
      (one, at) => html`<div class="row" key=${at}>
      <select aria-label="Field" value=${one.field}
        onChange=${(event) => change(at, { field: event.target.value, how: "eq", text: "" })}>
        ${names.map((name) => html`<option key=${name} value=${name}>${plain(name)}</option>`)}</select>
      <select aria-label="How" value=${one.how} onChange=${(event) => change(at, { how: event.target.value })}>
        ${fitting(fields[one.field]).map((how) =>
          html`<option key=${how} value=${how}>${WORDS[how]}</option>`)}</select>
      ${
        fields[one.field] === "boolean"
          ? html`<select aria-label="Value" value=${one.text || "true"}
            onChange=${(event) => change(at, { text: event.target.value })}><option value="true">true</option><option
            value="false">false</option></select>`
          : html`<input aria-label="Value" dir="auto" value=${one.text}
            placeholder=${one.how === "in" ? "several, by commas" : ""}
            onInput=${(event) => change(at, { text: event.target.value })} />`
      }
      <button type="button" class="plain-link"
        onClick=${() => onChange(value.filter((_, index) => index !== at))}>remove</button>
    </div>`,
    )}
    <button type="button" class="plain-link"
      onClick=${() => onChange([...value, { field: names[0], how: "eq", text: "" }])}>add a filter</button>
  </fieldset>`;
}

// The request's filter, or null. Two rows of one field, from and to, become one object.
export function asFilter(rows, fields) {
  const filter = {};
  for (const { field, how, text } of rows) {
    const wanted =
      how === "in"
        ? text.split(",").map((one) => typed(one.trim(), field, fields[field]))
        : typed(text, field, fields[field]);
    const before = filter[field] ?? {};
    if (field in filter && (how === "eq" || typeof before !== "object" || how in before))
      throw new Error(`${field} is told twice; only "from" and "to" go together. Remove one of the two filters.`);
    filter[field] = how === "eq" ? wanted : { ...before, [how]: wanted };
  }
  return Object.keys(filter).length ? filter : null;
}

function typed(text, field, type) {
  if (type === "boolean") return text !== "false";
  if (type !== "number") return text;
  const number = Number(text);
  if (text.trim() === "" || Number.isNaN(number)) throw new Error(`${field} wants a number; "${text}" is none.`);
  return number;
}
