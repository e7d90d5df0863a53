"""HTTP/1.1 as a browser speaks it, in few instructions: what is measured is the server."""

from __future__ import annotations

import asyncio
import gzip
from urllib.parse import urlsplit

import brotli  # comes with Gradio

UNPACK = {b"br": brotli.decompress, b"gzip": gzip.decompress}
LARGEST_HEAD = 65_536


class Connection:
    """One connection that is kept open between requests and opened anew when it was closed.

    Args:
        url: of the server.
        source: the address of this machine that it comes from, "" for any.
    """

    def __init__(self, url: str, source: str = ""):
        parts = urlsplit(url)
        self.host, self.port = parts.hostname, parts.port
        self._source = (source, 0) if source else None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(
            self.host, self.port, limit=LARGEST_HEAD, local_addr=self._source
        )

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None

    async def ask(self, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """GET `path`, or POST `body` there -> (status, unpacked body).

        Raises:
            OSError, EOFError: the connection broke.
        """
        kept = self._writer is not None
        if not kept:
            await self.open()
        try:
            self._writer.write(request(self.host, path, body))
            await self._writer.drain()
            return await self._answer()
        except (ConnectionResetError, asyncio.IncompleteReadError) as error:
            self.close()
            if kept and not getattr(error, "partial", b""):  # closed while idle: as a browser, open a new one
                return await self.ask(path, body)
            raise
        except BaseException:
            self.close()
            raise

    async def send_part(self, data: bytes) -> None:
        """Write some bytes and wait for no answer."""
        if self._writer is None:
            await self.open()
        self._writer.write(data)
        await self._writer.drain()

    async def _answer(self) -> tuple[int, bytes]:
        head = await self._reader.readuntil(b"\r\n\r\n")
        status, headers = int(head[9:12]), head.lower()
        if b"transfer-encoding: chunked" in headers:
            parts = []
            while size := int(await self._reader.readuntil(b"\r\n"), 16):
                parts.append((await self._reader.readexactly(size + 2))[:-2])
            await self._reader.readexactly(2)
            body = b"".join(parts)
        else:
            body = await self._reader.readexactly(int(_header(headers, b"content-length") or 0))
        if b"connection: close" in headers:
            self.close()
        unpack = UNPACK.get(_header(headers, b"content-encoding"))
        return status, unpack(body) if unpack else body


def request(host: str, path: str, body: bytes | None = None) -> bytes:
    """The bytes of a request."""
    head = f"{'GET' if body is None else 'POST'} {path} HTTP/1.1\r\nhost: {host}\r\n"
    head += "accept-encoding: gzip, deflate, br\r\naccept-language: ko\r\n"
    if body is None:
        return (head + "\r\n").encode()
    return (head + f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n").encode() + body


def _header(headers: bytes, name: bytes) -> bytes:
    """The value of a header in a head of small letters, b"" where there is none."""
    start = headers.find(b"\r\n" + name + b": ")
    return headers[start + len(name) + 4 :].partition(b"\r\n")[0].strip() if start >= 0 else b""
