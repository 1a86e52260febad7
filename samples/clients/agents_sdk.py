import os

from agents import Agent, Runner, set_tracing_disabled

os.environ["OPENAI_BASE_URL"], os.environ["OPENAI_API_KEY"] = os.environ["QUARRY_URL"], os.environ["QUARRY_KEY"]
set_tracing_disabled(True)  # Traces would go to OpenAI.
agent = Agent(name="Guide", instructions="Be brief.", model="smart")
print(Runner.run_sync(agent, "What is a quarry?").final_output)
