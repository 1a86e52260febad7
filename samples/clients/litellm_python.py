import os

from litellm import completion

reply = completion(
    model="openai/smart",
    base_url=os.environ["QUARRY_URL"],
    api_key=os.environ["QUARRY_KEY"],
    messages=[{"role": "user", "content": "What is a quarry?"}],
)
print(reply.choices[0].message.content)
