"""``quarry connect``: a key, a first question, and a file that other commands and scripts read."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from quarry.deployed import connection
from quarry.deployed.connection import Connection
from quarry.deployed.deployment import Deployment, environment
from quarry.deployed.endpoint import Endpoint, EndpointError
from quarry.options import DEFAULT_ENVIRONMENT, AsJson, BaseUrl, Environment
from quarry.output import print_json, print_text

QUESTION: Final = "In one sentence: what is a quarry?"
KEY_NAME: Final = "quarry connect"


def connect(
    question: Annotated[str, typer.Option(help="What to ask.")] = QUESTION,
    model: Annotated[str, typer.Option("--model", "-m", help="Alias of the model to ask.")] = "fast",
    name: Environment = DEFAULT_ENVIRONMENT,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Connect to a deployed environment: make a key unless the saved one still works, ask one question, save both.

    Writes .quarry/ENVIRONMENT.json (git-ignored, mode 600) with base_url and api_key.

    Example: quarry connect --environment dev
    """
    deployment = Deployment(environment(name))
    url = base_url or deployment.output("BaseUrl")
    link = _still_good(name, url, deployment) or _new(url, deployment)
    # Saved before the question, so that a run that fails from here on has not made a key for nothing.
    file = connection.save(name, link)
    reply = Endpoint(base_url=link.base_url, api_key=link.api_key).chat(
        [{"role": "user", "content": question}], model=model
    )
    answer = reply["choices"][0]["message"]["content"]
    if as_json:
        print_json({"base_url": link.base_url, "key_id": link.key_id, "file": str(file), "answer": answer})
        return
    here = Path.cwd()
    shown = file.relative_to(here) if file.is_relative_to(here) else file
    _show(link, question=question, answer=answer, model=model, file=str(shown))


def _still_good(name: str, url: str, deployment: Deployment) -> Connection | None:
    saved = connection.read(name)
    if saved is None or saved.base_url != url:
        return None
    try:
        Endpoint(base_url=url, api_key=saved.api_key).models()
    except EndpointError as error:
        if error.status == 401:
            return None
        raise
    return Connection(base_url=url, api_key=saved.api_key, key_id=saved.key_id, aws=deployment.aws)


def _new(url: str, deployment: Deployment) -> Connection:
    secret, key = deployment.keys().create(name=KEY_NAME)
    return Connection(base_url=url, api_key=secret, key_id=key.key_id, aws=deployment.aws)


def _show(link: Connection, *, question: str, answer: Any, model: str, file: str) -> None:
    print_text()
    print_text(f"Asked:    {question}", style="bold")
    print_text(f"Answered: {answer}")
    print_text("\nFrom a shell:", style="bold")
    print_text(
        f"  curl {link.base_url}/chat/completions \\\n"
        f'    -H "Authorization: Bearer {link.api_key}" -H "Content-Type: application/json" \\\n'
        f'    -d \'{{"model": "{model}", "messages": [{{"role": "user", "content": "Hello"}}]}}\''
    )
    print_text("\nFrom Python (pip install openai):", style="bold")
    print_text(
        "  from openai import OpenAI\n"
        f'  client = OpenAI(base_url="{link.base_url}", api_key="{link.api_key}")\n'
        f'  messages = [{{"role": "user", "content": "Hello"}}]\n'
        f'  reply = client.chat.completions.create(model="{model}", messages=messages)\n'
        "  print(reply.choices[0].message.content)"
    )
    print_text(f"\nSaved in {file}. Next: quarry chat", style="bold")
