"""The stage of a lesson: actions come in from the browser, pictures go out.

The browser sends one action at a time and waits for its picture, so presses are neither lost nor overtaken
(assets/js/stage.js). The actions that every lesson has are answered here: `enter` (first visit, link, change
of language), `scene`, `text`, `model` and `mine`. Whatever else a lesson needs, it names in `Stage.actions`.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

import gradio as gr

from app import i18n, links, models
from app.errors import InputError, UserError
from app.lesson import Context, Page
from app.models.registry import EMBEDDED
from app.views.view import View

log = logging.getLogger(__name__)

Payload = Mapping[str, Any]
Action = Callable[[Context, Page, Any, Payload], Any]
_EVENT = {"show_progress": "hidden", "trigger_mode": "multiple", "api_visibility": "private"}


@dataclass(frozen=True)
class Stage:
    """How a lesson answers. All functions are pure: values in, new values out.

    Args:
        start: (context, page, state) -> state, called when text, model, link or scene gave the State a new
            beginning.
        forget: state -> the State without what belonged to the text or the model before.
        draw: (context, page, state) -> the picture, plain data with finite numbers.
        preview: the very first picture, drawn before torch is there.
        actions: {name: (context, page, state, payload) -> state}; the payload comes from the browser and may
            hold anything.
        keep: state -> what a link cannot hold, as plain data, to survive a change of language.
        restore: (context, page, state, kept) -> state; `kept` comes from the browser and may hold anything.
    """

    start: Callable[[Context, Page, Any], Any]
    forget: Callable[[Any], Any]
    draw: Callable[[Context, Page, Any], dict[str, Any]]
    preview: Callable[[Context, Page, Any], dict[str, Any]]
    actions: Mapping[str, Action]
    keep: Callable[[Any], dict[str, Any]]
    restore: Callable[[Context, Page, Any, Payload], Any]


@dataclass(frozen=True)
class Visit:
    """Where one learner stands in one lesson.

    Args:
        page: text and model that the lesson shows; a scene may have replaced the learner's own.
        state: the lesson's State.
        base: the State that a link takes for granted: the defaults, or the scene as it began.
        scene: index of the scene, None when the learner went her own way from the start.
        notice: one sentence for the next picture only.
    """

    page: Page
    state: Any
    base: Any
    scene: int | None = None
    notice: str = ""


def mount(context: Context, stage: Stage) -> View:
    """Put the lesson's stage into the tab that is being built, and wire it."""
    lesson = context.lesson
    view = View(lesson.id, context.lang, elem_id=lesson.id)
    view.light = lambda: light(context, stage)

    def act(page: Page, visit: Visit | None, event: gr.EventData) -> tuple[Page, Visit, dict[str, Any]]:
        return _answer(context, stage, page, visit, _payload(event))

    def fetch(
        page: Page, visit: Visit | None, event: gr.EventData
    ) -> Iterator[tuple[Any, Any, dict[str, Any]]]:
        yield from _fetch_model(context, _payload(event))
        yield _answer(context, stage, page, visit, _payload(event))

    wires = [context.page, context.state], [context.page, context.state, view]
    view.act(act, *wires, queue=False, **_EVENT)
    view.fetch(fetch, *wires, concurrency_limit=2, concurrency_id="models", **_EVENT)
    return view


def light(context: Context, stage: Stage) -> dict[str, Any]:
    """What the browser needs to open the lesson: {"words", "scenes", "terms", "preview"}."""
    visit = _first_visit(context, Page(None, context.registry.default))
    drawing = stage.preview(context, visit.page, visit.state)
    return {
        "words": i18n.for_browser(context.words),
        "scenes": context.lesson.scene_words(context.words),
        "terms": i18n.terms_in(context.words.values(), context.lang),
        "preview": _picture(context, drawing, visit, visit.page),
    }


def _payload(event: gr.EventData) -> Payload:
    """What the browser sent; {} where it is no action at all."""
    return event._data if isinstance(event._data, Mapping) else {}


def _answer(
    context: Context, stage: Stage, page: Page, visit: Visit | None, payload: Payload
) -> tuple[Page, Visit | None, dict[str, Any]]:
    """One action -> the shared Page, the Visit, the picture.

    An error becomes a sentence; what was there stays.
    """
    try:
        new_page, new_visit = _apply(context, stage, page, visit, payload)
        drawing = stage.draw(context, new_visit.page, new_visit.state)
        page, visit, notice = new_page, new_visit, new_visit.notice
    except Exception as error:
        notice = _explain(error, context.lang)
        visit, drawing = _before(context, stage, page, visit)
    shown = replace(visit or _first_visit(context, page), notice=notice)
    picture = _picture(context, drawing, shown, page) | {
        "seq": payload.get("seq"),
        "keep": stage.keep(shown.state) | {"mine": page.text},
    }
    return page, visit and replace(visit, notice=""), picture


def _before(
    context: Context, stage: Stage, page: Page, visit: Visit | None
) -> tuple[Visit | None, dict[str, Any]]:
    """Where the learner stood before an error, or a first visit, and its picture.

    Where not even that can begin: None, so that the next action tries again, and the picture without numbers.
    """
    try:
        visit = visit or _begin(context, stage, _first_visit(context, page))
        return visit, stage.draw(context, visit.page, visit.state)
    except Exception as error:
        log.debug("no picture to go back to: %s", error)
        first = _first_visit(context, page)
        return None, stage.preview(context, first.page, first.state)


def _explain(error: Exception, lang: str) -> str:
    """One sentence for the learner; what is our fault goes to the log with its traceback."""
    if isinstance(error, UserError):
        return i18n.sentence(error, lang)
    log.error("an action failed", exc_info=error)
    return i18n.shared_text(lang)["error.internal"]


def _apply(
    context: Context, stage: Stage, page: Page, visit: Visit | None, payload: Payload
) -> tuple[Page, Visit]:
    name = payload.get("type")
    if name == "enter":
        return _enter(context, stage, page, visit, payload)
    if visit is None:  # a server that has just started goes on from what the browser sends along
        place = {"query": payload.get("at", ""), "kept": payload.get("kept")}
        page, visit = _enter(context, stage, page, None, place)
    if name == "scene":
        return page, _show_scene(context, stage, visit.page, whole_number(payload.get("to")))
    if name == "text":
        text, notice = clean_text(payload.get("text"), context.lang)
        visit = replace(visit, page=replace(visit.page, text=text), notice=notice)
        return replace(page, text=text), _begin(
            context, stage, replace(visit, state=stage.forget(visit.state))
        )
    if name == "model":
        spec = context.registry.spec(str(payload.get("name")))
        models.load(spec)
        visit = replace(visit, page=replace(visit.page, model=spec.name), state=stage.forget(visit.state))
        if visit.scene is not None:  # what its link takes for granted is the scene with this model's tokens
            visit = replace(visit, base=_show_scene(context, stage, visit.page, visit.scene).base)
        return replace(page, model=spec.name), _begin(context, stage, visit)
    if name == "mine":
        return page, _begin(context, stage, _first_visit(context, page))
    if isinstance(name, str) and name in stage.actions:
        return page, replace(visit, state=stage.actions[name](context, visit.page, visit.state, payload))
    raise InputError("not_understood")


def _begin(context: Context, stage: Stage, visit: Visit) -> Visit:
    return replace(visit, state=stage.start(context, visit.page, visit.state))


def _first_visit(context: Context, page: Page) -> Visit:
    """The lesson with its defaults, on the learner's text or, where there is none yet, on its own."""
    text = context.lesson.text[context.lang] if page.text is None else page.text
    return Visit(replace(page, text=text), context.lesson.State(), context.lesson.State())


def _enter(
    context: Context, stage: Stage, page: Page, visit: Visit | None, payload: Payload
) -> tuple[Page, Visit]:
    """Open the lesson.

    As a link says, as it was before a change of language, or with the page's text and model.
    """
    address = str(payload.get("query", "")).encode("utf-8", "replace").decode()  # without lone surrogates
    query = dict(parse_qsl(address, keep_blank_values=True))
    kept = payload.get("kept")
    kept = kept if isinstance(kept, Mapping) else {}
    if isinstance(kept.get("mine"), str):
        with suppress(InputError):
            page = replace(page, text=clean_text(kept["mine"], context.lang)[0])
    if query:
        page, visit = _follow_link(context, stage, page, query)
        return page, replace(visit, state=stage.restore(context, visit.page, visit.state, kept))
    page, sorry = _with_usable_model(context, page)
    fresh = _first_visit(context, page)
    if visit is None or (visit.scene is None and visit.page != fresh.page):
        visit = _begin(context, stage, fresh)
    return page, replace(visit, notice=sorry)


def _with_usable_model(context: Context, page: Page) -> tuple[Page, str]:
    """The page with a model that loads -> (page, why another one took its place or "").

    A model of the hub that cannot be had leaves the embedded one selected.
    """
    try:
        models.load(context.registry.spec(page.model))
    except UserError as error:
        return replace(page, model=EMBEDDED[0]), i18n.sentence(error, context.lang)
    return page, ""


def _follow_link(context: Context, stage: Stage, page: Page, query: Mapping[str, str]) -> tuple[Page, Visit]:
    """The exact state of a link. What is unknown or out of range is dropped and told."""
    lesson, registry = context.lesson, context.registry
    scene_ids = [scene.id for scene in lesson.scenes]
    allowed = {
        "lesson": (lesson.id,),
        "scene": scene_ids,
        "lang": i18n.LANGUAGES,
        "theme": links.THEMES,
        "present": ("0", "1"),
        "model": registry.names,
    }
    dropped = [name for name, values in allowed.items() if name in query and query[name] not in values]
    good = {name: value for name, value in query.items() if name not in dropped}
    fields, unknown = links.read_fields(lesson.State, query)
    told = []
    page, sorry = _with_usable_model(context, replace(page, model=good.get("model", page.model)))
    text, cut = None, ""
    if "text" in good:
        try:
            text, cut = clean_text(good["text"], context.lang)
        except InputError as error:
            told.append(i18n.sentence(error, context.lang))
    if "scene" in good:
        visit = _show_scene(context, stage, page, scene_ids.index(good["scene"]))
        model = page.model if "model" in good else visit.page.model
        visit = replace(visit, page=Page(visit.page.text if text is None else text, model))
    else:
        page = page if text is None else replace(page, text=text)
        visit = _first_visit(context, page)
    if dropped + unknown:
        names = ", ".join(name[:24] for name in (dropped + unknown)[:5])
        told.append(i18n.fill(i18n.shared_text(context.lang)["link.dropped"], names=names))
    if fields or text is not None or visit.scene is None:
        visit = replace(visit, state=replace(visit.state, **fields))
        page, visit, impossible = _begin_if_possible(context, stage, page, visit)
        told.append(impossible)
    return page, replace(visit, notice=" ".join(filter(None, (sorry, cut, *told))))


def _begin_if_possible(context: Context, stage: Stage, page: Page, visit: Visit) -> tuple[Page, Visit, str]:
    """Begin, leaving out what this model cannot do -> (…, why, or "").

    First the lesson's fields go, then the text.
    """
    try:
        return page, _begin(context, stage, visit), ""
    except InputError as error:
        why = i18n.sentence(error, context.lang)
    try:
        return page, _begin(context, stage, replace(visit, state=stage.forget(visit.state))), why
    except InputError:
        page = replace(page, text=None)
        return page, _begin(context, stage, _first_visit(context, page)), why


def _show_scene(context: Context, stage: Stage, page: Page, index: int) -> Visit:
    """The scene as its file says it; its text, where it names none, is the lesson's first one."""
    index = min(max(index, 0), len(context.lesson.scenes) - 1)
    wanted = context.lesson.scenes[index].state
    shown = Page(wanted.get("text", context.lesson.text[context.lang]), wanted.get("model", page.model))
    fields = {key: tuple(value) if isinstance(value, list) else value for key, value in wanted.items()}
    state = context.lesson.State(**{key: v for key, v in fields.items() if key not in ("text", "model")})
    visit = _begin(context, stage, Visit(shown, state, state, index))
    return replace(visit, base=visit.state)


def _picture(context: Context, drawing: dict[str, Any], visit: Visit, page: Page) -> dict[str, Any]:
    """What the lesson drew and what the shell needs beside it: the link, the scene, the notice."""
    link = links.write_fields(visit.state, visit.base)
    scene = None if visit.scene is None else context.lesson.scenes[visit.scene]
    if scene is not None:
        link["scene"] = scene.id
    if scene is None or visit.page.text != scene.state.get("text", context.lesson.text[context.lang]):
        link["text"] = visit.page.text
    if visit.page.model != context.registry.default:
        link["model"] = visit.page.model
    return drawing | {
        "text": visit.page.text,
        "model": visit.page.model,
        "link": link,
        "scene": visit.scene,
        "notice": visit.notice,
        "can_return": page.text is not None and page.text != visit.page.text,
    }


def _fetch_model(context: Context, payload: Payload) -> Iterator[tuple[Any, Any, dict[str, Any]]]:
    """Load the model that `payload` names in a thread, and tell how far it is."""
    told: queue.Queue[tuple[float | None, str] | None] = queue.Queue()

    def work() -> None:
        try:
            models.load(
                context.registry.spec(str(payload.get("name"))), progress=lambda *news: told.put(news)
            )
        except Exception as error:  # Asked for again by the answer, which explains it to the learner.
            log.debug("the model did not load: %s", error)
        finally:
            told.put(None)

    threading.Thread(target=work, daemon=True).start()
    while (news := told.get()) is not None:
        fraction, stage_name = news
        words = i18n.shared_text(context.lang)[f"loading.{stage_name}"]
        yield gr.skip(), gr.skip(), {"busy": words, "fraction": fraction, "seq": payload.get("seq")}


def clean_text(text: Any, lang: str) -> tuple[str, str]:
    """A learner's text as every lesson takes it: NFC, at most `links.MAX_TEXT` characters -> (text, notice).

    White space around it goes: a space at the end would be a token of its own that hardly any text was
        trained on.

    Raises:
        InputError: "empty_text" for nothing but white space; "not_text" and "half_character" as in
            `learner_text`.
    """
    text = models.tokens.learner_text(text[: models.tokens.MAX_CHARACTERS] if isinstance(text, str) else text)
    text = text.strip()
    if not text:
        raise InputError("empty_text")
    if len(text) <= links.MAX_TEXT:
        return text, ""
    told = i18n.fill(i18n.shared_text(lang)["text.cut"], limit=f"{links.MAX_TEXT:,}")
    return text[: links.MAX_TEXT], told


def whole_number(value: Any) -> int:
    """A whole number out of a payload. Raises InputError("not_understood") for anything else."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError("not_understood")
    return value
