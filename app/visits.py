"""Where a learner stands in a lesson: how a visit begins, follows a link, shows a scene, and what goes back.

All functions are pure: values in, new values out.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from app import guess, i18n, links, models
from app.errors import InputError, UserError, shown
from app.languages import CODES
from app.lesson import Context, Live, Page
from app.models.registry import EMBEDDED
from app.payload import Payload

LONGEST_QUERY = 131_072  # characters: a text of links.MAX_TEXT in percent signs, and the fields
LONGEST_TEXT = models.tokens.MAX_CHARACTERS  # read of what came in; more is cut off and told
MOST_NAMES = 200  # in a query; a link has a dozen


@dataclass(frozen=True)
class Visit:
    """Where one learner stands in one lesson.

    Args:
        page: text and model that the lesson shows; a scene may have replaced the learner's own.
        state: the lesson's State.
        base: the State that a link takes for granted: the defaults, or the scene as it began.
        scene: index of the scene, None when the learner went her own way from the start.
        answers: (question id, answer) of 맞혀 보기, on this text and model.
        led: the version of the place to which the server has led her, "" for none (`Live.lead`).
        notice: one sentence for the next picture only.
    """

    page: Page
    state: Any
    base: Any
    scene: int | None = None
    answers: tuple[tuple[str, Any], ...] = ()
    led: str = ""
    notice: str = ""


def begin(context: Context, live: Live, visit: Visit) -> Visit:
    """The visit with a State that its model and text have; what of it they have not is told."""
    state = live.start(context, visit.page, visit.state)
    lost = live.lost(context, visit.page, visit.state, state)
    return replace(visit, state=state, notice=" ".join(filter(None, (visit.notice, lost))))


def first_visit(context: Context, page: Page) -> Visit:
    """The lesson with its defaults, on the learner's text or, where there is none yet, on its own."""
    text = context.words["first_text"] if page.text is None else page.text
    return Visit(replace(page, text=text), context.lesson.State(), context.lesson.State())


def enter(
    context: Context, live: Live, page: Page, visit: Visit | None, payload: Payload, address: str
) -> tuple[Page, Visit]:
    """Open the lesson by the query in the field `address` of the payload.

    As a link says, as it was before a change of language, or with the page's text and model.
    """
    query, kept = _query(payload, address), payload.part("kept")
    if "mine" in kept:
        with suppress(InputError):
            page = replace(page, text=clean_text(kept.string("mine", LONGEST_TEXT), context.lang)[0])
    if query:
        page, visit = _follow_link(context, live, page, query)
        with suppress(InputError):  # what was kept and cannot be used takes nothing else with it
            visit = replace(visit, state=live.restore(context, visit.page, visit.state, kept))
        return page, replace(visit, answers=guess.restore((), context.lesson, kept))
    page, sorry = _with_usable_model(context, page)
    fresh = first_visit(context, page)
    if visit is None or (visit.scene is None and visit.page != fresh.page):
        visit = begin(context, live, fresh)
    return page, replace(visit, notice=sorry)


def _query(payload: Payload, name: str) -> dict[str, str]:
    """The names and values of the address that the browser sent along; of one too long, nothing."""
    address = payload.string_or(name, "", LONGEST_QUERY)
    try:
        return dict(
            parse_qsl(
                address.encode("utf-8", "replace").decode(), keep_blank_values=True, max_num_fields=MOST_NAMES
            )
        )
    except ValueError:
        return {}


def linked_model(payload: Payload) -> str:
    """The model that the address of the payload names, "" where it names none."""
    return (_query(payload, "query") or _query(payload, "at")).get("model", "")


def _with_usable_model(context: Context, page: Page) -> tuple[Page, str]:
    """The page with a model that loads -> (page, why another one took its place or "").

    A model of the hub that cannot be had leaves the embedded one selected.
    """
    try:
        models.load(context.registry.spec(page.model))
    except UserError as error:
        instead = i18n.fill(i18n.shared_text(context.lang)["model.instead"], name=EMBEDDED[0])
        return replace(page, model=EMBEDDED[0]), f"{i18n.sentence(error, context.lang)} {instead}"
    return page, ""


def _follow_link(context: Context, live: Live, page: Page, query: Mapping[str, str]) -> tuple[Page, Visit]:
    """The exact state of a link. What is unknown or out of range is dropped and told."""
    lesson, registry = context.lesson, context.registry
    scene_ids = [scene.id for scene in lesson.scenes]
    allowed = {
        "lesson": (lesson.id,),
        "scene": scene_ids,
        "lang": CODES,
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
        visit = show_scene(context, live, page, scene_ids.index(good["scene"]))
        model = page.model if "model" in good else visit.page.model
        visit = replace(visit, page=Page(visit.page.text if text is None else text, model))
    else:
        page = page if text is None else replace(page, text=text)
        visit = first_visit(context, page)
    if dropped + unknown:
        names = ", ".join(shown(name, 24) for name in (dropped + unknown)[:5])
        told.append(i18n.fill(i18n.shared_text(context.lang)["link.dropped"], names=names))
    if fields or text is not None or visit.scene is None:
        visit = replace(visit, state=replace(visit.state, **fields))
        page, visit, impossible = _begin_if_possible(context, live, page, visit)
        told.append(impossible)
    return page, replace(visit, notice=" ".join(filter(None, (sorry, cut, visit.notice, *told))))


def follow(context: Context, live: Live, page: Page, visit: Visit) -> Visit:
    """Where the server leads her; her own text and model stay in the page."""
    lead = live.lead(context, visit.page, visit.state)
    if lead is None or lead.query is None:
        return replace(visit, led=lead.version if lead else "")
    _, visit = _follow_link(context, live, page, lead.query)
    return replace(visit, led=lead.version)


def _begin_if_possible(context: Context, live: Live, page: Page, visit: Visit) -> tuple[Page, Visit, str]:
    """Begin, leaving out what this model cannot do -> (…, why, or "").

    First the lesson's fields go, then the text.
    """
    try:
        return page, begin(context, live, visit), ""
    except InputError as error:
        why = i18n.sentence(error, context.lang)
    try:
        return page, begin(context, live, replace(visit, state=live.forget(visit.state))), why
    except InputError:
        page = replace(page, text=None)
        return page, begin(context, live, first_visit(context, page)), why


def show_scene(context: Context, live: Live, page: Page, index: int) -> Visit:
    """The scene as its file says it; its text, where it names none, is the lesson's first one."""
    index = min(max(index, 0), len(context.lesson.scenes) - 1)
    wanted = context.lesson.scenes[index].state_in(context.words)
    shown = Page(wanted.get("text", context.words["first_text"]), wanted.get("model", page.model))
    fields = {key: value for key, value in wanted.items() if key not in ("text", "model")}
    state = context.lesson.State(**links.accept_all(context.lesson.State, fields))
    visit = begin(context, live, Visit(shown, state, state, index))
    return replace(visit, base=visit.state)


def keep(context: Context, live: Live, visit: Visit, page: Page) -> dict[str, Any]:
    """What a link cannot hold: the lesson's own, the answers to its questions, the learner's own text."""
    answers = [list(pair) for pair in visit.answers]
    asked = {"answers": answers} if guess.load_questions(context.lesson) else {}
    return live.keep(visit.state) | asked | {"mine": page.text}


def picture(context: Context, drawing: dict[str, Any], visit: Visit, page: Page) -> dict[str, Any]:
    """What the lesson drew and what the shell needs beside it: the link, the scene, the notice."""
    link = links.write_fields(visit.state, visit.base)
    scene = None if visit.scene is None else context.lesson.scenes[visit.scene]
    if scene is not None:
        link["scene"] = scene.id
    scene_text = scene and scene.state_in(context.words).get("text", context.words["first_text"])
    if scene is None or visit.page.text != scene_text:
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


def clean_text(text: str, lang: str) -> tuple[str, str]:
    """A learner's text as every lesson takes it: NFC, at most `links.MAX_TEXT` characters -> (text, notice).

    White space around it goes: a space at the end would be a token of its own that hardly any text was
    trained on.

    Raises:
        InputError: "empty_text" for nothing but white space; "not_text" and "half_character" as in
            `learner_text`.
    """
    longest = models.tokens.MAX_CHARACTERS
    text = models.tokens.learner_text(text[:longest] if isinstance(text, str) else text).strip()
    if not text:
        raise InputError("empty_text")
    if len(text) <= links.MAX_TEXT:
        return text, ""
    told = i18n.fill(i18n.shared_text(lang)["text.cut"], limit=f"{links.MAX_TEXT:,}")
    return text[: links.MAX_TEXT], told
