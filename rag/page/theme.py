"""How the page looks: paper, ink and one accent, in light and dark, with the fonts of the system.

The colours are hues of a Gradio theme, so that its own components and
``style.css`` draw from one palette. Text keeps a contrast of 4.5 or more
against what it stands on, in both.
"""

from __future__ import annotations

from pathlib import Path

import gradio as gr

STYLE = Path(__file__).with_name("style.css")
ICON = Path(__file__).with_name("icon.svg")

# Until all parts are there, which arrive one by one: the paper, and nothing that would move.
HEAD = """<style>
body { background: #fbf9f5; }
@media (prefers-color-scheme: dark) { body { background: #181613; } }
.main.fillable:not(:has(#question)), .main.fillable:not(:has(#filters)), .main.fillable:not(:has(#go)) {
visibility: hidden; }
</style>"""

_INK = gr.themes.Color(
    name="ink",
    c50="#fbf9f5",
    c100="#f4f0e9",
    c200="#e6e0d5",
    c300="#d0c8ba",
    c400="#a79d8d",
    c500="#7d7365",
    c600="#655c50",
    c700="#4a433a",
    c800="#2e2a25",
    c900="#211e1a",
    c950="#181613",
)
_BRICK = gr.themes.Color(
    name="brick",
    c50="#fcf3ef",
    c100="#f8e3da",
    c200="#f0c6b6",
    c300="#e8a58d",
    c400="#dd8264",
    c500="#b9502f",
    c600="#9c3f22",
    c700="#7f321b",
    c800="#652a19",
    c900="#4c2115",
    c950="#2b120b",
)
_SANS = ("ui-sans-serif", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "Liberation Sans", "sans-serif")
_MONO = ("ui-monospace", "SF Mono", "Cascadia Mono", "Liberation Mono", "monospace")


def theme() -> gr.themes.Base:
    """The theme, with nothing that a browser would have to fetch."""
    return gr.themes.Base(
        primary_hue=_BRICK,
        secondary_hue=_BRICK,
        neutral_hue=_INK,
        text_size=gr.themes.sizes.text_md,
        radius_size=gr.themes.sizes.radius_md,
        font=_SANS,
        font_mono=_MONO,
    ).set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        body_text_color="*neutral_900",
        body_text_color_dark="*neutral_200",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_400",
        background_fill_primary="white",
        background_fill_primary_dark="*neutral_900",
        background_fill_secondary="*neutral_100",
        background_fill_secondary_dark="*neutral_800",
        border_color_primary="*neutral_200",
        border_color_primary_dark="*neutral_700",
        color_accent="*primary_600",
        link_text_color="*primary_600",
        link_text_color_dark="*primary_300",
        link_text_color_hover="*primary_700",
        link_text_color_hover_dark="*primary_200",
        link_text_color_visited="*primary_600",
        link_text_color_visited_dark="*primary_300",
        block_title_text_color="*neutral_600",
        block_title_text_color_dark="*neutral_400",
        block_label_text_color="*neutral_600",
        block_label_text_color_dark="*neutral_400",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        block_shadow="none",
        input_background_fill="white",
        input_background_fill_dark="*neutral_900",
        input_background_fill_focus="white",
        input_background_fill_focus_dark="*neutral_900",
        input_border_color="*neutral_300",
        input_border_color_dark="*neutral_700",
        input_border_color_focus="*primary_500",
        input_border_color_focus_dark="*primary_400",
        input_border_width="1px",
        input_placeholder_color="*neutral_500",
        input_placeholder_color_dark="*neutral_400",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_dark="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_hover_dark="*primary_500",
        button_primary_text_color="white",
        button_secondary_background_fill="transparent",
        button_secondary_background_fill_dark="transparent",
        button_secondary_background_fill_hover="*neutral_100",
        button_secondary_background_fill_hover_dark="*neutral_800",
        button_secondary_border_color="*neutral_300",
        button_secondary_border_color_dark="*neutral_700",
        button_secondary_text_color="*neutral_900",
        button_secondary_text_color_dark="*neutral_200",
        button_border_width="1px",
        loader_color="*primary_600",
        loader_color_dark="*primary_300",
    )
