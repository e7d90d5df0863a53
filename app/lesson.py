"""The contract of a lesson: what a folder under lessons/ gives to the shell.

lesson.py         LESSON = Lesson(…): the light half, which comes with the page and needs no torch
live.py           LIVE = Live(…): the live half, imported at the first action
scenes.toml       the guided tour
text.<lang>.md    its words: `title` of the tab, `first_text` of a first visit; `ui.` keys go to the browser
draw.js           draws it in the browser; style.css says how that looks (CONTRIBUTING.md)
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from app import i18n, models
from app.models.loading import LoadedModel
from app.models.registry import EMBEDDED, Registry
from app.payload import Payload


@dataclass(frozen=True)
class Page:
    """What all lessons share and is taken from tab to tab. `text` is None until the learner writes one."""

    text: str | None
    model: str


@dataclass(frozen=True)
class Scene:
    """One step of the guided tour.

    `state` holds fields of the lesson's State, and `text` and `model` of the Page. What of it belongs to a
    language (a text, a seed that shows the thing with this text) stands in `text.<lang>.md` under
    `scene.<id>.state`, as TOML.
    """

    id: str
    slide: str
    state: Mapping[str, Any]

    def state_in(self, words: Mapping[str, str]) -> Mapping[str, Any]:
        """`state` with what the language of `words` has of its own."""
        own = words.get(f"scene.{self.id}.state")
        return self.state if own is None else {**self.state, **_toml(own)}


@cache
def _toml(text: str) -> Mapping[str, Any]:
    return tomllib.loads(text)


@dataclass(frozen=True)
class Lesson:
    """One tab.

    Args:
        id: as in links, with hyphens.
        order: place among the tabs.
        State: frozen dataclass; every field has a default, linked ones carry a codec (app/links.py).
        folder: where the lesson's data files lie.
        stage: how it answers; the frame puts it into the tab.
        first: shown where the address asks for no lesson.
        terms: shows the cards of the terms; its State has a field `term`, the id of the open one.
    """

    id: str
    order: int
    State: type
    folder: Path
    stage: Stage
    first: bool = False
    terms: bool = False

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
        lang: a code of app/languages.py.
        words: the lesson's strings in `lang`.
        registry: the models that can be picked.
        host: is told the lesson's stage, to answer its actions; None where there is no server.
    """

    lesson: Lesson
    lang: str
    words: Mapping[str, str]
    registry: Registry
    host: Answering | None = None

    def text(self, key: str, **values: Any) -> str:
        """The string `key` in the page's language, filled with `values`."""
        return i18n.fill(self.words[key], **values)

    def model(self, page: Page) -> LoadedModel:
        """The model that is picked."""
        return models.load(self.registry.spec(page.model))

    def both_models(self, page: Page) -> dict[str, LoadedModel]:
        """{"gpt1", "gpt2"}, for lessons with a column for each architecture.

        The picked model stands in its own column, the embedded one in the other.
        """
        picked = self.model(page)
        embedded = {name.removeprefix("tiny-"): name for name in sorted(EMBEDDED)}
        return {
            side: picked if side == picked.architecture else models.load(self.registry.spec(name))
            for side, name in embedded.items()
        }


class Answering(Protocol):
    """What answers the actions of the browser: app/host.py."""

    def add(self, context: Context, stage: Stage) -> None:
        """A lesson's stage in one language, as it is mounted."""


Action = Callable[[Context, Page, Any, Payload], Any]
Reply = Callable[[Context, Page, Any, Payload], dict[str, Any]]


@dataclass(frozen=True)
class Lead:
    """Where a stage that the server leads shall stand now.

    Args:
        version: another one after every move, never one that was there before, also after a restart.
        query: the place as a link says it, {name: text}, with whatever field of the State makes the stage a
            led one; None as long as nobody leads.
    """

    version: str
    query: Mapping[str, str] | None = None


def _as_it_is(context: Context, page: Page, state: Any, kept: Payload | None = None) -> Any:
    return state


def _unchanged(state: Any) -> Any:
    return state


def _nothing_lost(context: Context, page: Page, before: Any, after: Any) -> str:
    return ""


def _nobody(context: Context, page: Page, state: Any) -> None:
    return None


def _nothing(state: Any) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Live:
    """The live half of a lesson. All functions are pure: values in, new values out.

    Args:
        draw: (context, page, state) -> the picture, plain data with finite numbers. A value of it may be a
            `parts.Part`, which is made and sent only where the browser does not hold it, a `guess.Questions`
            or a `snippet.Snippet`. What it leaves out, app/frame.py draws.
        actions: {name: (context, page, state, payload) -> state}; the payload comes from the browser, and is
            read through the questions of app/payload.py.
        start: (context, page, state) -> state, called when text, model, link or scene gave the State a new
            beginning.
        lost: (context, page, state before `start`, state after it) -> what of it this model or text has not,
            in words for the notice of the next picture; "" for nothing.
        forget: state -> the State without what belonged to the text or the model before.
        keep: state -> what a link cannot hold, as plain data, to survive a change of language.
        restore: (context, page, state, kept) -> state; `kept` comes from the browser, as a payload does.

    Two stages are not led by what the learner sends to Python:

    The page leads, as in a training run in the browser. The state of the run is `stage.own` in draw.js, which
    survives other pictures and other tabs; Python only answers what the page asks (`stage.ask`). A question
    changes nothing: no State, no picture, no link.

        replies: {name: (context, page, state, payload) -> plain data}.

    The server leads, as when a class follows a presenter. The browser asks again and again whether the
    version has changed (every two seconds, as long as the stage can be seen), and then shows the place where
    it leads. A learner whose server has been lost goes on when it is there again.

        lead: (context, page, state) -> Lead; None where this learner is on her own.
    """

    draw: Callable[[Context, Page, Any], dict[str, Any]]
    actions: Mapping[str, Action] = field(default_factory=dict)
    start: Callable[[Context, Page, Any], Any] = _as_it_is
    lost: Callable[[Context, Page, Any, Any], str] = _nothing_lost
    forget: Callable[[Any], Any] = _unchanged
    keep: Callable[[Any], dict[str, Any]] = _nothing
    restore: Callable[[Context, Page, Any, Payload], Any] = _as_it_is
    replies: Mapping[str, Reply] = field(default_factory=dict)
    lead: Callable[[Context, Page, Any], Lead | None] = _nobody


@dataclass(frozen=True)
class Stage:
    """How a lesson answers.

    Args:
        preview: (context, page, state) -> the very first picture, drawn before torch is there.
        live: the module that holds the live half as LIVE, by its dotted name; or that half itself.
    """

    preview: Callable[[Context, Page, Any], dict[str, Any]]
    live: str | Live

    @cached_property
    def loaded(self) -> Live:
        """The live half; its module is imported at the first action."""
        return self.live if isinstance(self.live, Live) else import_module(self.live).LIVE
