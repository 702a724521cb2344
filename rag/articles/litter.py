"""What lies in folders and archives and is nobody's article: hidden files, backups, unfinished downloads."""

from __future__ import annotations

_ENDS = ("~", ".swp", ".swo", ".tmp", ".bak", ".part", ".crdownload")
"""How backups, temporary files and unfinished downloads end."""

_SYSTEM_FILES = {"thumbs.db", "desktop.ini", "__macosx"}


def is_litter(name: str) -> bool:
    """Whether a file or folder of this name is left out, with all that is in it."""
    lowered = name.casefold()
    return name.startswith((".", "~$", "#")) or lowered.endswith(_ENDS) or lowered in _SYSTEM_FILES
