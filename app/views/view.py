"""A picture drawn in the browser from plain data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr


class View(gr.HTML):
    """A `gr.HTML` whose template is static and empty: the scripts of the page draw `value` into it.

    Gradio evaluates the template of a gr.HTML as JavaScript, so no text of a learner may ever enter it; the
    drawing code puts text in through textContent only. What it sends goes to app/host.py, not through Gradio.

    Args:
        kind: "shell" or the id of a lesson; assets/js/lessons.js finds its drawing by it.
        lang: of the page that it stands in.
        value: the picture, None until an action is answered.
    """

    # What the browser needs before the first answer, as plain data: the words, the scenes, the first picture.
    # It goes to the browser at an address of its own (app/modules.py), not with the component.
    light: Callable[[], dict[str, Any]] | None = None

    def __init__(self, kind: str = "", lang: str = "", value: Any = None, **kwargs: Any):
        # Every argument has a default because Gradio builds the component anew from its keywords at each
        # update.
        super().__init__(
            value=value,
            html_template="<div class='view'></div>",
            js_on_load=f"(window.lab ??= []).push({{ kind: '{kind}', element, props, trigger, watch }});"
            " // sends 'act' and 'fetch'",
            apply_default_css=False,
            **kwargs,
        )
        self.kind, self.lang = kind, lang

    def api_info(self) -> dict[str, Any]:
        return {"type": "object"}
