import os

# Before its import, which fetches a list of prices otherwise.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

from litellm import completion, responses

quarry = {"api_base": os.environ["QUARRY_URL"], "api_key": os.environ["QUARRY_KEY"]}
question = "What is a quarry?"
reply = completion(model="openai/smart", messages=[{"role": "user", "content": question}], **quarry)
print(reply.choices[0].message.content)
print(responses(model="openai/smart", input=question, **quarry).output_text)

# As Anthropic's clients ask; without /v1, which LiteLLM adds itself.
quarry["api_base"] = quarry["api_base"].removesuffix("/v1")
reply = completion(model="anthropic/smart", messages=[{"role": "user", "content": question}], **quarry)
print(reply.choices[0].message.content)
