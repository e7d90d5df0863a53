"""Files that do not change while the server runs: Gradio's own scripts and styles, plotly, what trains.

Each is compressed once, not for every visitor, and handed out piece by piece from one shared buffer. Only
names that stand in the folder's own list are looked up, so no path of a visitor reaches the disk.
"""

from __future__ import annotations

import asyncio
import mimetypes
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path

from starlette.types import Scope, Send

from app.doors.answers import coding_of, packed_as, send_body
from app.doors.coding import encode

MOST_BYTES = 48_000_000  # kept in memory, all files together; what was asked for last stays
A_YEAR = (b"cache-control", b"public, max-age=31536000, immutable")  # the address holds a hash or a version
AN_HOUR = (b"cache-control", b"public, max-age=3600")
PACKED_ALREADY = (".woff2", ".woff", ".png", ".jpg", ".gz", ".wasm.gz")
Source = Path | Callable[[], bytes]  # a file, or what makes its content
TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm"}


class Files:
    """Read-only files by address, from folders that were listed once.

    folders: {first part of the address: (folder, cached for a year)}. single: {address: (file, year)}, or in
    place of the file a function that makes its content when it is first asked for.
    """

    def __init__(self, folders: Mapping[str, tuple[Path, bool]], single: Mapping[str, tuple[Source, bool]]):
        self._paths: dict[str, tuple[Source, bool]] = dict(single)
        for prefix, (folder, for_a_year) in folders.items():
            for path in folder.rglob("*"):
                if path.is_file() and not path.name.endswith(".map"):
                    self._paths[f"{prefix}{path.relative_to(folder).as_posix()}"] = path, for_a_year
        self._kept: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._size = 0
        self._reading = asyncio.Lock()

    def has(self, address: str) -> bool:
        return address in self._paths

    async def send(self, scope: Scope, send: Send, address: str) -> None:
        """Answer with the file at `address`, which must be one of ours."""
        source, for_a_year = self._paths[address]
        coding = "" if address.endswith(PACKED_ALREADY) else coding_of(scope)
        body = self._kept.get((address, coding))
        if body is None:
            async with self._reading:  # one at a time: the same file is read once however many ask
                body = self._kept.get((address, coding))
                if body is None:
                    body = await asyncio.to_thread(self._read, source, coding)
                    self._keep((address, coding), body)
        else:
            self._kept.move_to_end((address, coding))
        headers = [A_YEAR if for_a_year else AN_HOUR, *packed_as(coding)]
        await send_body(send, 200, body, kind_of(address), headers, scope["method"] == "HEAD")

    @staticmethod
    def _read(source: Source, coding: str) -> bytes:
        return encode(source.read_bytes() if isinstance(source, Path) else source(), coding)

    def _keep(self, key: tuple[str, str], body: bytes) -> None:
        self._kept[key] = body
        self._size += len(body)
        while self._size > MOST_BYTES and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._size -= len(dropped)


def kind_of(name: str) -> str:
    """The content type of a file by its name; texts are UTF-8."""
    ending = "." + name.rpartition(".")[2]
    kind = TYPES.get(ending) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    is_text = kind.startswith("text/") or kind.endswith("json")
    return kind + "; charset=utf-8" if is_text else kind
