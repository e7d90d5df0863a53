"""A picture drawn in the browser from plain data."""

from __future__ import annotations

from typing import Any

import gradio as gr


class View(gr.HTML):
    """A `gr.HTML` whose template is static and empty: `lab.mount` (assets/js) draws `value` into it.

    Gradio evaluates the template of a gr.HTML as JavaScript, so no text of a learner may ever enter it; the
    drawing code puts text in through textContent only. What it sends goes to app/host.py, not through Gradio.

    Args:
        kind: which drawing of the browser, `lab.views[kind]`.
        value: the first picture.
        words: strings in the page's language, given to the drawing once.
    """

    def __init__(self, kind: str = "", value: Any = None, words: dict[str, Any] | None = None, **kwargs: Any):
        # Every argument has a default because Gradio builds the component anew from its keywords at each
        # update.
        super().__init__(
            value=value,
            html_template="<div class='view'></div>",
            js_on_load=f"lab.mount('{kind}', element, props)",
            apply_default_css=False,
            words=words or {},
            **kwargs,
        )

    def api_info(self) -> dict[str, Any]:
        return {"type": "object"}
