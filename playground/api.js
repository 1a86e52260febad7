// The endpoint as this page calls it: the key, requests, errors in the endpoint's own words, and streams.

// This file is served from <stage>/playground/<version>/, the API from <stage>/v1/.
export const BASE = new URL("../../v1/", import.meta.url).href;
const KEY = "quarry.key";
const listeners = new Set();

// Takes a key out of the address (#key=...), where a hand-out puts it, before anything else can see it.
export function takeKeyFromAddress() {
  // Mail programs and the like add parts of their own behind it.
  const found = /^#key=([^&]*)/.exec(location.hash);
  if (!found) return;
  history.replaceState(null, "", location.pathname + location.search);
  try {
    keepKey(decodeURIComponent(found[1]));
  } catch {
    // No key of ours: what cannot be decoded is left out of the address all the same.
  }
}

// Browsers may forbid pages to keep anything; then the key lasts as long as the page.
let held = "";
const kept = () => {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
};
export const keepsKeys = () => kept() !== null;
export const key = () => kept()?.getItem(KEY) || held;
export function keepKey(value) {
  const before = key();
  // People paste all of a hand-out's link, or of a header.
  held = value.replace(/^.*#key=|^\s*bearer\s/i, "").replace(/[^\x21-\x7e]/g, "");
  try {
    kept()?.setItem(KEY, held);
    if (!held) kept()?.removeItem(KEY);
  } catch {
    // No room for it: as above.
  }
  if (key() !== before) listeners.forEach((told) => told());
}
export const onKey = (told) => listeners.add(told);

// What the endpoint refused with. `message` says what to do; `advice` is what this page adds.
export class Refusal extends Error {
  constructor(error, { status = 0, headers = new Headers() } = {}) {
    super(error.message || "The endpoint gave no reason.");
    this.code = error.code || error.type || "";
    this.param = error.param || "";
    this.status = status;
    this.requestId = headers.get("x-request-id") || "";
    this.retryAfter = headers.get("retry-after") || "";
  }

  get advice() {
    if (this.status === 401) return "Paste another key under Key.";
    if (this.code === "insufficient_quota") return "What this key may use is used up: see Usage.";
    if (this.retryAfter) return `It makes sense to try again in ${this.retryAfter} seconds.`;
    return "";
  }
}

const requests = [];
// The last requests, newest first, for the view that shows them as code. They have no key.
export const lastRequests = () => requests;

// Sends a request and returns the answer. Raises a Refusal, or the AbortError of `signal`.
export async function call(method, path, { body, signal } = {}) {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const size = text ? new TextEncoder().encode(text).length : 0;
  if (size > mostOfBody) {
    const [has, most] = [size, mostOfBody].map((one) => one.toLocaleString("en"));
    const wayOn = "Send fewer or smaller images, shorten the text, or begin a new conversation.";
    const message = `The request has ${has} bytes, and the endpoint takes ${most}. ${wayOn}`;
    throw new Refusal({ message, code: "request_too_large" });
  }
  const before = body === undefined ? requests.findIndex((one) => one.method === method && one.path === path) : -1;
  if (before >= 0) requests.splice(before, 1);
  requests.unshift({ method, path, body });
  requests.length = Math.min(requests.length, 30);
  let response;
  try {
    response = await fetch(new URL(path, BASE), {
      method,
      signal,
      headers: {
        Authorization: `Bearer ${key()}`,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      body: text,
      cache: "no-store",
      credentials: "omit",
      referrerPolicy: "no-referrer",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal({
      message: "The endpoint cannot be reached. Check the network, then try again.",
      code: "network",
    });
  }
  if (response.ok) return response;
  let error = {};
  try {
    error = (await response.json()).error || {};
  } catch {
    const what =
      response.status === 413
        ? "The request is too large. Shorten it"
        : `The endpoint answered ${response.status} without a reason. Try again`;
    error = { message: `${what}.` };
  }
  throw new Refusal(error, response);
}

export async function json(method, path, options) {
  const response = await call(method, path, options);
  return parsed(await response.text(), response);
}

// What a network's own page, as a hotel's, answers in the endpoint's place has no JSON.
function parsed(text, response) {
  try {
    return JSON.parse(text);
  } catch {
    const message = "Something other than the endpoint answered. Check the network and the address, then try again.";
    throw new Refusal({ message, code: "network" }, response);
  }
}

// Yields the events of a server-sent stream, parsed, until [DONE]. An error among them is raised.
export async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let whole = false;
  try {
    for (;;) {
      const { value, done } = await reader.read().catch((error) => {
        if (error.name === "AbortError") throw error;
        throw broken(response);
      });
      if (done) break;
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      for (const line of lines) {
        if (!line.startsWith("data:")) continue;
        const data = line.slice(5).trim();
        if (data === "[DONE]") {
          whole = true;
          continue;
        }
        const event = parsed(data, response);
        if (event.error) throw new Refusal(event.error, { status: response.status, headers: response.headers });
        yield event;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
  if (!whole) throw broken(response);
}

const broken = (response) =>
  new Refusal(
    { message: "The connection broke off in the middle of the answer. Ask again.", code: "network" },
    response,
  );

// Characters that a request may have; the endpoint says how many.
export let mostOfBody = 1024 * 1024;
let models;
// The aliases, asked for once per key.
export function aliases(again = false) {
  const owner = key();
  if (again || !models || models.owner !== owner) {
    models = { owner, list: json("GET", "models").then(listed) };
    models.list.catch(() => (models = undefined));
  }
  return models.list;
}

function listed({ data, quarry }) {
  mostOfBody = quarry?.max_body_bytes || mostOfBody;
  return data;
}
