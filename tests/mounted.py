"""A lesson mounted in a page of its own, and visitors who act in it as the browser does.

They go through `app.host.Host`, so a test sees what the browser would send and get.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import gradio as gr
import pytest

from app import i18n
from app.host import Host
from app.lesson import Context, Lesson, Page, Stage
from app.models import Registry, registry
from app.payload import Payload
from app.settings import Settings
from app.stage import mount
from app.visits import Visit
from app.work import Owner
from tests.tiny_models import write_folder


@contextmanager
def tiny_registry(folder: Path, **config) -> Iterator[Registry]:
    """A Registry whose embedded models are untrained tiny ones, written into `folder`."""
    for name in registry.EMBEDDED:
        write_folder(folder / name, name.removeprefix("tiny-"), **config)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "MODELS_FOLDER", folder)
        yield Registry()


@contextmanager
def registry_for(lesson: Lesson, folder: Path) -> Iterator[Registry]:
    """A Registry of tiny models; of the embedded ones for the glossary, which asks tiny-gpt2 and tiny-bert
    about one sentence: they share their vocabulary.
    """
    with nullcontext(Registry()) if lesson.id == "glossary" else tiny_registry(folder) as registry:
        yield registry


_NUMBERS = itertools.count(1)


@cache
def event_loop() -> asyncio.AbstractEventLoop:
    """The one loop of all hosts, in a thread of its own, as a server has it."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return loop


class Mounted:
    """One language's page with one lesson. `plain` pictures: as they arrive in the browser."""

    def __init__(self, lesson: Lesson, stage: Stage, registry: Registry, lang: str = "ko"):
        words = i18n.shared_text(lang) | lesson.texts(lang)
        self.host = Host(Settings())
        self.host.registry = registry
        with gr.Blocks():
            self.context = Context(lesson, lang, words, registry, self.host)
            self.view = mount(self.context, stage)

    def answers(self, session: str, payload: Any) -> list[dict[str, Any]]:
        """All that goes back to the browser `session` for one request: news, and the picture last."""
        lang, lesson = self.context.lang, self.context.lesson.id

        async def lines() -> list[bytes]:
            sent = self.host.act(lang, lesson, Owner("", session), Payload(payload), lambda: False)
            return [line async for line in sent]

        sent = asyncio.run_coroutine_threadsafe(lines(), event_loop())
        return [plain(json.loads(line)) for line in sent.result(120)]


def plain(picture: dict[str, Any]) -> dict[str, Any]:
    """`picture` after its way over the network: JSON without NaN and Infinity, valid UTF-8."""
    return json.loads(json.dumps(picture, allow_nan=False, ensure_ascii=False).encode("utf-8"))


class Visitor:
    """One browser: it keeps nothing but the name of its session and the last picture."""

    def __init__(self, mounted: Mounted):
        self.mounted = mounted
        self.session = f"visitor-{next(_NUMBERS)}"
        self.seq = 0
        self.picture: dict[str, Any] = {}

    def act(self, type_: Any, **payload: Any) -> dict[str, Any]:
        """Send one action, and take its picture."""
        self.seq += 1
        return self.send({"type": type_, "seq": self.seq, **payload})

    def send(self, payload: Any) -> dict[str, Any]:
        """Send anything at all."""
        self.picture = self.mounted.answers(self.session, payload)[-1]
        return self.picture

    def fetch(self, **payload: Any) -> list[dict[str, Any]]:
        """Send an action that names a model -> the news of its loading, of which the last is the picture."""
        answers = self.mounted.answers(self.session, payload)
        self.picture = answers[-1]
        return answers

    @property
    def page(self) -> Page:
        """What her lessons share."""
        return self.mounted.host.session(self.session).page

    @property
    def visit(self) -> Visit | None:
        """Where she stands in this lesson."""
        return self.mounted.host.session(self.session).places[self.mounted.context.lesson.id].visit

    def enter(self, query: str = "", **more: Any) -> dict[str, Any]:
        """Open the lesson by an address with this query."""
        return self.act("enter", query=query, **more)

    def address(self) -> str:
        """The query of the address that the browser shows now (assets/js/shell.js)."""
        context = self.mounted.context
        return urlencode({"lesson": context.lesson.id, "lang": context.lang, **self.picture["link"]})
