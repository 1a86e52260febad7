import os

from openai import OpenAI

client = OpenAI(base_url=os.environ["QUARRY_URL"], api_key=os.environ["QUARRY_KEY"])
messages = [{"role": "user", "content": "What is a quarry?"}]
for chunk in client.chat.completions.create(model="smart", messages=messages, stream=True):
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)
