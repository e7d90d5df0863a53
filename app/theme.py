"""Gradio's variables point to our design tokens.

So its own components look like ours in light and in dark.
"""

import gradio as gr

_FONT = [
    "Pretendard",
    "Noto Sans KR",
    "Noto Sans CJK KR",
    "Apple SD Gothic Neo",
    "Malgun Gothic",
    "system-ui",
    "sans-serif",
]
_MONO = ["JetBrains Mono", "D2Coding", "ui-monospace", "SFMono-Regular", "Menlo", "monospace"]

# token of assets/css -> names of Gradio's theme
_VARIABLES = {
    "--card": ("background_fill_secondary",),
    "--ink": (
        "body_text_color",
        "button_primary_background_fill",
        "button_primary_background_fill_hover",
        "color_accent",
        "slider_color",
        "block_label_text_color",
        "block_title_text_color",
        "button_secondary_text_color",
    ),
    "--ink-2": ("body_text_color_subdued", "input_placeholder_color"),
    "--paper": ("background_fill_primary", "button_primary_text_color"),
    "--line": ("border_color_primary", "block_border_color"),
    "--edge": ("input_border_color", "button_secondary_border_color"),
    "--focus": ("input_border_color_focus", "border_color_accent"),
    "--none": (
        "block_background_fill",
        "input_background_fill",
        "input_background_fill_focus",
        "button_secondary_background_fill",
    ),
}


def theme() -> gr.themes.Base:
    """One value for light and dark: the tokens themselves change with data-theme on <html>."""
    made = gr.themes.Base(font=_FONT, font_mono=_MONO)
    for token, names in _VARIABLES.items():
        for name in names:
            for variant in (name, f"{name}_dark"):
                if hasattr(made, variant):
                    setattr(made, variant, f"var({token})")
    # Painted before our style sheet is in the page, so with a fallback.
    made.body_background_fill = "var(--paper, #fbfaf7)"
    made.body_background_fill_dark = "var(--paper, #16181c)"
    return made
