import { createOpenAI } from "@ai-sdk/openai";
import { generateText } from "ai";

const quarry = createOpenAI({ baseURL: process.env.QUARRY_URL, apiKey: process.env.QUARRY_KEY });
const { text } = await generateText({ model: quarry("smart"), prompt: "What is a quarry?" });
console.log(text);
