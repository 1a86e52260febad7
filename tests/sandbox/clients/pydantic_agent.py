"""pydantic-ai as it is, whose ``openai:`` is the Responses API: a tool, a typed answer, a stream."""

import asyncio
import json
import os

from pydantic import BaseModel
from pydantic_ai import Agent

MODEL = f"openai:{os.environ['MODEL']}"


class Place(BaseModel):
    """A typed answer."""

    city: str


async def main() -> None:
    """Run them."""
    agent = Agent(MODEL, instructions="Be brief.")

    @agent.tool_plain  # type: ignore[untyped-decorator]  # its package is in .cache/clients
    def weather(city: str) -> str:
        """Tell the weather in a city."""
        return f"Rain in {city}"

    looped = await agent.run("The weather in Bonn?")
    print(json.dumps({"loop": looped.output}))

    typed = await Agent(MODEL, output_type=Place).run("Where? In Bonn.")
    print(json.dumps({"typed": typed.output.city}))

    async with Agent(MODEL).run_stream("Stream, please.") as streamed:
        print(json.dumps({"stream": await streamed.get_output()}))


if __name__ == "__main__":
    asyncio.run(main())
