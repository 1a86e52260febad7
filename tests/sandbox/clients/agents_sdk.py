"""OpenAI's Agents SDK as it is: a tool loop, a hand-off, a stream. Prints one line of JSON each."""

import asyncio
import json
import os

from agents import Agent, Runner, function_tool, set_tracing_disabled

MODEL = os.environ["MODEL"]


@function_tool  # type: ignore[untyped-decorator]  # its package is in .cache/clients
def weather(city: str) -> str:
    """Tell the weather in a city."""
    return f"Rain in {city}"


async def main() -> None:
    """Run them."""
    set_tracing_disabled(True)
    spanish = Agent(name="Spanish", instructions="Answer in Spanish.", model=MODEL)
    agent = Agent(name="First", instructions="Be brief.", model=MODEL, tools=[weather], handoffs=[spanish])

    looped = await Runner.run(agent, "The weather in Bonn?")
    print(json.dumps({"loop": looped.final_output, "items": [item.type for item in looped.new_items]}))

    handed = await Runner.run(agent, "Hola, hand me over.")
    print(json.dumps({"handoff": handed.final_output, "agent": handed.last_agent.name}))

    streamed = Runner.run_streamed(agent, "Stream, please.")
    deltas = [
        event.data.delta
        async for event in streamed.stream_events()
        if event.type == "raw_response_event" and event.data.type == "response.output_text.delta"
    ]
    print(json.dumps({"stream": "".join(deltas), "final": streamed.final_output}))

    chained = await Runner.run(agent, "Go on.", previous_response_id=looped.last_response_id)
    print(json.dumps({"chained": chained.final_output}))


if __name__ == "__main__":
    asyncio.run(main())
