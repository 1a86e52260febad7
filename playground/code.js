// Code: any request of this page as curl, Python and TypeScript. The key is never in it.

import { html, useEffect, useState } from "./preact.js";
import { BASE, lastRequests } from "./api.js";
import { copy } from "./markdown.js";

const LANGUAGES = { curl, Python: python, TypeScript: typescript };

export function Code({ chosen }) {
  const all = chosen ? [chosen, ...lastRequests().filter((one) => one.body !== chosen.body)] : lastRequests();
  const [at, setAt] = useState(0);
  const [language, setLanguage] = useState("curl");
  useEffect(() => setAt(0), [chosen]);
  if (!all.length)
    return html`<h2>Code</h2><p
      class="quiet">Ask something first: every request of this page is shown here as code.</p>`;
  const text = LANGUAGES[language](all[at] || all[0]);
  return html`<h2>Code</h2>
    <div class="fields">
      <label class="field">Request<select value=${at} onChange=${(event) => setAt(Number(event.target.value))}>
        ${all.map((one, index) =>
          html`<option key=${index}
            value=${index}>${one.method} /v1/${one.path}${begun(one.body)}</option>`)}</select></label>
      <label class="field">Language<select value=${language} onChange=${(event) => setLanguage(event.target.value)}>
        ${Object.keys(LANGUAGES).map((name) => html`<option key=${name} value=${name}>${name}</option>`)}</select>
          </label>
    </div>
    <div class="code"><pre tabindex="0"><code>${text}</code></pre>
      <button type="button" class="ghost small copy"
        onClick=${(event) => copy(text, event.currentTarget)}>Copy</button></div>
    <p class="quiet">The key comes from the environment variable QUARRY_API_KEY.</p>`;
}

const begun = (body) => (body ? `, ${told(JSON.stringify(body).slice(0, 60))}` : "");
const address = ({ path }) => new URL(path, BASE).href;
// What changes how its neighbours read is written as JSON may write it.
const told = (text) => text.replace(/[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, escaped);
const escaped = (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`;
const pretty = (body) => told(JSON.stringify(body, null, 2));

function curl(request) {
  const head = `curl ${request.body?.stream ? "-N " : ""}-X ${request.method} '${address(request)}' \\
  -H "Authorization: Bearer $QUARRY_API_KEY"`;
  // On the standard input, as it stands: an image is longer than an argument may be. No line of JSON is the last word.
  if (request.body === undefined) return head;
  return `${head} -H 'Content-Type: application/json' --data-binary @- <<'JSON'\n${pretty(request.body)}\nJSON`;
}

function python(request) {
  const body = request.body && `body = json.loads(${JSON.stringify(told(JSON.stringify(request.body)))})\n`;
  const client = `client = OpenAI(base_url=${JSON.stringify(BASE)}, api_key=os.environ["QUARRY_API_KEY"])`;
  const head = `import json, os\n\nfrom openai import OpenAI\n\n${client}\n${body || ""}`;
  if (request.path !== "chat/completions") {
    const given = body ? `, body=${request.body.stream ? '{**body, "stream": False}' : "body"}` : "";
    const call = `client.${request.method.toLowerCase()}("/${request.path}"${given}, cast_to=dict[str, object])`;
    return `${head}print(${call})\n`;
  }
  return `${head}quarry = body.pop("quarry", {})
answer = client.chat.completions.create(**body, extra_body={"quarry": quarry})
for chunk in answer:
    for choice in chunk.choices:
        print(choice.delta.content or "", end="", flush=True)
`;
}

function typescript(request) {
  const body = request.body && `const body = ${pretty(request.body)} as const;\n`;
  const options = `{ baseURL: ${JSON.stringify(BASE)}, apiKey: process.env.QUARRY_API_KEY }`;
  const head = `import OpenAI from "openai";\n\nconst client = new OpenAI(${options});\n${body || ""}`;
  if (request.path !== "chat/completions") {
    const given = body ? `, { body: ${request.body.stream ? "{ ...body, stream: false }" : "body"} }` : "";
    return `${head}console.log(await client.${request.method.toLowerCase()}("/${request.path}"${given}));\n`;
  }
  return `${head}const answer = await client.chat.completions.create(body as any);
for await (const chunk of answer as any) process.stdout.write(chunk.choices[0]?.delta?.content ?? "");
`;
}
