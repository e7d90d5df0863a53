"""The contract of a lesson: what a folder under lessons/ gives to the shell.

lesson.py         LESSON = Lesson(…), build(ctx) puts its components into the tab and wires their events
scenes.toml       the guided tour
text.<lang>.md    its words; keys that start with `ui.` also go to the browser
draw.js           draws it in the browser; style.css says how that looks (CONTRIBUTING.md)
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app import i18n
from app.models.registry import Registry

if TYPE_CHECKING:
    from app.host import Host


@dataclass(frozen=True)
class Page:
    """What all lessons share and is taken from tab to tab. `text` is None until the learner writes one."""

    text: str | None
    model: str


@dataclass(frozen=True)
class Scene:
    """One step of the guided tour.

    `state` holds fields of the lesson's State, and `text` and `model` of the Page.
    """

    id: str
    slide: str
    state: Mapping[str, Any]


@dataclass(frozen=True)
class Lesson:
    """One tab.

    Args:
        id: as in links, with hyphens.
        order: place among the tabs.
        title: {"ko": …, "en": …} of the tab.
        State: frozen dataclass; every field has a default, linked ones carry a codec (app/links.py).
        text: the text that a first visit starts with, {"ko": …, "en": …}.
        folder: where the lesson's data files lie.
        build: puts the lesson's components into its tab.
        first: shown where the address asks for no lesson.
    """

    id: str
    order: int
    title: Mapping[str, str]
    State: type
    text: Mapping[str, str]
    folder: Path
    build: Callable[[Context], None]
    first: bool = False

    @cached_property
    def scenes(self) -> tuple[Scene, ...]:
        """The guided tour, from `scenes.toml`."""
        entries = tomllib.loads((self.folder / "scenes.toml").read_text(encoding="utf-8"))["scene"]
        return tuple(Scene(entry["id"], entry["slide"], entry.get("state", {})) for entry in entries)

    def texts(self, lang: str) -> dict[str, str]:
        """The lesson's words, from `text.<lang>.md`."""
        return i18n.load_text(self.folder / f"text.{lang}.md")

    def words(self, lang: str) -> i18n.Words:
        """The strings of the shell and the lesson's own."""
        return i18n.Words(i18n.ASSETS / f"text.{lang}.md", self.folder / f"text.{lang}.md")

    def scene_words(self, words: Mapping[str, str]) -> list[dict[str, str]]:
        """The guided tour as the browser shows it: [{"id", "slide", "title", "say"}]."""
        return [
            {"id": scene.id, "slide": scene.slide}
            | {part: words[f"scene.{scene.id}.{part}"] for part in ("title", "say")}
            for scene in self.scenes
        ]


@dataclass(frozen=True)
class Context:
    """What a lesson is given while it builds its tab and while it answers the browser.

    Args:
        lesson: the lesson itself.
        lang: "ko" or "en".
        words: the lesson's strings in `lang`.
        registry: the models that can be picked.
        host: answers the lesson's actions; None where a lesson is drawn without a server.
    """

    lesson: Lesson
    lang: str
    words: Mapping[str, str]
    registry: Registry
    host: Host | None = None

    def text(self, key: str, **values: Any) -> str:
        """The string `key` in the page's language, filled with `values`."""
        return i18n.fill(self.words[key], **values)
