"""``quarry chat``: talk to the deployed endpoint from the terminal."""

import sys
from typing import Annotated, Any, Final

import typer

from quarry.command_error import CommandError
from quarry.endpoint import Endpoint
from quarry.options import DEFAULT_ENVIRONMENT, ApiKey, AsJson, BaseUrl, Environment
from quarry.output import console, errors, print_json, print_text

HELP: Final = "/model NAME  change the model    /models  list them    /clear  forget the conversation    /quit  leave"


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

    Example: quarry chat "What is a quarry?" --model smart
    """
    conversation = Conversation(Endpoint.saved(name, base_url=base_url, api_key=api_key), model=model, system=system)
    if question is not None:
        reply = conversation.ask(sys.stdin.read() if question == "-" else question)
        print_json(reply) if as_json else _show(reply)
        return
    if as_json:
        raise CommandError('--json needs a question: quarry chat "..." --json', exit_code=2)
    _converse(conversation)


class Conversation:
    """A conversation held on this side: the endpoint is sent all of it with each question."""

    def __init__(self, endpoint: Endpoint, *, model: str, system: str | None) -> None:
        self.endpoint = endpoint
        self.model = model
        self._system = [{"role": "system", "content": system}] if system else []
        self._turns: list[dict[str, str]] = []

    def ask(self, question: str) -> dict[str, Any]:
        """Ask, and remember both turns if they were answered.

        A turn that the guardrail stopped is not remembered: sent again, it would stop everything after it.
        """
        asked = [*self._turns, {"role": "user", "content": question}]
        reply = self.endpoint.chat([*self._system, *asked], model=self.model)
        choice = reply["choices"][0]
        if choice["finish_reason"] != "content_filter":
            self._turns = [*asked, {"role": "assistant", "content": choice["message"]["content"]}]
        return reply

    def clear(self) -> None:
        """Forget all turns."""
        self._turns = []


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
    try:
        match command:
            case "/model" if argument:
                conversation.model = argument.strip()
            case "/models":
                print_text(", ".join(conversation.endpoint.models()))
            case "/clear":
                conversation.clear()
            case _ if line.startswith("/"):
                print_text(HELP, style="dim")
            case _:
                _show(conversation.ask(line))
    except CommandError as error:
        # One question without an answer is no reason to end the conversation.
        errors.print(str(error), style="red", markup=False)


def _show(reply: dict[str, Any]) -> None:
    choice = reply["choices"][0]
    print_text(choice["message"]["content"])
    stopped = "  stopped by the guardrail" if choice["finish_reason"] == "content_filter" else ""
    usage = reply["usage"]
    note = f"{reply['model']}  {usage['prompt_tokens']} + {usage['completion_tokens']} tokens{stopped}"
    errors.print(note, style="dim", markup=False)
