"""What is in a space from the beginning: Quarry's notebooks, and the documents that they ask about."""

from typing import Final

from aws_cdk import IgnoreMode
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from configuration.environment_file import PROJECT

_FOLDERS: Final = ("documents", "notebooks")
_LEFT_OUT: Final = ("__pycache__", ".ipynb_checkpoints")


class Notebooks(Construct):
    """A ZIP file in the bucket of CDK's bootstrap, named by its content: nothing has to put it anywhere, or remove it.

    Attributes:
        asset: the file; folders as in samples/.
        url: of it, as s3://bucket/key.
    """

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        kept = [line for folder in _FOLDERS for line in (f"!/{folder}", f"!/{folder}/**")]
        self.asset = s3_assets.Asset(
            self,
            "Asset",
            path=str(PROJECT / "samples"),
            exclude=["/*", *kept, *_LEFT_OUT],
            ignore_mode=IgnoreMode.GIT,
        )
        self.url: str = self.asset.s3_object_url
