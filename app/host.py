"""What one server process holds for all who visit it: models, stages, the turns of work, and who is where.

An action comes in at `Host.act` and its picture goes out as bytes. What a learner holds on the server is one
`Page` and a `Visit` for each lesson, forgotten five minutes after her last action: the browser sends along
where she stands, so a server that has forgotten her, or has just started, goes on from there.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields, replace
from typing import Any

import orjson

from app import i18n, models
from app.engine import memory
from app.engine.copies import COPIES, visitor
from app.errors import InputError, UserError
from app.lesson import Context, Page, Stage
from app.models import Registry
from app.payload import Payload
from app.settings import Settings
from app.stage import answer, explain, reply
from app.visits import Visit, linked_model
from app.work import MOST_OF_A_SESSION, Gone, Owner, Work

log = logging.getLogger(__name__)

FORGOTTEN_AFTER = 300  # seconds after the last action
MOST_SESSIONS = 1000
LARGEST_SEQ = 2**31 - 1
PAGE_THREADS, ENDPOINT_THREADS, LOADING_THREADS = 2, 1, 2
MOST_WAITING = 512  # actions; a class of 400 may press at once
MOST_CALLS_WAITING = 64


@dataclass
class Place:
    """Where one learner stands in one lesson, and the number of the action that was answered last."""

    visit: Visit | None = None
    answered: int | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    coming: int = 0  # actions that wait for their turn or are carried out


@dataclass
class Session:
    """One opened page: what its lessons share, and her place in each."""

    page: Page
    places: dict[str, Place] = field(default_factory=dict)
    touched: float = 0.0


class Host:
    """Answers the actions of all learners. Its coroutines belong to the server's one event loop."""

    def __init__(self, settings: Settings):
        self.settings = settings
        memory.SHARED.limit(settings.memory * memory.MEGABYTE)
        self.registry = Registry(settings.model)
        self.page_work = Work("page", PAGE_THREADS, MOST_WAITING)
        self.endpoint_work = Work("endpoints", ENDPOINT_THREADS, MOST_CALLS_WAITING)
        self._reading = Work("reading", LOADING_THREADS, MOST_CALLS_WAITING)
        self._downloading = Work("downloading", LOADING_THREADS, MOST_CALLS_WAITING)
        self._stages: dict[tuple[str, str], tuple[Context, Stage]] = {}
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def add(self, context: Context, stage: Stage) -> None:
        """A lesson's stage in one language, as it is mounted."""
        self._stages[context.lang, context.lesson.id] = context, stage

    def has(self, lang: str, lesson: str) -> bool:
        """There is such a stage."""
        return (lang, lesson) in self._stages

    @property
    def n_sessions(self) -> int:
        """Learners that are remembered now."""
        return len(self._sessions)

    def forget(self, before: float | None = None) -> int:
        """Drop the sessions whose last action is older than FORGOTTEN_AFTER, and what was computed for them.

        Returns how many sessions.
        """
        memory.SHARED.forget(FORGOTTEN_AFTER)
        before = time.monotonic() - FORGOTTEN_AFTER if before is None else before
        old = [name for name, session in self._sessions.items() if session.touched < before]
        for name in old:
            del self._sessions[name]
            COPIES.leave(name)
        return len(old)

    async def act(
        self, lang: str, lesson: str, owner: Owner, payload: Payload, gone: Callable[[], bool]
    ) -> AsyncIterator[bytes]:
        """Carry out one action: news of a model that is loading, then the picture, each a line of JSON.

        A question of the page ("ask") has one line, its reply.

        Raises:
            InputError("busy"): too many wait. Gone: nobody listens any more.
        """
        context, stage = self._stages[lang, lesson]
        seq = payload.whole_or("seq", 0, 1, LARGEST_SEQ)
        session = self.session(owner.session)
        place = session.places.setdefault(lesson, Place())
        if "ask" in payload:  # it changes nothing, so it waits for no turn

            def told() -> bytes:
                with visitor(owner.session):
                    answered = reply(context, stage, session.page, place.visit, payload)
                return orjson.dumps(answered | {"seq": seq}) + b"\n"

            yield await self.page_work.run(owner, told, gone)
            return
        if place.coming >= MOST_OF_A_SESSION:
            raise InputError("busy")
        async with _turn(place):
            if gone():
                raise Gone
            async for news in self._news(context, owner, payload):
                yield orjson.dumps(news | {"seq": seq}) + b"\n"
            page, visit = session.page, place.visit
            again = seq > 0 and place.answered == seq

            def work() -> tuple[Page, Visit | None, bytes]:
                with visitor(owner.session):
                    new_page, new_visit, picture = answer(context, stage, page, visit, payload, again)
                return new_page, new_visit, orjson.dumps(picture | {"seq": seq}) + b"\n"

            new_page, place.visit, picture = await self.page_work.run(owner, work, gone)
            session.page = _changed(session.page, page, new_page)
            place.answered = seq
        yield picture

    def session(self, name: str) -> Session:
        """The learner of that name, who is now here; a new one begins without a text of her own."""
        session = self._sessions.get(name)
        if session is None:
            session = self._sessions[name] = Session(Page(None, self.registry.default))
            while len(self._sessions) > MOST_SESSIONS:
                COPIES.leave(self._sessions.popitem(last=False)[0])
        self._sessions.move_to_end(name)
        session.touched = time.monotonic()
        return session

    async def _news(self, context: Context, owner: Owner, payload: Payload) -> AsyncIterator[dict[str, Any]]:
        """How far the model that the action names is, where it is not in memory yet."""
        name = payload.string_or("name", "", 200)
        try:
            spec = context.registry.spec(name or linked_model(payload))
        except UserError:
            return  # the action itself explains it
        if not name and (spec.source != "hub" or models.is_loaded(spec)):
            return
        words = i18n.shared_text(context.lang)
        if models.is_loaded(spec):
            yield {"busy": words["loading.ready"], "fraction": 1.0}
            return
        lane = self._downloading if spec.source == "hub" else self._reading  # nobody waits behind a download
        told, loop = asyncio.Queue(), asyncio.get_running_loop()

        def progress(*news: Any) -> None:
            loop.call_soon_threadsafe(told.put_nowait, news)

        async def load() -> None:
            try:
                await lane.run(owner, lambda: models.load(spec, progress=progress))
            except Exception as error:  # asked for again by the answer, which explains it
                log.debug("the model did not load: %s", error)
            finally:
                told.put_nowait(None)

        loading = asyncio.create_task(load())
        while (news := await told.get()) is not None:
            fraction, stage_name = news
            yield {"busy": words[f"loading.{stage_name}"], "fraction": fraction}
        await loading

    def refuse(self, error: Exception, lang: str) -> str:
        """The one sentence of a request that cannot be answered."""
        return i18n.plain(explain(error, lang))


@asynccontextmanager
async def _turn(place: Place) -> AsyncIterator[None]:
    """One action of a learner in a lesson after the other."""
    place.coming += 1
    try:
        async with place.turn:
            yield
    finally:
        place.coming -= 1


def _changed(now: Page, before: Page, after: Page) -> Page:
    """`now` with what an action changed: what she did meanwhile in another tab stays."""
    changes = {
        item.name: getattr(after, item.name)
        for item in fields(Page)
        if getattr(after, item.name) != getattr(before, item.name)
    }
    return replace(now, **changes)
