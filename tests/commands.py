"""The commands, run as people run them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def rag(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run ``rag`` in a folder, with these variables besides those of the environment; every warning is an error."""
    return subprocess.run(  # noqa: S603  our own command
        [sys.executable, "-W", "error", "-m", "rag", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
