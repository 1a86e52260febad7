import OpenAI from "openai";

const client = new OpenAI({ baseURL: process.env.QUARRY_URL, apiKey: process.env.QUARRY_KEY });
const reply = await client.chat.completions.create({
  model: "smart",
  messages: [{ role: "user", content: "What is a quarry?" }],
});
console.log(reply.choices[0].message.content);
