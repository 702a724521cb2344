"""Who may reach a page: this machine alone, or whoever has a name and a password."""

from __future__ import annotations

import ipaddress
from pathlib import Path

from rag.errors import PageError

LOCAL = ("127.0.0.1", "localhost")
"""The names under which this machine calls itself; a page reached under another was led here by a foreign site."""


def is_local(host: str) -> bool:
    """Whether only this machine reaches what is served at this address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def confirm(host: str, users: Path | None, *, no_auth: bool, mcp: bool) -> None:
    """Refuse to serve others without asking who they are, unless told so in so many words.

    Raises:
        PageError: others could reach the page, or assistants, which give no password.
    """
    if users is not None and mcp:
        raise PageError(
            "Assistants have no password to give, so --mcp and --auth-file do not go together.",
            "Serve them on another --port of 127.0.0.1, without --auth-file.",
        )
    if users is None and not no_auth and not is_local(host):
        raise PageError(
            f"Whoever reaches {host} could read every article.",
            "Give --auth-file with a file of names and passwords (name:password, one a line), "
            "or --no-auth if all of them may.",
        )


def read_users(file: Path) -> list[tuple[str, str]]:
    """Names and passwords: ``name:password``, one a line; empty lines and such with ``#`` first do not count.

    Raises:
        PageError: the file cannot be read, or holds no name, or a line without a password.
    """
    cure = "Write one name:password on each line of it."
    try:
        lines = [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise PageError(f"The file of passwords {str(file)!r} cannot be read ({error}).", cure) from error
    users = [line.partition(":") for line in lines if line and not line.startswith("#")]
    if not users or not all(name and password for name, _, password in users):
        raise PageError(f"The file {str(file)!r} does not give a password for each name.", cure)
    return [(name, password) for name, _, password in users]
