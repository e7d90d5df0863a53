"""The page's scripts, styles and words: files at addresses that hold one hash of them all.

    /m/<hash>/assets/js/main.js      /m/<hash>/lessons/<folder>/draw.js      /m/<hash>/words/ko/<id>.json

Under one hash the scripts import each other by relative addresses, without a build step, and a browser may
keep them for ever. The HTML names the first script, the shared styles, and what the asked lesson's first
picture imports; every other lesson comes when its tab is first opened (assets/js/lessons.js).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import posixpath
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import i18n, libraries
from app.doors import PAGES
from app.lesson import Lesson

try:  # comes with Gradio
    import brotli
except ImportError:
    brotli = None

ROOT = Path(__file__).parent.parent
STYLES = ("tokens", "base", "shell", "views")  # in this order: a later rule wins
STYLE, MAIN, FIRST = "assets/css/page.css", "assets/js/main.js", "assets/js/first.js"
TYPES = {".js": "text/javascript", ".css": "text/css", ".json": "application/json"}
_ADDRESS = re.compile(r"/m/([0-9a-f]+)/([\w./-]+)")
_IMPORT = re.compile(r"""^(?:import|export)\b[^"';]*\bfrom "(\.[^"]+)";""", re.MULTILINE)

# (language, "shell" or the id of a lesson) -> what the browser needs of it before the first answer
Light = Mapping[tuple[str, str], Callable[[], dict[str, Any]]]


def best_coding(accepted: str) -> str:
    """The best of our codings in an Accept-Encoding header: "br", "gzip" or "" for none."""
    names = {name.partition(";")[0].strip() for name in accepted.split(",") if ";q=0" not in name}
    return next((name for name in ("br", "gzip") if name in names and (brotli or name != "br")), "")


def encode(body: bytes, coding: str) -> bytes:
    """`body` in one of `best_coding`, packed within a few milliseconds."""
    if coding == "br":
        return brotli.compress(body, quality=5)
    return gzip.compress(body, 6, mtime=0) if coding == "gzip" else body


@dataclass(frozen=True)
class Edition:
    """All files as they were at one moment.

    Args:
        files: {address below the hash: content}.
        packed: {(address, coding): content as it is sent}, filled as they are asked for.
    """

    files: Mapping[str, bytes]
    packed: dict[tuple[str, str], bytes] = field(default_factory=dict)

    @property
    def hash(self) -> str:
        told = hashlib.sha256()
        for name, content in sorted(self.files.items()):
            told.update(f"{name}\0{len(content)}\0".encode() + content)
        return told.hexdigest()[:16]

    def pack(self, name: str, accepted: str) -> tuple[str, bytes]:
        """The file as `encode` gives it, packed once for each coding."""
        coding = best_coding(accepted)
        if (name, coding) not in self.packed:
            self.packed[name, coding] = encode(self.files[name], coding)
        return coding, self.packed[name, coding]

    def needed_by(self, script: str) -> list[str]:
        """`script` and all that it imports, however deep."""
        found, waiting = [], [script]
        while waiting:
            name = waiting.pop()
            if name in found or name not in self.files:
                continue
            found.append(name)
            folder = posixpath.dirname(name)
            imported = _IMPORT.findall(self.files[name].decode())
            waiting += [posixpath.normpath(posixpath.join(folder, path)) for path in imported]
        return sorted(found)


class Modules:
    """What is served, and what the HTML of a page says of it.

    Args:
        lessons: whose scripts and styles are served; the first one is shown where the address asks for none.
        light: what Python says of the shell and of each lesson.
        reload: look for changed files whenever a page is asked for.
    """

    def __init__(self, lessons: Sequence[Lesson], light: Light, reload: bool = False):
        self.lessons, self.light, self.reload = lessons, light, reload
        self.first = first_lesson(lessons)
        self.seen = self._signature()
        self.edition = self._read()

    def refresh(self) -> None:
        """With `reload`: take what has changed on the disk since the last page, texts included."""
        if self.reload and (seen := self._signature()) != self.seen:
            i18n.read_anew()
            self.seen, self.edition = seen, self._read()

    def _files(self) -> Iterable[tuple[str, Path]]:
        scripts = (ROOT / "assets/js").rglob("*.js")
        yield from ((path.relative_to(ROOT).as_posix(), path) for path in scripts)
        for lesson in self.lessons:
            for path in lesson.folder.rglob("*.*"):
                if path.suffix in (".js", ".css"):
                    yield f"lessons/{lesson.folder.name}/{path.relative_to(lesson.folder).as_posix()}", path

    def _signature(self) -> tuple[tuple[str, int, int], ...]:
        texts = [*(ROOT / "assets").glob("*.md"), *(ROOT / "assets/css").glob("*.css")]
        texts += [path for lesson in self.lessons for path in lesson.folder.glob("*.md")]
        stats = ((str(path), path.stat()) for path in [*(path for _, path in self._files()), *texts])
        return tuple(sorted((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats))

    def _read(self) -> Edition:
        files = {name: path.read_bytes() for name, path in self._files()}
        # One request for the styles that every page needs at once.
        files[STYLE] = b"\n".join((ROOT / f"assets/css/{name}.css").read_bytes() for name in STYLES)
        for (lang, name), light in self.light.items():
            files[f"words/{lang}/{name}.json"] = _json(light()).encode()
        return Edition(files)

    def head(self, lang: str, query: str, home: str) -> str:
        """What stands in the <head> of a page. `home` leads from the page to the app."""
        edition = self.edition
        wanted = parse_qs(query).get("lesson", [""])[-1]
        asked = next((lesson for lesson in self.lessons if lesson.id == wanted), self.first)
        folder = f"lessons/{asked.folder.name}"
        base = f"{home}m/{edition.hash}/"
        styled = {
            lesson.id: f"lessons/{lesson.folder.name}/style.css"
            for lesson in self.lessons
            if f"lessons/{lesson.folder.name}/style.css" in edition.files
        }
        said = {
            "lang": lang,
            "asked": asked.id,
            "styled": list(styled),
            "libraries": libraries.addresses(),
            **{
                part: json.loads(edition.files[f"words/{lang}/{name}.json"])
                for part, name in (("shell", "shell"), ("lesson", asked.id))
            },
        }
        styles = [STYLE, *([styled[asked.id]] if asked.id in styled else [])]
        scripts = sorted({*edition.needed_by(MAIN), *edition.needed_by(f"{folder}/draw.js")} - {MAIN})
        lines = [
            f'<script type="application/json" id="one-token-page">{_json(said)}</script>',
            f"<script>{edition.files[FIRST].decode()}</script>",
            *(f'<link rel="stylesheet" href="{base}{name}">' for name in styles),
            *(f'<link rel="modulepreload" href="{base}{name}">' for name in scripts),
            f'<script type="module" src="{base}{MAIN}"></script>',
        ]
        return "\n".join(lines)


def first_lesson(lessons: Sequence[Lesson]) -> Lesson:
    """The lesson of a visit whose address names none."""
    return next((lesson for lesson in lessons if lesson.first), lessons[0])


def _json(data: Any) -> str:
    """JSON that may stand inside a <script> element."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace(
        "<", "\\u003c"
    )


class ModulesDoor:
    """Answers /m/… itself, and writes into the pages what they need of it."""

    def __init__(self, app: ASGIApp, modules: Modules):
        self.app, self.modules = app, modules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            return await self.app(scope, receive, send)
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        accepted = Headers(scope=scope).get("accept-encoding", "")
        if match := _ADDRESS.fullmatch(path):
            return await self._file(*match.groups(), accepted)(scope, receive, send)
        if path in PAGES and scope["method"] == "GET":
            self.modules.refresh()
            home = "../" if path == "/en/" else ""
            if not path:  # under --root-path and without its slash, relative to the folder above
                home = scope["root_path"].rpartition("/")[2] + "/"
            head = self.modules.head(PAGES[path], scope["query_string"].decode("latin-1"), home)
            send = _Insert(head.encode(), accepted, send)
        await self.app(scope, receive, send)

    def _file(self, asked: str, name: str, accepted: str) -> Response:
        edition = self.modules.edition
        if name not in edition.files:
            return PlainTextResponse("not found", 404)
        coding, body = edition.pack(name, accepted)
        # A page from before a restart asks by its old hash: it gets what there is, and does not keep it.
        kept = libraries.A_YEAR if asked == edition.hash else {"Cache-Control": "no-cache"}
        headers = {"Vary": "Accept-Encoding", **kept} | ({"Content-Encoding": coding} if coding else {})
        return Response(body, media_type=TYPES[Path(name).suffix], headers=headers)


class _Insert:
    """A `send` that puts `head` into an HTML page and compresses it; all else passes unchanged."""

    def __init__(self, head: bytes, accepted: str, send: Send):
        self.head, self.accepted, self.send = head, accepted, send
        self.start: Message | None = None
        self.body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            kind = Headers(raw=message["headers"]).get("content-type", "")
            if message["status"] == 200 and kind.startswith("text/html"):
                self.start = message
                return
        if self.start is None:
            return await self.send(message)
        self.body += message.get("body", b"")
        if message.get("more_body"):
            return
        before, end, after = self.body.rpartition(b"</head>")
        coding = best_coding(self.accepted)
        body = encode(before + self.head + end + after, coding)
        ours = (b"content-length", b"vary")
        headers = [pair for pair in self.start["headers"] if pair[0] not in ours]
        headers += [(b"content-length", str(len(body)).encode()), (b"vary", b"Accept-Encoding")]
        headers += [(b"content-encoding", coding.encode())] if coding else []
        await self.send({**self.start, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


def middleware(modules: Modules) -> list[Middleware]:
    return [Middleware(ModulesDoor, modules=modules)]
