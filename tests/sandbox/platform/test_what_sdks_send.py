"""What SDKs make of tools and parsed answers, sent back as they have it."""

import json
from typing import Any

import openai
import pytest
from pydantic import BaseModel

from tests.sandbox.platform.test_what_clients_send import ASKED, result, tool


class Answer(BaseModel):
    """What is asked for."""

    text: str


class get_weather(BaseModel):  # noqa: N801 - the tool's name
    """Weather."""

    city: str


# The SDK's own, of what it sends back.
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
def test_what_the_sdk_has_parsed_is_sent_back_as_its_documentation_says(openai: openai.OpenAI) -> None:
    messages: list[Any] = [{"role": "user", "content": "Hi"}]
    first = openai.chat.completions.parse(model="fast", messages=messages, response_format=Answer).choices[0].message
    messages += [first, messages[0]]

    again = openai.chat.completions.parse(model="fast", messages=messages, response_format=Answer).choices[0].message

    assert again.parsed is not None

    messages = [ASKED]
    tools = [openai_tool(get_weather)]
    with openai.chat.completions.stream(model="fast", messages=messages, tools=tools) as stream:
        last = stream.until_done().get_final_completion().choices[0].message
    messages += [last, *(result(one.id) for one in last.tool_calls or [])]

    assert openai.chat.completions.create(model="fast", messages=messages, tools=tools).choices[0].message.content


def openai_tool(model: type[BaseModel]) -> Any:
    return openai.pydantic_function_tool(model)


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_that_takes_a_list_is_called_with_one(openai: openai.OpenAI, stream: bool) -> None:
    asked: dict[str, Any] = {
        "model": "fast",
        "messages": [ASKED],
        "tools": [tool({"type": "array", "items": {"type": "string"}}, name="get.weather")],
        "tool_choice": "required",
    }
    if stream:
        with openai.chat.completions.stream(**asked) as events:
            message: Any = events.get_final_completion().choices[0].message
    else:
        message = openai.chat.completions.create(**asked).choices[0].message

    assert message.tool_calls[0].function.name == "get.weather"
    assert isinstance(json.loads(message.tool_calls[0].function.arguments), list)
