"""The page's scripts, styles and words: files at addresses that hold one hash of them all.

    /m/<hash>/assets/js/main.js      /m/<hash>/lessons/<folder>/draw.js      /m/<hash>/words/ko/<id>.json

Under one hash the scripts import each other by relative addresses, without a build step, and a browser may
keep them for ever. The HTML names the first script, the shared styles, and what the asked lesson's first
picture imports; every other lesson comes when its tab is first opened (assets/js/lessons.js).
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs

from app import cards, i18n, libraries, links
from app.doors.coding import encode
from app.languages import LANGUAGES
from app.lesson import Lesson

MOST_NAMES = 200  # in a query that is read
ROOT = Path(__file__).parent.parent
STYLES = ("tokens", "base", "shell", "views")  # in this order: a later rule wins
TERMS = "terms"  # no lesson has this id
STYLE, MAIN, FIRST = "assets/css/page.css", "assets/js/main.js", "assets/js/first.js"
TYPES = {".js": "text/javascript", ".css": "text/css", ".json": "application/json"}
ADDRESS = re.compile(r"/m/([0-9a-f]+)/([\w./-]+)")
_IMPORT = re.compile(r"""^(?:import|export)\b[^"';]*\bfrom "(\.[^"]+)";""", re.MULTILINE)

# (language, "shell" or the id of a lesson) -> what the browser needs of it before the first answer
Light = Mapping[tuple[str, str], Callable[[], dict[str, Any]]]


@dataclass(frozen=True)
class Edition:
    """All files as they were at one moment.

    Args:
        files: {address below the hash: content}.
        packed: {(address, coding): content as it is sent}, filled as they are asked for.
    """

    files: Mapping[str, bytes]
    packed: dict[tuple[str, str], bytes] = field(default_factory=dict)

    @cached_property
    def hash(self) -> str:
        told = hashlib.sha256()
        for name, content in sorted(self.files.items()):
            told.update(f"{name}\0{len(content)}\0".encode() + content)
        return told.hexdigest()[:16]

    def pack(self, name: str, coding: str) -> tuple[str, bytes]:
        """The file in `coding`, packed once."""
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
        told: what every page is told beside, by name.
    """

    def __init__(
        self,
        lessons: Sequence[Lesson],
        light: Light,
        reload: bool = False,
        told: Mapping[str, Any] = MappingProxyType({}),
    ):
        self.lessons, self.light, self.reload, self.told = lessons, light, reload, told
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
        for language in LANGUAGES:
            files[f"words/{language.code}/{TERMS}.json"] = _json(
                cards.whole(self.lessons, language.code)
            ).encode()
        return Edition(files)

    def asked(self, query: str) -> Lesson:
        """The lesson that an address with this query is about."""
        try:
            wanted = parse_qs(query, max_num_fields=MOST_NAMES).get("lesson", [""])[-1]
        except ValueError:
            wanted = ""
        return next((lesson for lesson in self.lessons if lesson.id == wanted), self.first)

    def head(self, lang: str, asked: Lesson) -> str:
        """What stands in the <head> of the page in `lang` that shows the lesson `asked` first."""
        edition = self.edition
        folder = f"lessons/{asked.folder.name}"
        base = f"m/{edition.hash}/"
        styled = {
            lesson.id: f"lessons/{lesson.folder.name}/style.css"
            for lesson in self.lessons
            if f"lessons/{lesson.folder.name}/style.css" in edition.files
        }
        said = {
            "lang": lang,
            "languages": [language._asdict() | {"html": language.html} for language in LANGUAGES],
            "asked": asked.id,
            "styled": list(styled),
            "libraries": libraries.addresses(),
            "foreign": links.FOREIGN,
            "terms": next((lesson.id for lesson in self.lessons if lesson.terms), None),
            **self.told,
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
