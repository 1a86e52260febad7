"""Cold start: from the start of the interpreter to the handler imported, settings read and botocore client made."""

from typing import Final

from benchmarks.child_process import AWS_ENVIRONMENT, SITE_PACKAGES, isolated, milliseconds_to_ready
from benchmarks.function_home import function_home, without_byte_code
from benchmarks.import_times import explain_imports
from benchmarks.measurement import Measurement, interleaved, row

TARGET: Final = 1.35

OURS: Final = "import lambdas.inference.handler as handler\nhandler.service()"
BOTO3: Final = "import boto3\nboto3.client('bedrock-runtime')"
BOTOCORE: Final = "import botocore.session\nbotocore.session.get_session().create_client('bedrock-runtime')"

NOTE: Final = (
    "cold: same interpreter for all, with -S (no site-packages) and byte code warmed. Ours imports the code as it is "
    "packed and the real dependency layer; the floor imports boto3 with all its data from the virtual environment, "
    "`same layer` botocore from our pruned layer. `no byte code` is ours from sources alone, as Lambda has it when "
    "another Python version built the layer: its file system is read-only, so every cold start compiles them."
)


def measure(rounds: int, explain: bool) -> Measurement:
    """Measure ``rounds`` processes of each kind.

    Raises:
        MeasurementError: a process failed.
    """
    with function_home() as home, without_byte_code(home) as bare:
        boto3, botocore, ours, uncompiled = interleaved(
            rounds,
            lambda: milliseconds_to_ready(BOTO3, env=isolated(AWS_ENVIRONMENT, [SITE_PACKAGES])),
            lambda: milliseconds_to_ready(BOTOCORE, env=isolated(AWS_ENVIRONMENT, [home.layer])),
            lambda: milliseconds_to_ready(OURS, env=home.isolated_env),
            lambda: milliseconds_to_ready(OURS, env=bare.isolated_env),
        )
        notes = [NOTE, *([explain_imports(OURS, home=home)] if explain else [])]
    client, handler = "a bare boto3 client", "handler imported, client made"
    return Measurement(
        rows=[
            row("cold", measured=handler, floor=client, ours=ours, base=boto3, target=TARGET),
            row("cold, same layer", measured=handler, floor="a bare botocore client", ours=ours, base=botocore),
            row("cold, no byte code", measured=handler, floor=client, ours=uncompiled, base=boto3),
        ],
        notes=notes,
    )
