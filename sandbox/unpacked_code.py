"""A function's code and layers are put on disk once, and shared by all of its processes.

MiniStack unpacks both anew for each process of a function, and deletes thousands of files when it ends. On AWS they are
mounted, and nobody writes to them: so here they may be links into MiniStack's own content-addressed cache, from which
functions behind the adapter are started too (:mod:`sandbox.streaming.bundle`).
"""

import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

_CODE: Final = "code"
_WORKER: Final = "_worker.py"


class _SharedArchive(zipfile.ZipFile):
    """An archive whose files are not copied into a process's folder but shared with others of the same content."""

    def namelist(self) -> list[str]:
        """Return what might lead out of a folder: MiniStack looks at each name of a layer, and takes long over it."""
        return [name for name in super().namelist() if name.startswith("/") or ".." in name]

    def extractall(self, path: Any = None, members: Any = None, pwd: Any = None) -> None:
        """Make ``path``, an empty folder, a link to where the files are."""
        place = Path(path)
        # Into the code of functions for Node, MiniStack links the packages of their layers.
        if not (place.parent / _WORKER).exists():
            super().extractall(path, members or super().namelist(), pwd)
            return
        from ministack.services import lambda_svc

        kind = _CODE if place.name == _CODE else "layer"
        shared = lambda_svc._docker_extracted_dir(Path(str(self.filename)).read_bytes(), kind)
        place.rmdir()
        place.symlink_to(shared, target_is_directory=True)


def install() -> None:
    """Have MiniStack's workers unpack so. Doing it again changes nothing."""
    from ministack.core import lambda_runtime

    lambda_runtime.zipfile = SimpleNamespace(**{**vars(zipfile), "ZipFile": _SharedArchive})
