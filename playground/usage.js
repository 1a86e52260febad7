// Usage: what the key has left, and the last days as a chart.

import { html, useEffect, useState } from "./preact.js";
import { Bars } from "./bars.js";
import { json } from "./api.js";
import { Trouble } from "./figures.js";
import { count, dollars, plain } from "./format.js";

const KINDS = [
  ["Dollars, in all", "micro_dollars", "micro_dollars", dollars],
  ["Tokens, today", "tokens_per_day", "tokens", count],
  ["Requests, this minute", "requests_per_minute", "requests", count],
];

export function Usage() {
  const [known, setKnown] = useState({});
  const load = () =>
    json("GET", "usage").then(
      (usage) => setKnown({ usage }),
      (error) => setKnown({ error }),
    );
  useEffect(() => {
    load();
  }, []);
  const { usage, error } = known;
  return html`<h2>Usage</h2>
    <${Trouble} error=${error} />
    ${
      usage &&
      html`<p class="quiet">Key <code>${plain(usage.key_id)}</code>, for ${
        usage.limits.aliases ? usage.limits.aliases.map(plain).join(", ") : "every alias"
      }. Days are UTC's. ${
        usage.reserved.requests ? `${count(usage.reserved.requests)} requests are under way.` : ""
      }</p>
      <div class="columns">${KINDS.map(
        ([name, limit, left, told]) => html`<div class="column" key=${name}><h3>${name}</h3>
        ${
          usage.limits[limit] === null
            ? html`<p>Not limited.</p>`
            : html`<p><strong>${told(usage.remaining[left])}</strong> of ${told(usage.limits[limit])} left</p>
            <meter min="0" max=${usage.limits[limit]} value=${usage.remaining[left]} low=${usage.limits[limit] / 5}
              aria-label=${`${name}: left`}></meter>`
        }
      </div>`,
      )}</div>
      <p>Today: ${count(usage.today.requests)} requests, ${count(usage.today.input_tokens)} tokens in,
        ${" "}${count(usage.today.output_tokens)} out, ${dollars(usage.today.micro_dollars)}.
        ${" "}In all: ${dollars(usage.total.micro_dollars)}.</p>
      <${Days} days=${usage.days} />`
    }
    <button type="button" class="outline" onClick=${load}>Look again</button>`;
}

function Days({ days }) {
  if (!days.length) return html`<p class="quiet">Nothing was used on the last seven days.</p>`;
  const sums = days.map(({ day, aliases }) => {
    const all = Object.values(aliases);
    const sum = (name) => all.reduce((total, one) => total + one[name], 0);
    return { day, aliases, money: sum("micro_dollars"), tokens: sum("input_tokens") + sum("output_tokens") };
  });
  return html`<h3>The last days</h3>
    <div class="columns">
      <figure><figcaption>Dollars</figcaption><${Bars} label="Dollars a day"
        rows=${sums.map((one) => [one.day, one.money, dollars(one.money)])} /></figure>
      <figure><figcaption>Tokens</figcaption><${Bars} label="Tokens a day"
        rows=${sums.map((one) => [one.day, one.tokens, count(one.tokens)])} /></figure>
    </div>
    <div class="scroll" tabindex="0" role="region" aria-label="Days by alias"><table>
      <thead><tr><th scope="col">Day</th><th scope="col">Alias</th><th scope="col">Requests</th>
        <th scope="col">Tokens in</th><th scope="col">Tokens out</th><th scope="col">Dollars</th></tr></thead>
      <tbody>${days.flatMap(({ day, aliases }) =>
        Object.entries(aliases).map(
          ([alias, one]) => html`<tr key=${day + alias}>
        <td>${day}</td><td><bdi>${plain(alias)}</bdi></td><td>${count(one.requests)}</td>
          <td>${count(one.input_tokens)}</td><td>${count(one.output_tokens)}</td>
          <td>${dollars(one.micro_dollars)}</td></tr>`,
        ),
      )}</tbody>
    </table></div>`;
}
