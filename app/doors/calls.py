"""The endpoints' door: Gradio's call protocol, spoken by us (long: one protocol).

Nothing a visitor sends reaches Gradio.

`gradio_client` and curl see what they always saw: a call is put down (`queue/join` or `call/<name>`) and its
answer is read from a stream (`queue/data` or `call/<name>/<event>`). A call begins when somebody listens and
is dropped when she has gone, so nothing is computed, and no answer kept, for nobody.
"""

from __future__ import annotations

import asyncio
import inspect
import re
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from app.doors.answers import NO_STORE, PIECE, language
from app.doors.body import BadBody
from app.doors.listener import Listener
from app.errors import InputError, shown
from app.host import Host
from app.languages import CODES
from app.work import Gone, Owner

SESSION = re.compile(r"[A-Za-z0-9_\-]{1,64}")
MOST_CHANNELS = 512
MOST_BYTES_WAITING = 16_000_000  # of arguments that are not answered yet
MOST_BYTES_ANSWERED = 160_000_000  # of answers that are on their way; one holds up to 40 MB
MOST_OPEN = 64  # calls of one session that are not answered yet
NOBODY_LISTENS = 30.0  # seconds until a call is dropped
HEARTBEAT = 15.0  # seconds
SLOWEST_READER = 120.0  # seconds for one answer to be taken; a slow one holds room that others need


@dataclass
class Call:
    """One call that was put down. `lang`: of the sentence that says what is wrong with it."""

    event_id: str
    name: str
    arguments: list[Any]
    size: int
    lang: str
    gone: bool = False


@dataclass
class Channel:
    """What one session has asked and not been told yet.

    Args:
        calls: {event id: call} that are not answered yet; `waiting` of them have not begun.
        ready: (event id, worked, JSON) of each answer; None wakes the one who tells them.
    """

    owner: Owner
    calls: dict[str, Call] = field(default_factory=dict)
    waiting: list[Call] = field(default_factory=list)
    listening: bool = False
    gone: bool = False
    ready: asyncio.Queue = field(default_factory=asyncio.Queue)
    touched: float = field(default_factory=time.monotonic)


class Calls:
    """All calls that are under way. `functions`: {endpoint: function or generator function}."""

    def __init__(self, host: Host, functions: Mapping[str, Callable[..., Any]]):
        self._host, self._functions = host, functions
        self._channels: dict[str, Channel] = {}
        self._bytes_waiting = self._bytes_answered = 0
        self._tasks: set[asyncio.Task] = set()

    def knows(self, name: str) -> bool:
        return name in self._functions

    def join(self, scope: Scope, name: str, body: Mapping[str, Any], size: int) -> str:
        """Put a call down -> its event id.

        Raises:
            BadBody: arguments that are no list, a session that is no name, or too many calls wait.
        """
        arguments, session = body.get("data", []), body.get("session_hash")
        event_id = uuid.uuid4().hex
        session = event_id if session is None else session
        if not isinstance(arguments, list) or not isinstance(session, str) or not SESSION.fullmatch(session):
            raise BadBody(400, "not_understood")
        channel = self._channels.get(session)
        full = len(self._channels) >= MOST_CHANNELS if channel is None else len(channel.calls) >= MOST_OPEN
        if full or self._bytes_waiting + size > MOST_BYTES_WAITING:
            raise BadBody(503, "busy")
        if channel is None:
            channel = self._channels[session] = Channel(Owner(address_of(scope), session))
        call = Call(event_id, name, arguments, size, language(scope, self._host.settings))
        channel.calls[event_id] = call
        channel.touched = time.monotonic()
        self._bytes_waiting += size
        channel.waiting.append(call)
        if channel.listening:
            self._begin(channel)
        return event_id

    def session_of(self, event_id: str) -> str | None:
        """The session that a call belongs to."""
        return next(
            (session for session, channel in self._channels.items() if event_id in channel.calls),
            None,
        )

    def has(self, session: str) -> bool:
        return session in self._channels

    def forget(self) -> None:
        """Drop the calls that nobody has come to listen for."""
        old = time.monotonic() - NOBODY_LISTENS
        for session, channel in list(self._channels.items()):
            if not channel.listening and channel.touched < old:
                self._drop(session, channel)

    def cancel(self, session: str, event_id: str | None) -> None:
        """The visitor takes back one call, or all of hers."""
        channel = self._channels.get(session)
        if channel is None:
            return
        if event_id is None:
            self._drop(session, channel)
        elif call := channel.calls.get(event_id):
            call.gone = True
            if call in channel.waiting:
                channel.waiting.remove(call)
            self._settle(channel, call, True, None)

    async def stream(self, receive: Receive, send: Send, session: str, simple: bool) -> None:
        """Tell the answers of `session` as server-sent events, until none is open.

        Args:
            simple: as for curl, an event and its data; else as `gradio_client` wants it.
        """
        channel = self._channels[session]
        channel.listening = True
        async with Listener(receive) as listener:
            listener.on_gone(lambda: self._drop(session, channel))
            try:
                headers = [(b"content-type", b"text/event-stream; charset=utf-8"), NO_STORE]
                await send({"type": "http.response.start", "status": 200, "headers": headers})
                self._begin(channel)
                while channel.calls or not channel.ready.empty():
                    try:
                        told = await asyncio.wait_for(channel.ready.get(), HEARTBEAT)
                    except TimeoutError:
                        await _send(send, _heartbeat(simple))
                        continue
                    if told is None:
                        break
                    event_id, worked, answer = told
                    if not channel.calls and channel.ready.empty():
                        self._drop(session, channel)  # a call that comes now opens a channel of its own
                    try:
                        async with asyncio.timeout(SLOWEST_READER):
                            await _send(send, _told(event_id, worked, answer, simple))
                    except TimeoutError as error:
                        raise ConnectionError from error
                    finally:
                        self._bytes_answered -= len(answer or b"")
                if not simple:
                    await _send(send, [b'data: {"msg":"close_stream"}\n\n'])
                await send({"type": "http.response.body", "body": b""})
            finally:
                self._drop(session, channel)

    def _drop(self, session: str, channel: Channel) -> None:
        """Nobody waits for these answers any more: what has not begun never will."""
        if self._channels.get(session) is channel:
            del self._channels[session]
        if channel.gone:
            return
        channel.gone = True
        for call in channel.calls.values():
            call.gone = True
            self._bytes_waiting -= call.size
        channel.calls.clear()
        channel.waiting.clear()
        while not channel.ready.empty():
            _, _, answer = channel.ready.get_nowait()
            self._bytes_answered -= len(answer or b"")
        channel.ready.put_nowait(None)

    def _settle(self, channel: Channel, call: Call, worked: bool, answer: bytes | None) -> None:
        """A call is over: its answer waits to be told, unless nobody is there."""
        if channel.calls.pop(call.event_id, None) is None:
            return
        self._bytes_waiting -= call.size
        self._bytes_answered += len(answer or b"")
        channel.ready.put_nowait((call.event_id, worked, answer))

    def _begin(self, channel: Channel) -> None:
        for call in channel.waiting:
            task = asyncio.create_task(self._answer(channel, call))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        channel.waiting.clear()

    async def _answer(self, channel: Channel, call: Call) -> None:
        try:
            call.lang = self._spoken(call)
            job = self._job(call)
            answer = await self._host.endpoint_work.run(channel.owner, job, lambda: call.gone)
            if self._bytes_answered + len(answer) > MOST_BYTES_ANSWERED:
                raise InputError("busy")
            worked = True
        except Gone:
            return
        except Exception as error:
            told = self._host.refuse(error, call.lang)
            answer, worked = orjson.dumps(told.encode("utf-8", "replace").decode()), False
        self._settle(channel, call, worked, answer)

    def _spoken(self, call: Call) -> str:
        """The language of what is told: that of the argument `lang`, else that of the request.

        Raises:
            InputError("unknown_language"): one that we do not speak.
        """
        try:
            given = inspect.signature(self._functions[call.name]).bind_partial(*call.arguments)
        except TypeError:  # told in a sentence by `_job`
            return call.lang
        asked = given.arguments.get("lang", "")
        if asked == "":
            return call.lang
        if not isinstance(asked, str) or asked not in CODES:
            raise InputError("unknown_language", name=shown(asked), known=", ".join(CODES))
        return asked

    def _job(self, call: Call) -> Callable[[], Any]:
        """The work of a call; its answer as JSON. Missing arguments get their defaults."""
        function = self._functions[call.name]
        try:
            inspect.signature(function).bind(*call.arguments)
        except TypeError as error:
            names = ", ".join(
                name if parameter.default is parameter.empty else f"{name}={parameter.default}"
                for name, parameter in inspect.signature(function).parameters.items()
            )
            raise InputError("wrong_arguments", names=names) from error

        def steps():
            found = function(*call.arguments)
            if inspect.isgenerator(found):
                found = yield from found
            return orjson.dumps(found)

        return steps


def address_of(scope: Scope) -> str:
    """Where a connection comes from."""
    return scope["client"][0] if scope.get("client") else ""


def _told(event_id: str, worked: bool, answer: bytes | None, simple: bool) -> list[bytes]:
    """One answer as the parts of an event.

    `answer` is JSON, of a sentence where the call has not worked, and None where it was taken back.
    """
    if answer is None:
        return (
            []
            if simple
            else [
                b'data: {"msg":"process_completed","event_id":"'
                + event_id.encode()
                + b'","output":{},"success":true}\n\n'
            ]
        )
    failed = b'{"error":' + answer + b',"title":"","duration":10,"visible":true}'
    if simple:
        event, data = (b"complete", [b"[", answer, b"]"]) if worked else (b"error", [failed])
        return [b"event: " + event + b"\ndata: ", *data, b"\n\n"]
    head = b'data: {"msg":"process_completed","event_id":"' + event_id.encode() + b'","output":'
    if worked:
        return [head, b'{"data":[', answer, b'],"is_generating":false},"success":true}\n\n']
    return [head, failed, b',"success":false}\n\n']


def _heartbeat(simple: bool) -> list[bytes]:
    return [b"event: heartbeat\ndata: null\n\n" if simple else b'data: {"msg":"heartbeat"}\n\n']


async def _send(send: Send, parts: list[bytes]) -> None:
    """Hand an event out in pieces, so that a slow reader holds little of it twice."""
    for part in parts:
        view = memoryview(part)
        for start in range(0, len(part), PIECE):
            body = bytes(view[start : start + PIECE])
            await send({"type": "http.response.body", "body": body, "more_body": True})
