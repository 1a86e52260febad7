"""The prompts as a Lambda layer, made at synth: how a function has them without asking anybody.

They are no part of the function's code because every environment's prompts are its own, no environment variable because
those hold 4 KB in all, and no parameter or Bedrock prompt because reading one would cost each cold start a call.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from configuration.prompts import PromptFile
from lambdas.prompts import definition


class PromptDefinitions(Construct):
    """The layer for functions that call ``lambdas.prompts.definition.load``."""

    def __init__(self, scope: Construct, id_: str, *, prompts: Sequence[PromptFile]) -> None:
        super().__init__(scope, id_)
        with tempfile.TemporaryDirectory(prefix="prompts-") as folder:
            package = Path(folder) / "python" / definition.PACKAGE
            package.mkdir(parents=True)
            (package / "__init__.py").write_text('"""The prompts of one environment."""\n', encoding="utf-8")
            (package / definition.FILE).write_bytes(compiled(prompts))
            # The folder is copied here and now, so it need not outlive this block.
            self.layer = lambda_.LayerVersion(
                self, "Layer", code=lambda_.Code.from_asset(folder), description="Quarry's prompts"
            )


def compiled(prompts: Sequence[PromptFile]) -> bytes:
    """Return the content of the layer's file; the same for the same prompts."""
    return msgspec.json.encode([prompt.compiled() for prompt in prompts])
