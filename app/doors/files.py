"""Files that do not change while the server runs: Gradio's own scripts and styles, plotly, the icon.

Each is compressed once, not for every visitor, and handed out piece by piece from one shared buffer. Only
names that stand in the folder's own list are looked up, so no path of a visitor reaches the disk.
"""

from __future__ import annotations

import asyncio
import mimetypes
from collections import OrderedDict
from pathlib import Path

from starlette.types import Scope, Send

from app.doors.answers import accepts_gzip, packed, send_body

MOST_BYTES = 48_000_000  # kept in memory, all files together; what was asked for last stays
A_YEAR = (b"cache-control", b"public, max-age=31536000, immutable")  # the address holds a hash or a version
AN_HOUR = (b"cache-control", b"public, max-age=3600")
PACKED_ALREADY = (".woff2", ".woff", ".png", ".jpg", ".gz", ".wasm.gz")
TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm"}


class Files:
    """Read-only files by address, from folders that were listed once.

    folders: {first part of the address: (folder, cached for a year)}. single: {address: (file, year)}.
    """

    def __init__(self, folders: dict[str, tuple[Path, bool]], single: dict[str, tuple[Path, bool]]):
        self._paths: dict[str, tuple[Path, bool]] = dict(single)
        for prefix, (folder, for_a_year) in folders.items():
            for path in folder.rglob("*"):
                if path.is_file() and not path.name.endswith(".map"):
                    self._paths[f"{prefix}{path.relative_to(folder).as_posix()}"] = path, for_a_year
        self._kept: OrderedDict[tuple[str, bool], bytes] = OrderedDict()
        self._size = 0
        self._reading = asyncio.Lock()

    def has(self, address: str) -> bool:
        return address in self._paths

    async def send(self, scope: Scope, send: Send, address: str) -> None:
        """Answer with the file at `address`, which must be one of ours."""
        path, for_a_year = self._paths[address]
        gzipped = accepts_gzip(scope) and not path.name.endswith(PACKED_ALREADY)
        body = self._kept.get((address, gzipped))
        if body is None:
            async with self._reading:  # one at a time: the same file is read once however many ask
                body = self._kept.get((address, gzipped))
                if body is None:
                    body = await asyncio.to_thread(self._read, path, gzipped)
                    self._keep((address, gzipped), body)
        else:
            self._kept.move_to_end((address, gzipped))
        kind = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        if kind.startswith("text/") or kind.endswith(("javascript", "json")):
            kind += "; charset=utf-8"
        headers = [A_YEAR if for_a_year else AN_HOUR, (b"vary", b"Accept-Encoding")]
        if gzipped:
            headers.append((b"content-encoding", b"gzip"))
        await send_body(send, 200, body, kind, headers, scope["method"] == "HEAD")

    @staticmethod
    def _read(path: Path, gzipped: bool) -> bytes:
        body = path.read_bytes()
        return packed(body) if gzipped else body

    def _keep(self, key: tuple[str, bool], body: bytes) -> None:
        self._kept[key] = body
        self._size += len(body)
        while self._size > MOST_BYTES and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._size -= len(dropped)
