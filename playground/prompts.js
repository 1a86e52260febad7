// Prompts by name: which there are, and a field for each of a prompt's variables.

import { html, useEffect, useState } from "./preact.js";
import { list } from "./exchange.js";
import { Trouble } from "./figures.js";
import { plain } from "./format.js";

export function PromptPicker({ value, onChange }) {
  const [known, setKnown] = useState({ all: [] });
  useEffect(() => {
    list("prompts").then(
      (all) => setKnown({ all }),
      (error) => setKnown({ all: [], error }),
    );
  }, []);
  return html`<label class="field">Prompt
      <select value=${value?.name || ""}
        onChange=${(event) => onChange(known.all.find((one) => one.name === event.target.value) || null)}>
        <option value="">none: a message of your own</option>
        ${known.all.map((one) => html`<option key=${one.name} value=${one.name}>${plain(one.name)}</option>`)}
      </select></label>
    <${Trouble} error=${known.error} />
    ${value &&
      html`<p class="quiet" dir="auto">${plain(value.description)} Version ${value.version},
        ${" "}answered by ${plain(value.model)}. System text and parameters are the prompt's own.</p>`}`;
}

export function PromptFields({ prompt, value, onChange }) {
  return html`<fieldset><legend>Variables of ${plain(prompt.name)}</legend>
    ${prompt.variables.map(
      (
        one,
      ) => html`<label class="field"
        key=${one.name}>${plain(one.name)}${one.description ? `: ${plain(one.description)}` : ""}
      <textarea rows="2" dir="auto" maxlength=${one.max_length} value=${value[one.name] || ""}
        onInput=${(event) => onChange({ ...value, [one.name]: event.target.value })} /></label>`,
    )}
  </fieldset>`;
}
