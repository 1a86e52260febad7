import os

from anthropic import Anthropic

# Without /v1, which this client adds itself.
client = Anthropic(base_url=os.environ["QUARRY_URL"].removesuffix("/v1"), api_key=os.environ["QUARRY_KEY"])
messages = [{"role": "user", "content": "What is a quarry?"}]
with client.messages.stream(model="smart", max_tokens=500, messages=messages) as stream:
    for text in stream.text_stream:
        print(text, end="", flush=True)
