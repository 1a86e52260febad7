"""Options that commands share."""

from typing import Annotated

import typer

Environment = Annotated[
    str,
    typer.Option(
        "--environment",
        "-e",
        envvar="QUARRY_ENVIRONMENT",
        help="Environment to work on: the name of a file in environments/.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of text for people.")]
BaseUrl = Annotated[
    str | None,
    typer.Option("--base-url", envvar="QUARRY_BASE_URL", help="The endpoint, ending in /v1. Default: as saved."),
]
ApiKey = Annotated[
    str | None, typer.Option("--api-key", envvar="QUARRY_API_KEY", help="Key to call it with. Default: as saved.")
]

DEFAULT_ENVIRONMENT = "sandbox"
