// What stands under every answer: who gave it, what it took, what was found and left out. And refusals, in words.

import { html } from "./preact.js";
import { count, dollars, duration, plain } from "./format.js";

const ENDINGS = {
  length: "cut: the token limit was reached",
  content_filter: "stopped by the guardrail",
  tool_calls: "wants tools called",
};

export function Figures({ came, onCode }) {
  const { figures, finish, state } = came;
  const usage = figures.usage;
  const cached = usage?.prompt_tokens_details?.cached_tokens;
  const found = figures.guardrail ? findings(figures.guardrail) : null;
  const shown = [
    ["Answered by", figures.model && who(figures)],
    [
      "Tokens",
      usage &&
        `${count(usage.prompt_tokens)} in${cached ? ` (${count(cached)} cached)` : ""}, ` +
          `${count(usage.completion_tokens)} out`,
    ],
    ["First token", figures.first !== undefined && duration(figures.first)],
    ["Total", figures.total !== undefined && duration(figures.total)],
    ["Cost", usage && dollars(figures.charged)],
    ["Ending", state === "stopped" ? "stopped by you; the endpoint goes on and charges all of it" : ENDINGS[finish]],
    ["Guardrail", found && (found.length ? found.join("; ") : "found nothing")],
    ["Left out", figures.dropped],
    ["Not kept", figures.notRecorded],
    ["Request", figures.requestId && html`<code>${plain(figures.requestId)}</code>`],
  ];
  return html`<dl class="figures" aria-label="About this answer">
    ${shown.filter(([, value]) => value).map(([name, value]) =>
      html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}
    ${onCode &&
      html`<div><dt class="hidden">Code</dt><dd><button type="button" class="plain-link"
        onClick=${onCode}>as code</button></dd></div>`}
  </dl>`;
}

function who({ model, candidates = [], tuned }) {
  const instead = candidates.length && model !== candidates[0] ? candidates[0] : "";
  const name = html`<code>${plain(model)}</code>`;
  if (tuned) return html`${name}, tuned in ${plain(tuned)}`;
  return instead ? html`${name} <strong class="warn">in place of ${plain(instead)}, which could not</strong>` : name;
}

// The guardrail's trace as words: which policy found what, and what it did.
export function findings(trace) {
  const found = [];
  const look = (value, policy) => {
    if (Array.isArray(value)) return value.forEach((one) => look(one, policy));
    if (!value || typeof value !== "object") return undefined;
    if (value.action && value.action !== "NONE") {
      const what = value.name || value.type || value.match || "something";
      found.push(`${policy}: ${plain(what)} ${value.action.toLowerCase()}`);
      return undefined;
    }
    Object.entries(value).forEach(([name, one]) => look(one, name.endsWith("Policy") ? words(name) : policy));
    return undefined;
  };
  look(trace, "guardrail");
  return [...new Set(found)];
}

const words = (name) => name.replace(/Policy$/, "").replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

// `onAgain`: what asking once more is.
export function Trouble({ error, onAgain }) {
  if (!error) return null;
  const more = [
    error.code && `code ${error.code}`,
    error.param && `field ${error.param}`,
    error.requestId && `request ${error.requestId}`,
  ];
  return html`<div class="bad" role="alert">
    <p dir="auto">${plain(error.message)} ${error.advice || ""}</p>
    ${more.some(Boolean) && html`<p><small>${plain(more.filter(Boolean).join(", "))}</small></p>`}
    ${onAgain && html`<button type="button" class="outline" onClick=${onAgain}>Ask again</button>`}
  </div>`;
}
