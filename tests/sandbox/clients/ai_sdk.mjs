// Vercel's AI SDK as it is, whose default for OpenAI is the Responses API: a tool loop in a stream, an object, a second
// turn, which refers to the items of the first by their ids.
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, Output, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";

globalThis.AI_SDK_LOG_WARNINGS = false;
const model = createOpenAI({ baseURL: process.env.OPENAI_BASE_URL, apiKey: process.env.OPENAI_API_KEY })(process.env.MODEL);
const told = (value) => console.log(JSON.stringify(value));

const weather = tool({
  description: "Tell the weather in a city.",
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => ({ weather: `Rain in ${city}` }),
});
const streamed = streamText({ model, prompt: "The weather in Bonn?", tools: { weather }, stopWhen: stepCountIs(3) });
let text = "";
for await (const piece of streamed.textStream) text += piece;
told({ loop: text, steps: (await streamed.steps).length, usage: (await streamed.totalUsage).outputTokens > 0 });

const place = await generateText({
  model,
  prompt: "Where? In Bonn.",
  output: Output.object({ schema: z.object({ city: z.string() }) }),
});
told({ typed: place.output.city });

const asked = { role: "user", content: "Remember the number 41." };
const first = await generateText({ model, messages: [asked] });
const second = await generateText({
  model,
  messages: [asked, ...first.response.messages, { role: "user", content: "Which number?" }],
});
told({ first: first.text, second: second.text });
