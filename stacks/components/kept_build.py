"""Folders that are built for a deployment and kept under a fingerprint of all that decides their content.

CDK asks for one only when the CLI synthesises for a deployment, never in tests.
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import jsii
from aws_cdk import AssetHashType, BundlingOptions, DockerImage, ILocalBundling
from aws_cdk import aws_lambda as lambda_

from stacks.components.byte_code import PROJECT

CACHE: Final = PROJECT / ".cache"
# Enough for the targets of a few environments, and for going back to the code of an hour ago.
KEPT: Final = 8


def kept(cache: Path, fingerprint: str, build: Callable[[Path], None]) -> Path:
    """Return ``cache``'s folder of this fingerprint, built now unless it is there; older builds go, the newest stay.

    Args:
        build: fills the folder that it is given, which is not there yet. If it raises, nothing half-built is kept.
    """
    folder = cache / fingerprint
    if folder.exists():
        folder.touch()
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as building:
        built = Path(building) / "built"
        build(built)
        try:
            built.rename(folder)
        except OSError:
            # Another process built the same meanwhile, and its is as good; anything else is an error.
            if not folder.is_dir():
                raise
    # Folders of builds that go on now are among the newest.
    for older in sorted(cache.iterdir(), key=_last_used, reverse=True)[KEPT:]:
        shutil.rmtree(older, ignore_errors=True)
    return folder


def _last_used(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:
        # Another process tidied up too.
        return 0.0


def built_code(source: Path, *, fingerprint: str, build: Callable[[], Path]) -> lambda_.AssetCode:
    """Return code that CDK knows by its fingerprint and has built when it deploys.

    Args:
        source: what it is built from, for CDK's record alone.
        build: returns the built folder.
    """
    return lambda_.Code.from_asset(
        str(source),
        asset_hash_type=AssetHashType.CUSTOM,
        asset_hash=fingerprint,
        bundling=BundlingOptions(
            # Never started: the local bundling either works or fails the synth with its reason.
            image=DockerImage.from_registry("none"),
            local=_Bundling(build),
        ),
    )


@jsii.implements(ILocalBundling)
class _Bundling:
    """Lets CDK take a folder where it would otherwise start a container."""

    def __init__(self, build: Callable[[], Path]) -> None:
        self._build = build

    def try_bundle(self, output_dir: str, *_args: Any, **_options: Any) -> bool:
        shutil.copytree(self._build(), output_dir, dirs_exist_ok=True)
        return True
