"""``quarry chat``: talk to the deployed endpoint from the terminal."""

import shlex
import sys
from contextlib import closing
from typing import Annotated, Any, Final

import typer

from lambdas.allowances.usage import dollars
from quarry.chat.conversation import Answer, Conversation
from quarry.command_error import CommandError
from quarry.deployed.endpoint import Endpoint
from quarry.deployed.footnote import footnote
from quarry.options import DEFAULT_ENVIRONMENT, ApiKey, AsJson, BaseUrl, Environment
from quarry.output import console, print_json, print_note, print_part, print_text

HELP: Final = """\
/model NAME             change the model; /models lists them
/session [new|ID|off]   keep the history in a session of the endpoint, and go back to one
/prompt NAME key=value  ask a prompt by its name; /prompt lists them
/usage                  what this key has spent and has left
/clear  forget the conversation    /quit  leave"""


def chat(
    question: Annotated[
        str | None, typer.Argument(help="Ask this and leave. Without it, a conversation begins.")
    ] = None,
    model: Annotated[str, typer.Option("--model", "-m", help="Alias of the model.")] = "fast",
    system: Annotated[str | None, typer.Option(help="Instructions for the model.")] = None,
    name: Environment = DEFAULT_ENVIRONMENT,
    base_url: BaseUrl = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Chat with the endpoint. With a question: answer it and leave. A question of "-" is read from standard input.

    Answers are shown as they come; with --json an answer is printed whole, in OpenAI's shape.

    Example: quarry chat "What is a quarry?" --model smart
    """
    conversation = Conversation(Endpoint.saved(name, base_url=base_url, api_key=api_key), model=model, system=system)
    if question is not None:
        asked = sys.stdin.read() if question == "-" else question
        print_json(conversation.complete(asked)) if as_json else _ask(conversation, asked)
        return
    if as_json:
        raise CommandError('--json needs a question: quarry chat "..." --json', exit_code=2)
    _converse(conversation)


def _converse(conversation: Conversation) -> None:
    print_text(f"{conversation.endpoint.base_url}  model {conversation.model}\n{HELP}", style="dim")
    while True:
        try:
            line = console.input("[bold]you>[/bold] ").strip()
        except (EOFError, KeyboardInterrupt):
            print_text()
            return
        if line in {"/quit", "/exit"}:
            return
        if line:
            _answer(conversation, line)


def _answer(conversation: Conversation, line: str) -> None:
    command, _, argument = line.partition(" ")
    argument = argument.strip()
    try:
        match command:
            case "/model" if argument:
                conversation.model = argument
            case "/models":
                print_text(", ".join(conversation.endpoint.models()))
            case "/session":
                _session(conversation, argument)
            case "/prompt":
                _prompt(conversation.endpoint, argument)
            case "/usage":
                print_text(_spent(conversation.endpoint.usage()))
            case "/clear":
                conversation.clear()
            case _ if line.startswith("/"):
                print_text(HELP, style="dim")
            case _:
                _ask(conversation, line)
    except CommandError as error:
        # One question without an answer is no reason to end the conversation.
        print_note(str(error), style="red")
    except KeyboardInterrupt:
        print_note("stopped; nothing of it is remembered", style="dim")


def _ask(conversation: Conversation, question: str) -> None:
    """Show an answer as it comes, and then what it took."""
    answer = Answer()
    try:
        # Closed at once when something goes wrong, which hangs up. The answer is written, and charged, all the same.
        with closing(conversation.ask(question, answer)) as parts:
            for part in parts:
                print_part(part)
    finally:
        if answer.text:
            print_text()
    _note(answer)


def _session(conversation: Conversation, argument: str) -> None:
    """Show which session the conversation is in, or change it."""
    match argument:
        case "":
            pass
        case "new":
            conversation.session = conversation.endpoint.create_session()
        case "off":
            conversation.session = None
        case _:
            found = conversation.endpoint.session(argument)
            conversation.session = str(found["id"])
            print_text(f"{found['turns']} turns so far", style="dim")
    print_text(conversation.session or "No session: the history is kept here and sent with each question.", style="dim")


def _prompt(endpoint: Endpoint, argument: str) -> None:
    """Ask a prompt, or list the prompts. It stands alone: the conversation is not sent and not changed."""
    try:
        words = shlex.split(argument)
    except ValueError as error:
        raise CommandError(f"A quotation mark is not closed ({error}).", exit_code=2) from error
    if not words:
        for prompt in endpoint.prompts():
            names = " ".join(f"{variable['name']}=…" for variable in prompt["variables"])
            print_text(f"{prompt['name']} {names}  {prompt['description']}")
        return
    name, *given = words
    if any("=" not in word for word in given):
        raise CommandError(f'Write values as key="value": /prompt {name} key="some words"', exit_code=2)
    answer = Answer.whole(endpoint.call_prompt(name, dict(word.split("=", 1) for word in given)))
    for line in (answer.text, *(f"wants the tool {call}" for call in answer.calls)):
        if line:
            print_text(line)
    _note(answer)


def _spent(usage: dict[str, Any]) -> str:
    today, left = usage["today"], usage["remaining"]
    tokens = today["input_tokens"] + today["output_tokens"]
    lines = [
        f"today: {today['requests']:,} requests, {tokens:,} tokens, {dollars(today['micro_dollars'])}",
        f"in all: {dollars(usage['total']['micro_dollars'])}",
    ]
    limited = []
    if left["micro_dollars"] is not None:
        limited.append(dollars(left["micro_dollars"]))
    if left["tokens"] is not None:
        limited.append(f"{left['tokens']:,} tokens today")
    if left["requests"] is not None:
        limited.append(f"{left['requests']:,} requests this minute")
    return "\n".join([*lines, f"left: {', '.join(limited) or 'no limit'}"])


def _note(answer: Answer) -> None:
    note = footnote(
        answer.model, usage=answer.usage, finish_reason=answer.finish_reason, not_recorded=answer.not_recorded
    )
    print_note(note, style="dim")
