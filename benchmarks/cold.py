"""Cold start of each function: from the start of the process to the handler imported and its clients made.

The chat function has a server in place of a handler: it is ready when it answers the adapter's question.
"""

import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmarks.adapter import AnswerError, Connection, request
from benchmarks.chat_server import chat_server, endpoints
from benchmarks.child_process import AWS_ENVIRONMENT, SITE_PACKAGES, isolated, milliseconds_to_ready, serving
from benchmarks.function_home import FunctionHome, function_home, without_byte_code
from benchmarks.import_times import explain_imports
from benchmarks.measurement import Measurement, MeasurementError, interleaved, row
from lambdas.allowances.settings import SweeperSettings
from lambdas.authorizer.settings import AuthorizerSettings
from lambdas.common.settings import EnvSettings
from lambdas.ingestion.settings import RecorderSettings, StarterSettings
from lambdas.lifecycle.settings import LifecycleSettings
from lambdas.model_access.settings import ModelAccessSettings

TARGET: Final = 1.2
STREAMING_TARGET: Final = 1.35

OURS: Final = "import lambdas.api.handler\nfrom lambdas.api import composition\ncomposition.service()"
BOTO3: Final = "import boto3\nclient = boto3.client('bedrock-runtime')"
BOTOCORE: Final = "import botocore.session\nbotocore.session.get_session().create_client('bedrock-runtime')"
BOTO3_ANSWER: Final = f"""{BOTO3}
client.converse(modelId='m', messages=[{{'role': 'user', 'content': [{{'text': 'What is a quarry?'}}]}}])"""
CHAT_IMPORTS: Final = "import uvicorn.main\nimport uvicorn.protocols.http.httptools_impl\nimport lambdas.api.app"

# Function -> what makes it ready, and its settings.
OTHERS: Final[dict[str, tuple[str, EnvSettings]]] = {
    "authorizer": (
        "import lambdas.authorizer.handler as handler\nhandler.key_store()",
        AuthorizerSettings(keys_table="keys"),
    ),
    "model access": (
        "import lambdas.model_access.handler as handler\nhandler.access_check()",
        ModelAccessSettings(
            environment="bench",
            region="us-east-1",
            inference_function="inference",
            parameter_name="/quarry/bench/model-access",
            participants=10,
            needed_until=None,
            called_as={},
        ),
    ),
    "sweeper": (
        "import lambdas.allowances.handler as handler\nhandler.ledger()",
        SweeperSettings(allowances_table="allowances"),
    ),
    "starter": (
        "import lambdas.ingestion.starter as handler\nhandler.starter()",
        StarterSettings(knowledge_base_id="KB12345678", data_source_id="DS12345678", watcher_arn="arn:aws:states:::x"),
    ),
    "recorder": (
        "import lambdas.ingestion.recorder as handler\nhandler.recorder()",
        RecorderSettings(
            data_bucket="data", outcomes_prefix="ingestions/", topic_arn="arn:aws:sns:::x", environment="b"
        ),
    ),
    "lifecycle": (
        "import lambdas.ingestion.custom_resources\nfrom lambdas.common import aws\naws.client('s3', read_timeout=20)",
        LifecycleSettings(),
    ),
}

NOTE: Final = (
    "cold: same interpreter for all, with -S (no site-packages) and byte code. Ours imports the code and the layer as "
    "a deployment ships them, compiled by the same builder; the floor imports boto3 with all its data from the "
    "virtual environment, `same layer` botocore from our pruned layer. `no byte code` is ours from sources alone, "
    "which Lambda, whose file system is read-only, would compile at every cold start. `chat` is run.sh until uvicorn "
    "answers /ready; it makes its clients for the first request, hence `chat, first answer`. `model access` and "
    "`recorder` make three clients, `starter` two."
)


def measure(rounds: int, explain: bool) -> Measurement:
    """Measure ``rounds`` processes of each kind.

    Raises:
        MeasurementError: a process failed.
    """
    home = function_home()
    with (
        without_byte_code(home) as bare,
        serving([sys.executable, "-m", "benchmarks.upstream"]) as url,
        tempfile.TemporaryDirectory(prefix="quarry-bench-") as folder,
    ):
        floor = isolated({**AWS_ENVIRONMENT, **endpoints(url)}, [SITE_PACKAGES])
        answers: list[float] = []
        boto3, botocore, boto3_answer, ours, uncompiled, chat, *others = interleaved(
            rounds,
            lambda: milliseconds_to_ready(BOTO3, env=floor),
            lambda: milliseconds_to_ready(BOTOCORE, env=isolated(AWS_ENVIRONMENT, [home.layer])),
            lambda: milliseconds_to_ready(BOTO3_ANSWER, env=floor),
            lambda: milliseconds_to_ready(OURS, env=home.isolated_env),
            lambda: milliseconds_to_ready(OURS, env=bare.isolated_env),
            lambda: _chat(home, url, Path(folder), answers),
            *(_sampler(home, code, settings) for code, settings in OTHERS.values()),
        )
        notes = [NOTE]
        if explain:
            notes += [explain_imports(OURS, home=home), f"chat: {explain_imports(CHAT_IMPORTS, home=home)}"]
    client, handler = "a bare boto3 client", "handler imported, client made"
    return Measurement(
        rows=[
            row("cold", measured=handler, floor=client, ours=ours, base=boto3, target=TARGET),
            row("cold, same layer", measured=handler, floor="a bare botocore client", ours=ours, base=botocore),
            row("cold, no byte code", measured=handler, floor=client, ours=uncompiled, base=boto3),
            row(
                "cold, chat",
                measured="run.sh to /ready answered",
                floor=client,
                ours=chat,
                base=boto3,
                target=STREAMING_TARGET,
            ),
            row(
                "cold, chat, first answer",
                measured="run.sh to a whole chat answer",
                floor=f"{client} and its first converse",
                # The first round does not count.
                ours=answers[1:],
                base=boto3_answer,
            ),
            *(
                row(f"cold, {name}", measured=handler, floor=client, ours=taken, base=boto3, target=TARGET)
                for name, taken in zip(OTHERS, others, strict=True)
            ),
        ],
        notes=notes,
    )


def _sampler(home: FunctionHome, code: str, settings: EnvSettings) -> Callable[[], list[float]]:
    function = replace(home, env={**home.env, **settings.to_env()})
    return lambda: milliseconds_to_ready(code, env=function.isolated_env)


def _chat(home: FunctionHome, url: str, folder: Path, answers: list[float]) -> list[float]:
    """Return the time to /ready, and add that to the first answer, which is asked for at once, to ``answers``."""
    with chat_server(home, upstream=url, folder=folder) as server:
        connection = Connection(server.port)
        try:
            connection.whole(request(stream=False).to_http())
        except (AnswerError, OSError) as error:
            raise MeasurementError(str(error)) from error
        finally:
            connection.close()
        answers.append(server.since_start())
    return [server.cold]
