// Markdown of a model, made harmless: a short list of elements, no images, links that open elsewhere and tell nothing.
// The two libraries are loaded when the first answer has to be shown; until then it stands as plain text.

import { html, useEffect, useMemo, useRef, useState } from "./preact.js";
import { plain } from "./format.js";

const TAGS =
  "a b blockquote br code del em h3 h4 h5 h6 hr i li ol p pre s strong sub sup table tbody td th thead tr ul".split(
    " ",
  );
let libraries;
let tools;

async function load() {
  const [{ Marked }] = await Promise.all([import("./marked.js"), import("./purify.js")]);
  const marked = new Marked({ gfm: true, breaks: true });
  marked.use({
    renderer: {
      // Nothing is fetched: an image is its description. HTML of the model's own stays text.
      image: ({ text }) => escaped(text || "image"),
      html: ({ text }) => escaped(text),
      heading({ tokens, depth }) {
        const level = Math.min(6, depth + 2);
        return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>`;
      },
    },
  });
  const purify = globalThis.DOMPurify(window);
  purify.addHook("afterSanitizeAttributes", (node) => {
    if (node.nodeName !== "A") return;
    node.setAttribute("rel", "noopener noreferrer nofollow");
    node.setAttribute("target", "_blank");
  });
  tools = { marked, purify };
}

const escaped = (text) => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

// Null for what is nested too deep to be read as Markdown, thousands of quotations in one another: it stands as text.
export function toHtml(text) {
  let made;
  try {
    made = tools.marked.parse(plain(text));
  } catch {
    return null;
  }
  return tools.purify.sanitize(made, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ["href", "start"],
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    ALLOWED_URI_REGEXP: /^(https?|mailto):/i,
  });
}

// An answer's text. `done`: nothing more comes, so code gets its copy buttons. `mark`: makes something of the element.
export function Markdown({ text, done, mark }) {
  const place = useRef(null);
  const [ready, setReady] = useState(Boolean(tools));
  useEffect(() => {
    if (ready) return;
    libraries = libraries || load();
    libraries.then(
      () => setReady(true),
      () => {},
    );
  }, []);
  // Not again for each word of a later answer, nor for each key that is pressed.
  const shown = useMemo(() => (ready ? toHtml(text) : null), [ready, text]);
  useEffect(() => {
    if (!ready || !done || !place.current) return;
    for (const block of place.current.querySelectorAll("pre")) {
      if (block.parentElement.className === "code") continue;
      block.tabIndex = 0;
      const frame = document.createElement("div");
      frame.className = "code";
      block.replaceWith(frame);
      frame.append(
        block,
        copyButton(() => block.textContent),
      );
    }
    if (mark) mark(place.current);
  }, [shown, done]);
  if (shown === null) return html`<div class="text plain" dir="auto">${plain(text)}</div>`;
  return html`<div class="text" dir="auto" ref=${place} dangerouslySetInnerHTML=${{ __html: shown }} />`;
}

function copyButton(text) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "ghost small copy";
  button.textContent = "Copy";
  button.onclick = () => copy(text(), button);
  return button;
}

export async function copy(text, button) {
  const was = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Not allowed here";
  }
  setTimeout(() => (button.textContent = was), 1500);
}
