"""The functions' third-party packages as one Lambda layer, built by pip alone: no Docker, no other machine.

pip fetches ready-made wheels for the target machine, so an x86 laptop builds an arm64 layer. botocore's data, most of
its size, is cut to the services that the functions have clients for. A build is kept by its content's ``fingerprint``.
CDK asks for one only when the CLI synthesises for a deployment, never in tests.
"""

import gzip
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from lambdas.common.aws import SERVICES
from stacks.components import byte_code, kept_build
from stacks.components.byte_code import PROJECT, PYTHON, Target

REQUIREMENTS: Final = PROJECT / "lambdas" / "requirements.txt"
CACHE: Final = kept_build.CACHE / "dependency-layer"
# Where Lambda has what is in its layers.
LAYER_ROOT: Final = "/opt"
# The oldest C library that the wheels in use are built for; Lambda's own (Amazon Linux 2023) is newer.
PLATFORMS: Final = {
    "arm64": ("manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64"),
    "x86_64": ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"),
}


class LayerBuildError(Exception):
    """pip could not build the layer; has pip's last lines."""


def fingerprint(target: Target, requirements: Path = REQUIREMENTS) -> str:
    """Return a hash of everything that decides the layer's content."""
    parts = [
        requirements.read_text(encoding="utf-8"),
        target,
        byte_code.compiler_version(target),
        *SERVICES,
        *(Path(module).read_text(encoding="utf-8") for module in (__file__, byte_code.__file__)),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def build(output: Path, *, target: Target, requirements: Path = REQUIREMENTS) -> None:
    """Install the requirements into ``output``/python, prune and compile them.

    Raises:
        LayerBuildError: pip failed.
        ByteCodeError: there is no compiler for the target, or a file does not compile.
    """
    packages = output / "python"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--target", str(packages), "--requirement", str(requirements), "--no-compile"]
    if target != "host":
        command += ["--only-binary=:all:", "--implementation=cp", f"--python-version={PYTHON}"]
        command += [f"--platform={platform}" for platform in PLATFORMS[target]]
    _run(command, target=target)
    prune(packages)
    byte_code.compile_folder(output, target=target, shipped_as=LAYER_ROOT)


def _run(command: list[str], *, target: Target) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    if done.returncode != 0:
        tail = "\n".join((done.stderr or done.stdout).strip().splitlines()[-5:])
        raise LayerBuildError(f"the dependency layer for {target} could not be built:\n{tail}")


def cached(*, target: Target, cache: Path = CACHE, requirements: Path = REQUIREMENTS) -> Path:
    """Return a folder with the layer, built now unless an earlier build of the same fingerprint is there.

    Raises:
        LayerBuildError: pip failed; nothing half-built is kept.
        ByteCodeError: there is no compiler for the target, or a file does not compile.
    """
    return kept_build.kept(
        cache,
        fingerprint(target, requirements),
        lambda folder: build(folder, target=target, requirements=requirements),
    )


def prune(packages: Path) -> None:
    """Remove from botocore's data every service that no function has a client for, and console scripts."""
    shutil.rmtree(packages / "bin", ignore_errors=True)
    data = packages / "botocore" / "data"
    if not data.is_dir():
        return
    for entry in data.iterdir():
        if entry.is_dir() and entry.name not in SERVICES:
            shutil.rmtree(entry)
    # Read whenever a client is made: 1.25 MB of every service's endpoints, a sixth of a cold start.
    kept = {_endpoint_prefix(data / service) for service in SERVICES}
    endpoints = json.loads((data / "endpoints.json").read_text(encoding="utf-8"))
    for partition in endpoints["partitions"]:
        partition["services"] = {name: found for name, found in partition["services"].items() if name in kept}
    (data / "endpoints.json").write_text(json.dumps(endpoints, separators=(",", ":")), encoding="utf-8")


def _endpoint_prefix(service: Path) -> str:
    """Return the name that endpoints.json has for a service, which is not always botocore's: its newest model tells."""
    model = max(service.glob("*/service-2.json.gz"))
    prefix: str = json.loads(gzip.decompress(model.read_bytes()))["metadata"]["endpointPrefix"]
    return prefix


class DependencyLayer(Construct):
    """A layer, built for ``target``: a Lambda architecture, or this very machine for the sandbox.

    Args:
        requirements: what is in it: what all functions need, or what a capability's own need besides.
        description: what it is, for people.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        target: Target,
        requirements: Path = REQUIREMENTS,
        description: str = "Third-party packages of Quarry's functions",
    ) -> None:
        super().__init__(scope, id_)
        self.architecture = lambda_.Architecture.X86_64 if target == "x86_64" else lambda_.Architecture.ARM_64
        self.layer = lambda_.LayerVersion(
            self,
            "Layer",
            description=f"{description}, for {target}",
            compatible_runtimes=[lambda_.Runtime.PYTHON_3_13],
            compatible_architectures=[self.architecture],
            code=kept_build.built_code(
                requirements.parent,
                fingerprint=fingerprint(target, requirements),
                build=lambda: cached(target=target, requirements=requirements),
            ),
        )
