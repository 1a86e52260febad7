import os

from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIResponsesModel
from pydantic_ai.providers.openai import OpenAIProvider

provider = OpenAIProvider(base_url=os.environ["QUARRY_URL"], api_key=os.environ["QUARRY_KEY"])
agent = Agent(OpenAIResponsesModel("smart", provider=provider))
print(agent.run_sync("What is a quarry?").output)
