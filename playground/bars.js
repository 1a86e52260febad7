// Horizontal bars, as SVG that scales: a label, a bar, and the value in words.

import { html } from "./preact.js";

const HEIGHT = 22;

// Rows of [label, value, value in words].
export function Bars({ label, rows }) {
  const most = Math.max(...rows.map(([, value]) => value), 1e-12);
  const told = rows.map(([name, , words]) => `${name} ${words}`).join(", ");
  return html`<svg class="bars" viewBox=${`0 0 400 ${rows.length * HEIGHT}`} role="img"
    aria-label=${`${label}: ${told}`}>
    ${rows.map(
      ([name, value, words], index) => html`<g key=${name} transform=${`translate(0 ${index * HEIGHT})`}>
      <text x="0" y="15">${name.slice(0, 16)}</text>
      <rect class="bar" x="110" y="4" height="14" rx="2" width=${Math.max(1, (value / most) * 190)} />
      <text x=${115 + Math.max(1, (value / most) * 190)} y="15">${words}</text>
    </g>`,
    )}
  </svg>`;
}
