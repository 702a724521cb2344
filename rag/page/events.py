"""How the parts of the page listen to what is answered at once, and to what takes a while and tells how far it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import gradio as gr
from gradio.events import Dependency

import rag


def at_once(
    listen: Callable[..., Dependency],
    *given: object,
    shown_on: gr.HTML,
    trigger_mode: Literal["once", "always_last"] = "once",
    js: str | None = None,
) -> Dependency:
    """Listen to an event that is answered without waiting for others, and is nothing for programs.

    What happens while one is answered is left out, or the last of it counts.
    ``js`` gives the values that the browser has.
    """
    options = {"queue": False, "api_visibility": "private", "trigger_mode": trigger_mode, "js": js}
    return listen(*given, show_progress_on=shown_on, **options)


def teller(progress: gr.Progress) -> Callable[[rag.Progress], None]:
    """Tells each step to a progress bar of the page."""

    def tell(step: rag.Progress) -> None:
        progress(step.done / max(step.total, 1), desc=f"{step.stage} {step.item}".strip())

    return tell
