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
    return html`<h2>Code</h2><p class="quiet">Ask something first: every request of this page is shown here as code.</p>`;
  const text = LANGUAGES[language](all[at] || all[0]);
  return html`<h2>Code</h2>
    <div class="fields">
      <label class="field">Request<select value=${at} onChange=${(event) => setAt(Number(event.target.value))}>
        ${all.map((one, index) => html`<option key=${index} value=${index}>${one.method} /v1/${one.path}, ${JSON.stringify(one.body).slice(0, 60)}</option>`)}</select></label>
      <label class="field">Language<select value=${language} onChange=${(event) => setLanguage(event.target.value)}>
        ${Object.keys(LANGUAGES).map((name) => html`<option key=${name} value=${name}>${name}</option>`)}</select></label>
    </div>
    <div class="code"><pre tabindex="0"><code>${text}</code></pre>
      <button type="button" class="ghost small copy" onClick=${(event) => copy(text, event.currentTarget)}>Copy</button></div>
    <p class="quiet">The key comes from the environment variable QUARRY_API_KEY.</p>`;
}

const address = ({ path }) => new URL(path, BASE).href;
const pretty = (body) => JSON.stringify(body, null, 2);

function curl(request) {
  // In single quotes a shell takes everything as it stands, but for those themselves.
  const body = pretty(request.body).replaceAll("'", "'\\''");
  return `curl ${request.body.stream ? "-N " : ""}-X ${request.method} '${address(request)}' \\
  -H "Authorization: Bearer $QUARRY_API_KEY" -H 'Content-Type: application/json' \\
  -d '${body}'`;
}

function python(request) {
  const head = `import json, os\n\nfrom openai import OpenAI\n\nclient = OpenAI(base_url=${JSON.stringify(BASE)}, api_key=os.environ["QUARRY_API_KEY"])\n`;
  // As JSON in a raw text, which no value can end: its quotation marks are escaped.
  const body = `body = json.loads(${JSON.stringify(JSON.stringify(request.body))})\n`;
  if (request.path !== "chat/completions") {
    return `${head}${body}print(client.post("/${request.path}", body=${request.body.stream ? '{**body, "stream": False}' : "body"}, cast_to=dict[str, object]))\n`;
  }
  const call = `quarry = body.pop("quarry", {})\nanswer = client.chat.completions.create(**body, extra_body={"quarry": quarry})\n`;
  return request.body.stream
    ? `${head}${body}${call}for chunk in answer:\n    for choice in chunk.choices:\n        print(choice.delta.content or "", end="", flush=True)\n`
    : `${head}${body}${call}print(answer.choices[0].message.content)\n`;
}

function typescript(request) {
  const head = `import OpenAI from "openai";\n\nconst client = new OpenAI({ baseURL: ${JSON.stringify(BASE)}, apiKey: process.env.QUARRY_API_KEY });\n`;
  const body = `const body = ${pretty(request.body)} as const;\n`;
  if (request.path !== "chat/completions") {
    return `${head}${body}console.log(await client.post("/${request.path}", { body: ${request.body.stream ? "{ ...body, stream: false }" : "body"} }));\n`;
  }
  const call = `const answer = await client.chat.completions.create(body as any);\n`;
  return request.body.stream
    ? `${head}${body}${call}for await (const chunk of answer as any) process.stdout.write(chunk.choices[0]?.delta?.content ?? "");\n`
    : `${head}${body}${call}console.log((answer as any).choices[0].message.content);\n`;
}
