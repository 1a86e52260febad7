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
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import jsii
from aws_cdk import AssetHashType, BundlingOptions, DockerImage, ILocalBundling
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from lambdas.common.aws import SERVICES

Target = Literal["arm64", "x86_64", "host"]

REQUIREMENTS: Final = Path(__file__).resolve().parents[2] / "lambdas" / "requirements.txt"
CACHE: Final = REQUIREMENTS.parents[1] / ".cache" / "dependency-layer"
PYTHON: Final = "3.13"
# The oldest C library that the wheels in use are built for; Lambda's own (Amazon Linux 2023) is newer.
PLATFORMS: Final = {
    "arm64": ("manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64"),
    "x86_64": ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"),
}


class LayerBuildError(Exception):
    """pip could not build the layer; has pip's last lines."""


def compiler(target: Target) -> str | None:
    """Return a Python on this machine whose byte code the target can use, or None if there is none."""
    if target == "host" or f"{sys.version_info.major}.{sys.version_info.minor}" == PYTHON:
        return sys.executable
    found = shutil.which(f"python{PYTHON}")
    return found if found and _runs(found) else None


@cache
def _runs(python: str) -> bool:
    """Tell whether it does: a version manager's shim is there even where its Python is not."""
    return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0  # noqa: S603


def fingerprint(target: Target, requirements: Path = REQUIREMENTS) -> str:
    """Return a hash of everything that decides the layer's content."""
    interpreter = sys.version.split()[0] if target == "host" else PYTHON
    parts = [
        requirements.read_text(encoding="utf-8"),
        target,
        interpreter,
        "byte code" if compiler(target) else "sources",
        *SERVICES,
        Path(__file__).read_text("utf-8"),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def build(output: Path, *, target: Target, requirements: Path = REQUIREMENTS) -> None:
    """Install the requirements into ``output``/python and prune them.

    Raises:
        LayerBuildError: pip failed.
    """
    packages = output / "python"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--target", str(packages), "--requirement", str(requirements), "--no-compile"]
    if target != "host":
        command += ["--only-binary=:all:", "--implementation=cp", f"--python-version={PYTHON}"]
        command += [f"--platform={platform}" for platform in PLATFORMS[target]]
    _run(command, target=target)
    prune(packages)
    python = compiler(target)
    if python is None:
        sys.stderr.write(
            f"The dependency layer has no byte code, because there is no python{PYTHON} on the PATH: cold starts take "
            "about 2.8 times as long. Install one before deploying to real AWS.\n"
        )
    else:
        # Unchecked: CDK's zip gives every file one old date, which makes dated byte code stale, and Lambda cannot write
        # new, so it would compile all packages at every cold start (measured: 2.8 times the time).
        _run([python, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", str(packages)], target=target)


def _run(command: list[str], *, target: Target) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    if done.returncode != 0:
        tail = "\n".join((done.stderr or done.stdout).strip().splitlines()[-5:])
        raise LayerBuildError(f"the dependency layer for {target} could not be built:\n{tail}")


def cached(*, target: Target, cache: Path = CACHE, requirements: Path = REQUIREMENTS) -> Path:
    """Return a folder with the layer, built now unless an earlier build of the same fingerprint is there.

    Raises:
        LayerBuildError: pip failed; nothing half-built is kept.
    """
    folder = cache / fingerprint(target, requirements)
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as building:
            build(Path(building) / "layer", target=target, requirements=requirements)
            try:
                (Path(building) / "layer").rename(folder)
            except OSError:
                # Another process built the same meanwhile, and its is as good; anything else is an error.
                if not folder.is_dir():
                    raise
    return folder


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


@jsii.implements(ILocalBundling)
class _PipBundling:
    """Lets CDK call ``build`` where it would otherwise start a container."""

    def __init__(self, target: Target, requirements: Path) -> None:
        self._target = target
        self._requirements = requirements

    def try_bundle(self, output_dir: str, *_args: Any, **_options: Any) -> bool:
        shutil.copytree(cached(target=self._target, requirements=self._requirements), output_dir, dirs_exist_ok=True)
        return True


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
            code=lambda_.Code.from_asset(
                str(requirements.parent),
                asset_hash_type=AssetHashType.CUSTOM,
                asset_hash=fingerprint(target, requirements),
                bundling=BundlingOptions(
                    # Never started: the local bundling either works or fails the synth with pip's reason.
                    image=DockerImage.from_registry("none"),
                    local=_PipBundling(target, requirements),
                ),
            ),
        )
