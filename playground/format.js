// Numbers and times as people read them.

const numbers = new Intl.NumberFormat("en");
export const count = (value) => numbers.format(value);

export function duration(milliseconds) {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(2)} s`;
}

// Micro-dollars as dollars: four significant digits of what is less than a cent.
export function dollars(micro) {
  if (micro === null || micro === undefined) return "not known";
  const usd = micro / 1e6;
  if (usd === 0) return "$0";
  return Math.abs(usd) >= 0.01 ? `$${usd.toFixed(4)}` : `$${Number(usd.toPrecision(4)).toFixed(8).replace(/0+$/, "")}`;
}

export const moment = (seconds) => new Date(seconds * 1000).toLocaleString();

// Text without what would change how its neighbours read: control and direction characters.
export const plain = (text) =>
  String(text).replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
