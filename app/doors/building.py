"""One building for all doors: which addresses there are, and who answers them (long: one list of doors)."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from urllib.parse import parse_qs

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import libraries, modules
from app.browser import page as training
from app.doors import body as bodies
from app.doors.answers import NO_STORE, coding_of, packed_as, refuse, send_body
from app.doors.body import BadBody, Room
from app.doors.calls import SESSION, Calls, address_of
from app.doors.coding import packed_quickly
from app.doors.files import A_YEAR, Files, kind_of
from app.doors.language import MISWRITTEN, PAGES, LanguageDoor
from app.doors.limits import Held, give_back, limit_log, raise_open_files
from app.doors.listener import Listener
from app.doors.pages import Pages
from app.errors import InputError
from app.host import Host
from app.languages import LANGUAGES
from app.payload import Payload
from app.work import Gone, Owner

log = logging.getLogger(__name__)

# What the page and gradio_client ask Gradio for, and for what. Everything else of Gradio is closed.
WRITTEN_BY_GRADIO = {
    **{language.path: language.path for language in LANGUAGES},
    "/config": "/config",  # gradio_client: which endpoints there are
    "/config/": "/config",
    "/gradio_api/info": "/gradio_api/info",  # their arguments
    "/gradio_api/info/": "/gradio_api/info",
    "/theme.css": "/theme.css",  # colours of Gradio's own parts
    "/gradio_api/startup-events": "/gradio_api/startup-events",  # launch() knocks at its own door
    "/robots.txt": "/robots.txt",
    "/manifest.json": "/manifest.json",  # named in Gradio's page
}
OWN_SESSION = re.compile(r"[A-Za-z0-9_\-]{16,64}")
_ACT = re.compile(r"/act/([a-z\-]{2,12})/([a-z0-9\-]{1,40})")
_CALL = re.compile(r"/gradio_api/call/([a-z_]{1,40})")
_ANSWER = re.compile(r"/gradio_api/call/([a-z_]{1,40})/([a-f0-9]{32})")
JOIN, DATA, CANCEL = "/gradio_api/queue/join", "/gradio_api/queue/data", "/gradio_api/cancel"
SWEEP = 15.0  # seconds between two looks for what can be forgotten
QUEUE_RESTS = 0.5  # seconds
WORTH_PACKING = 4_000  # bytes of a picture


class Doors:
    """The ASGI application around Gradio's. `endpoints`: {name: function} of the named endpoints."""

    def __init__(
        self,
        app: ASGIApp,
        host: Host,
        scripts: modules.Modules,
        endpoints: Mapping[str, Callable[..., Any]],
    ):
        self.host, self.settings, self.scripts = host, host.settings, scripts
        self.calls = Calls(host, endpoints)
        self.files = Files(libraries.folders(), libraries.single_files() | training.served())
        self.pages = Pages(app)
        self.room = Room()
        self.held = Held(raise_open_files())
        self._language = LanguageDoor(self._inside, host.settings.lang)
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1000})
            return
        address = address_of(scope)
        if not self.held.enter(address):
            await refuse(scope, send, self.settings, 503, "busy")
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._language(scope, receive, watched)
        except (ConnectionError, Gone):
            log.debug("a visitor left")
        except BadBody as error:
            if not begun:
                await refuse(scope, send, self.settings, error.status, error.code)
        except Exception:
            log.exception("a request failed")
            if not begun:
                await refuse(scope, send, self.settings, 500, "internal")
        finally:
            self.held.leave(address)

    async def _inside(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"].removeprefix(scope.get("root_path", "")), scope["method"]
        if method in ("GET", "HEAD"):
            if path in MISWRITTEN:
                await self._redirect(scope, send, path)
                return
            if path in WRITTEN_BY_GRADIO:
                await self._page(scope, send, path)
                return
            if match := modules.ADDRESS.fullmatch(path):
                await self._script(scope, send, match[1], match[2])
                return
            if self.files.has(path):
                await self.files.send(scope, send, path)
                return
            if method == "GET" and path == DATA:
                await self._data(scope, receive, send)
                return
            if method == "GET" and (match := _ANSWER.fullmatch(path)):
                session = self.calls.session_of(match[2]) or ""
                await self._stream(receive, send, session, simple=True)
                return
        if method == "POST":
            if match := _ACT.fullmatch(path):
                await self._act(scope, receive, send, match[1], match[2])
                return
            if path in (JOIN, JOIN + "/") or _CALL.fullmatch(path):
                await self._join(scope, receive, send, _CALL.fullmatch(path))
                return
            if path == CANCEL:
                await self._cancel(scope, receive, send)
                return
        raise BadBody(404, "not_found")

    async def _page(self, scope: Scope, send: Send, path: str) -> None:
        """What Gradio wrote, and in a page's head what the asked lesson needs."""
        tag, head = "", str
        if path in PAGES:
            self.scripts.refresh()
            lang, asked = PAGES[path], self.scripts.asked(scope["query_string"].decode("latin-1"))
            tag = f"{asked.id} {self.scripts.edition.hash}"
            head = partial(self.scripts.head, lang, asked)
        if not await self.pages.send(scope, send, WRITTEN_BY_GRADIO[path], tag, head):
            raise BadBody(400, "not_understood")

    async def _script(self, scope: Scope, send: Send, asked: str, name: str) -> None:
        """One of our own scripts, styles or word files."""
        edition = self.scripts.edition
        if name not in edition.files:
            raise BadBody(404, "not_found")
        coding, body = edition.pack(name, coding_of(scope))
        # A page from before a restart asks by its old hash: it gets what there is, and does not keep it.
        kept = A_YEAR if asked == edition.hash else (b"cache-control", b"no-cache")
        headers = [kept, *packed_as(coding)]
        await send_body(send, 200, body, kind_of(name), headers, scope["method"] == "HEAD")

    async def _redirect(self, scope: Scope, send: Send, path: str) -> None:
        """To the page itself: what it loads stands beside it, relative to its address."""
        target = ".." + MISWRITTEN[path] if path else scope.get("root_path", "").rpartition("/")[2] + "/"
        query = scope["query_string"]
        location = target.encode("latin-1", "replace") + (b"?" + query if query else b"")
        await send({"type": "http.response.start", "status": 307, "headers": [(b"location", location)]})
        await send({"type": "http.response.body", "body": b""})

    # ---- a learner's action ----

    async def _act(self, scope: Scope, receive: Receive, send: Send, lang: str, lesson: str) -> None:
        if not self.host.has(lang, lesson):
            raise BadBody(404, "not_found")
        with self.room.guest(address_of(scope)) as take:
            payload = Payload(bodies.parse(await bodies.read(scope, receive, take)))
            await self._answer(scope, receive, send, lang, lesson, payload)

    async def _answer(
        self, scope: Scope, receive: Receive, send: Send, lang: str, lesson: str, payload: Payload
    ) -> None:
        session = payload.string_or("session", "", 100)
        if not OWN_SESSION.fullmatch(session):
            raise BadBody(400, "not_understood")
        coding = coding_of(scope)
        async with Listener(receive) as listener:
            begun = False
            try:
                owner = Owner(address_of(scope), session)
                async for line in self.host.act(lang, lesson, owner, payload, lambda: listener.gone):
                    if not begun and b'"busy"' not in line[:8]:
                        await self._whole(send, line, coding)
                        return
                    if not begun:
                        headers = [(b"content-type", b"application/x-ndjson"), NO_STORE]
                        await send({"type": "http.response.start", "status": 200, "headers": headers})
                        begun = True
                    await send({"type": "http.response.body", "body": line, "more_body": True})
            except InputError as error:
                if begun:  # the status is out: the broken end tells the page to ask again
                    raise ConnectionError from error
                raise BadBody(
                    *((503, "busy") if error.code == "busy" else (400, "not_understood"))
                ) from error
        if begun:
            await send({"type": "http.response.body", "body": b""})

    @staticmethod
    async def _whole(send: Send, line: bytes, coding: str) -> None:
        coding = coding if len(line) >= WORTH_PACKING else ""
        body = packed_quickly(line, coding)
        await send_body(send, 200, body, "application/x-ndjson", [NO_STORE, *packed_as(coding)])

    # ---- the endpoints ----

    async def _join(self, scope: Scope, receive: Receive, send: Send, call: re.Match | None) -> None:
        with self.room.guest(address_of(scope)) as take:
            raw = await bodies.read(scope, receive, take)
        sent = bodies.parse(raw)
        name = call[1] if call else self._name_of(scope, sent.get("fn_index"))
        if name is None or not self.calls.knows(name):
            raise BadBody(404, "no_endpoint")
        event_id = self.calls.join(scope, name, sent, len(raw))
        await send_body(send, 200, orjson.dumps({"event_id": event_id}), "application/json", [NO_STORE])

    @staticmethod
    def _name_of(scope: Scope, index: Any) -> str | None:
        """The endpoint that Gradio's config gives this number."""
        if isinstance(index, bool) or not isinstance(index, int) or "app" not in scope:
            return None
        function = scope["app"].get_blocks().fns.get(index)
        return function.api_name if function and isinstance(function.api_name, str) else None

    async def _data(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = scope["query_string"][:1000].decode("latin-1")
        session = parse_qs(query).get("session_hash", [""])[-1]
        await self._stream(receive, send, session if SESSION.fullmatch(session) else "", simple=False)

    async def _stream(self, receive: Receive, send: Send, session: str, simple: bool) -> None:
        if not self.calls.has(session):
            raise BadBody(404, "no_session")
        await self.calls.stream(receive, send, session, simple)

    async def _cancel(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self.room.guest(address_of(scope)) as take:
            sent = bodies.parse(await bodies.read(scope, receive, take))
        session, event_id = sent.get("session_hash"), sent.get("event_id")
        if isinstance(session, str) and (event_id is None or isinstance(event_id, str)):
            self.calls.cancel(session, event_id)
        await send_body(send, 200, b'{"success":true}', "application/json", [NO_STORE])


def launch_arguments(
    host: Host, scripts: modules.Modules, endpoints: Mapping[str, Callable[..., Any]]
) -> dict[str, Any]:
    """`app_kwargs` of `demo.launch()`: the doors go up around Gradio's whole application as it starts."""

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        doors = Doors(app.middleware_stack, host, scripts, endpoints)
        app.middleware_stack = doors
        limit_log()
        rest(app.get_blocks())
        sweeping = asyncio.create_task(_sweep(host, doors))
        try:
            yield
        finally:
            sweeping.cancel()

    return {"lifespan": lifespan}


def rest(blocks: Any) -> None:
    """Let Gradio's queue, which nothing reaches any more, look for work rarely and not every millisecond."""
    queue = getattr(blocks, "_queue", None)
    for name in ("sleep_when_free", "progress_update_sleep_when_free"):
        if hasattr(queue, name):
            setattr(queue, name, QUEUE_RESTS)


async def _sweep(host: Host, doors: Doors) -> None:
    while True:
        await asyncio.sleep(SWEEP)
        host.forget()
        doors.calls.forget()
        await asyncio.to_thread(give_back)
