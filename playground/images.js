// Images of a message: chosen, made as small as a request takes them, and kept as data URLs until they are sent.

import { html, useState } from "./preact.js";
import { mostOfBody } from "./api.js";

// Characters of one image's data URL: a request has to have room for words and for what came before, and a telephone's
// photograph has five megabytes. Models see no more of it than 1,568 pixels, nor take more than 5 MB.
const most = () => Math.min(mostOfBody * 0.6, 5_000_000);
const SIDES = [1568, 1024, 768, 512];
const TYPES = ["image/png", "image/jpeg", "image/gif", "image/webp"];

export function Images({ value, onChange }) {
  const [problem, setProblem] = useState("");
  async function add(files) {
    setProblem("");
    const read = [];
    for (const file of files) {
      if (!TYPES.includes(file.type)) setProblem("Only PNG, JPEG, GIF and WebP can be sent.");
      else {
        try {
          read.push(await fitting(file));
        } catch {
          setProblem("This image cannot be read. Choose another one.");
        }
      }
    }
    onChange([...value, ...read]);
  }
  return html`<div class="row">
    <label class="field">Images
      <input type="file" accept=${TYPES.join()} multiple
        onChange=${(event) => (add([...event.target.files]), (event.target.value = ""))} /></label>
    <div class="thumbs">${value.map(
      (url, index) => html`<span key=${index}><img src=${url} alt=${`Image ${index + 1}`} />
      <button type="button" class="plain-link"
        onClick=${() => onChange(value.filter((_, at) => at !== index))}>remove</button></span>`,
    )}</div>
    ${problem && html`<p class="warn" role="alert">${problem}</p>`}
  </div>`;
}

async function fitting(file) {
  if (file.size < (most() * 3) / 4 - 100) return dataUrl(file);
  const image = await createImageBitmap(file);
  const canvas = document.createElement("canvas");
  for (const side of SIDES) {
    const scale = Math.min(1, side / Math.max(image.width, image.height));
    [canvas.width, canvas.height] = [image.width, image.height].map((one) => Math.max(1, Math.round(one * scale)));
    const context = canvas.getContext("2d");
    // A JPEG has no transparency; black would hide black text.
    context.fillStyle = "white";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    const url = canvas.toDataURL("image/jpeg", 0.85);
    if (url.length < most()) return url;
  }
  throw new Error("too large");
}

function dataUrl(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
