// Images of a message: chosen or pasted, kept as data URLs until they are sent, and no larger than Bedrock takes.

import { html, useState } from "./preact.js";

const MOST = 3.75 * 1024 * 1024;
const TYPES = ["image/png", "image/jpeg", "image/gif", "image/webp"];

export function Images({ value, onChange }) {
  const [problem, setProblem] = useState("");
  async function add(files) {
    setProblem("");
    const read = [];
    for (const file of files) {
      if (!TYPES.includes(file.type)) setProblem("Only PNG, JPEG, GIF and WebP can be sent.");
      else if (file.size > MOST) setProblem("An image may have 3.75 MB at most. Make it smaller.");
      else read.push(await dataUrl(file));
    }
    onChange([...value, ...read]);
  }
  return html`<div class="row">
    <label class="field">Images
      <input type="file" accept=${TYPES.join()} multiple onChange=${(event) => (add([...event.target.files]), (event.target.value = ""))} /></label>
    <div class="thumbs">${value.map(
      (url, index) => html`<span key=${index}><img src=${url} alt=${`Image ${index + 1}`} />
      <button type="button" class="plain-link" onClick=${() => onChange(value.filter((_, at) => at !== index))}>remove</button></span>`,
    )}</div>
    ${problem && html`<p class="warn" role="alert">${problem}</p>`}
  </div>`;
}

function dataUrl(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
