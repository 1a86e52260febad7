"""Files and folders that are nobody's documents: hidden ones, and what programs leave behind."""

from typing import Final

# What editors, file managers and archives leave behind, in small letters: by the name's beginning, its end, or itself.
_BEGINNINGS: Final = (".", "~$")
_ENDS: Final = ("~", ".tmp", ".temp", ".swp", ".swo", ".bak", ".part", ".partial", ".crdownload", ".lnk")
_NAMES: Final = frozenset(
    {
        "thumbs.db",
        "ehthumbs.db",
        "ehthumbs_vista.db",
        "desktop.ini",
        "icon\r",
        "__macosx",
        "$recycle.bin",
        "system volume information",
        "lost+found",
        "@eadir",
    }
)


def is_leftover(name: str) -> bool:
    """Tell whether a file or folder of this name is left out of what is uploaded."""
    small = name.lower()
    return small.startswith(_BEGINNINGS) or small.endswith(_ENDS) or small in _NAMES
