"""The stage of a lesson: actions come in from the browser, pictures go out.

The browser sends one action at a time and waits for its picture, so presses are neither lost nor overtaken
(assets/js/stage.js). The actions that every lesson has are answered here: `enter` (first visit, link, change
of language), `scene`, `text`, `model`, `mine`, and `answer` to a question. Whatever else a lesson needs, it
names in `Live.actions`.
How an action comes here and its picture back: app/host.py.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from app import cards, frame, guess, i18n, links, models, parts
from app.errors import UserError
from app.lesson import Context, Live, Page, Stage
from app.payload import Payload
from app.views.view import View
from app.visits import (
    LONGEST_TEXT,
    Visit,
    begin,
    clean_text,
    enter,
    first_visit,
    follow,
    keep,
    picture,
    show_scene,
)

log = logging.getLogger(__name__)

ANY = 10**40  # a number of a scene beyond the ends shows the first or the last one


def mount(context: Context, stage: Stage) -> View:
    """Put the lesson's stage into the tab that is being built, and let the host answer its actions."""
    if context.host is not None:
        context.host.add(context, stage)
    view = View(context.lesson.id, context.lang, elem_id=context.lesson.id)
    view.light = lambda: light(context, stage)
    return view


def light(context: Context, stage: Stage) -> dict[str, Any]:
    """What the browser needs to open the lesson: {"words", "scenes", "terms", "fields", "preview"}."""
    visit = first_visit(context, Page(None, context.registry.default))
    drawing = _preview(context, stage, visit)
    return {
        "words": i18n.for_browser(context.words),
        "scenes": context.lesson.scene_words(context.words),
        "terms": cards.named_in(context.words.values(), context.lang),
        "fields": links.sliders(context.lesson.State),
        "preview": picture(context, drawing, visit, visit.page),
    }


def answer(
    context: Context, stage: Stage, page: Page, visit: Visit | None, payload: Payload, again: bool = False
) -> tuple[Page, Visit | None, dict[str, Any]]:
    """One action -> the shared Page, the Visit, the picture.

    An error becomes a sentence; what was there stays. With `again` the action has been carried out before and
    only its picture was lost: it is drawn once more.
    """
    live, held = stage.loaded, payload.part("held")
    try:
        new_page, new_visit = (
            (page, visit) if again and visit else _apply(context, live, page, visit, payload)
        )
        drawing = _drawing(context, live, new_visit, held)
        page, visit, notice = new_page, new_visit, new_visit.notice
    except Exception as error:
        notice = explain(error, context.lang)
        visit, drawing = _before(context, stage, page, visit, held)
    shown = replace(visit or first_visit(context, page), notice=notice)
    led = shown.led if live.lead(context, shown.page, shown.state) else None
    drawn = picture(context, drawing, shown, page) | {"keep": keep(context, live, shown, page), "led": led}
    return page, visit and replace(visit, notice=""), drawn


def reply(
    context: Context, stage: Stage, page: Page, visit: Visit | None, payload: Payload
) -> dict[str, Any]:
    """What the page asks beside its actions -> {"reply": plain data}, or {"sorry": one sentence}.

    Every stage answers `lead`: the version of the place where the server leads her, or None.
    """
    live = stage.loaded
    try:
        name = payload.choice("ask", ("lead", *live.replies))
        if visit is None:
            page, visit = enter(context, live, page, None, payload, "at")
        if name == "lead":
            lead = live.lead(context, visit.page, visit.state)
            return {"reply": {"version": lead and lead.version}}
        return {"reply": live.replies[name](context, visit.page, visit.state, payload)}
    except Exception as error:
        return {"sorry": explain(error, context.lang)}


def explain(error: Exception, lang: str) -> str:
    """One sentence for the learner; what is our fault goes to the log with its traceback."""
    if isinstance(error, UserError):
        return i18n.sentence(error, lang)
    log.error("an action failed", exc_info=error)
    return i18n.shared_text(lang)["error.internal"]


def _before(
    context: Context, stage: Stage, page: Page, visit: Visit | None, held: Payload
) -> tuple[Visit | None, dict[str, Any]]:
    """Where the learner stood before an error, or a first visit, and its picture.

    Where not even that can begin: None, so that the next action tries again, and the picture without numbers.
    """
    try:
        visit = visit or begin(context, stage.loaded, first_visit(context, page))
        return visit, _drawing(context, stage.loaded, visit, held)
    except Exception as error:
        log.debug("no picture to go back to: %s", error)
        return None, _preview(context, stage, first_visit(context, page))


def _drawing(context: Context, live: Live, visit: Visit, held: Payload) -> dict[str, Any]:
    drawing = live.draw(context, visit.page, visit.state)
    return parts.fill(frame.whole(context, visit.page, visit.answers, drawing, ready=True), held)


def _preview(context: Context, stage: Stage, visit: Visit) -> dict[str, Any]:
    drawing = stage.preview(context, visit.page, visit.state)
    return frame.whole(context, visit.page, (), drawing, ready=False)


def _apply(
    context: Context, live: Live, page: Page, visit: Visit | None, payload: Payload
) -> tuple[Page, Visit]:
    name = payload.choice("type", ("enter", "scene", "text", "model", "mine", "answer", "led", *live.actions))
    if name == "enter":
        return enter(context, live, page, visit, payload, "query")
    if visit is None:  # a server that has just started goes on from what the browser sends along
        page, visit = enter(context, live, page, None, payload, "at")
    if name == "scene":
        return page, show_scene(context, live, visit.page, payload.whole("to", -ANY, ANY))
    if name == "text":
        text, notice = clean_text(payload.string("text", LONGEST_TEXT), context.lang)
        if text == visit.page.text:  # as when a field is left; what was built on this text stays
            return replace(page, text=page.text or text), replace(visit, notice=notice)
        state = live.forget(visit.state)
        visit = replace(visit, page=replace(visit.page, text=text), state=state, answers=(), notice=notice)
        return replace(page, text=text), begin(context, live, visit)
    if name == "model":
        spec = context.registry.spec(payload.string_or("name", "", 200))
        models.load(spec)
        shown, state = replace(visit.page, model=spec.name), live.forget(visit.state)
        visit = replace(visit, page=shown, state=state, answers=())
        if visit.scene is not None:  # what its link takes for granted is the scene with this model's tokens
            visit = replace(visit, base=show_scene(context, live, visit.page, visit.scene).base)
        return replace(page, model=spec.name), begin(context, live, visit)
    if name == "mine":
        return page, begin(context, live, first_visit(context, page))
    if name == "led":
        return page, follow(context, live, page, visit)
    if name == "answer":
        return page, replace(visit, answers=guess.give(visit.answers, context.lesson, payload))
    return page, replace(visit, state=live.actions[name](context, visit.page, visit.state, payload))
