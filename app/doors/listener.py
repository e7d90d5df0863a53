"""Is she still there? Watches a connection while its answer is made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.types import Receive


class Listener:
    """`async with Listener(receive) as listener:` once the body is read; `gone` is true when she has left."""

    def __init__(self, receive: Receive):
        self._receive = receive
        self._told: list[Callable[[], object]] = []
        self.gone = False

    def on_gone(self, tell: Callable[[], object]) -> None:
        self._told.append(tell)

    async def __aenter__(self) -> Listener:
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._task.cancel()

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.gone = True
        for tell in self._told:
            tell()
