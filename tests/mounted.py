"""A lesson mounted in a page of its own, and visitors who act in it as the browser does.

They go through the two events that `app.stage.mount` wires, so a test sees what Gradio would send and get.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import gradio as gr
import pytest

from app import i18n
from app.lesson import Context, Lesson, Page
from app.models import Registry, registry
from app.stage import Stage, mount
from tests.tiny_models import write_folder


@contextmanager
def tiny_registry(folder: Path, **config) -> Iterator[Registry]:
    """A Registry whose embedded models are untrained tiny ones, written into `folder`."""
    for name in registry.EMBEDDED:
        write_folder(folder / name, name.removeprefix("tiny-"), **config)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "MODELS_FOLDER", folder)
        yield Registry()


class Mounted:
    """One language's page with one lesson. `plain` pictures: as they arrive in the browser."""

    def __init__(self, lesson: Lesson, stage: Stage, registry: Registry, lang: str = "ko"):
        words = i18n.shared_text(lang) | lesson.texts(lang)
        with gr.Blocks() as demo:
            page, state = gr.State(Page(None, registry.default)), gr.State(None)
            self.context = Context(lesson, lang, words, registry, page, state)
            self.view = mount(self.context, stage)
        self.events = {
            event: block.fn
            for block in demo.fns.values()
            for _, event in block.targets
            if block.fn is not None
        }


def plain(picture: dict[str, Any]) -> dict[str, Any]:
    """`picture` after its way over the network: JSON without NaN and Infinity, valid UTF-8."""
    return json.loads(json.dumps(picture, allow_nan=False, ensure_ascii=False).encode("utf-8"))


class Visitor:
    """One browser: it keeps nothing but its session (`page`, `visit`) and the last picture."""

    def __init__(self, mounted: Mounted):
        self.mounted = mounted
        self.page, self.visit = Page(None, mounted.context.registry.default), None
        self.seq = 0
        self.picture: dict[str, Any] = {}

    def act(self, type_: Any, **payload: Any) -> dict[str, Any]:
        """Send one action, and take its picture."""
        self.seq += 1
        return self.send({"type": type_, "seq": self.seq, **payload})

    def send(self, payload: Any) -> dict[str, Any]:
        """Send anything at all."""
        event = gr.EventData(None, payload)
        self.page, self.visit, picture = self.mounted.events["act"](self.page, self.visit, event)
        self.picture = plain(picture)
        return self.picture

    def fetch(self, **payload: Any) -> list[dict[str, Any]]:
        """Send an action that names a model -> the news of its loading, of which the last is the picture."""
        event = gr.EventData(None, payload)
        answers = list(self.mounted.events["fetch"](self.page, self.visit, event))
        self.page, self.visit, picture = answers[-1]
        self.picture = plain(picture)
        return [told for _, _, told in answers[:-1]] + [self.picture]

    def enter(self, query: str = "", **more: Any) -> dict[str, Any]:
        """Open the lesson by an address with this query."""
        return self.act("enter", query=query, **more)

    def address(self) -> str:
        """The query of the address that the browser shows now (assets/js/shell.js)."""
        context = self.mounted.context
        return urlencode({"lesson": context.lesson.id, "lang": context.lang, **self.picture["link"]})
