"""Which language a visitor gets: `/` is the table's first, `/<code>` another, and `?lang=` beats both."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, quote

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from app.languages import CODES, DEFAULT, LANGUAGES, spoken
from app.links import is_foreign
from app.settings import Settings

_WEIGHT = re.compile(r"[01](\.[0-9]*)?")
# Also as a person may write it: without the only slash, or with one too many.
MISWRITTEN = {"": "/"} | {f"{language.path}/": language.path for language in LANGUAGES[1:]}
PAGES = {language.path: language.code for language in LANGUAGES}
PAGES |= {written: PAGES[meant] for written, meant in MISWRITTEN.items()}


def preferred_language(accept_language: str) -> str:
    """The first of our languages in an Accept-Language header, by its weights; else the table's first."""
    weighed = []
    for place, entry in enumerate(accept_language.split(",")):
        name, _, weight = "".join(entry.lower().split()).partition(";q=")
        lang, weight = spoken(name), weight or "1"
        if lang and _WEIGHT.fullmatch(weight) and float(weight) > 0:  # 0: not wanted
            weighed.append((-float(weight), place, lang))
    return min(weighed)[-1] if weighed else DEFAULT


class LanguageDoor:
    """Sends a visitor to the page of her language.

    The link's language wins; on a first visit it is the one that the browser asks for.

    A first visit is the bare address, or one with nothing but foreign names in its query (app/links.py): a
    link and a chosen language come with names of ours.
    """

    def __init__(self, app: ASGIApp, lang: str):
        self.app, self.lang = app, lang

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        target = (
            self._target(scope) if scope["type"] == "http" and scope["method"] in ("GET", "HEAD") else None
        )
        if target is None:
            await self.app(scope, receive, send)
            return
        headers = [(b"location", target.encode("latin-1")), (b"vary", b"Accept-Language")]
        await send({"type": "http.response.start", "status": 307, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    def _target(self, scope: Scope) -> str | None:
        """Where to send the visitor, relative to where she is; None when she is right here."""
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        here = PAGES.get(path)
        if here is None:
            return None
        query = scope["query_string"].decode("latin-1")  # and back: unescaped bytes stay as they are
        names = parse_qs(query, keep_blank_values=True)
        asked = names.get("lang", [""])[-1]
        if asked in CODES:
            wanted = asked
        elif here == DEFAULT and all(map(is_foreign, names)):
            headers = dict(scope["headers"])
            accepted = headers.get(b"accept-language", b"").decode("ascii", "replace")
            wanted = preferred_language(accepted) if self.lang == "auto" else self.lang
        else:
            return None
        if wanted == here:
            return None
        up = "../" if len(path) > 1 and path.endswith("/") else ""
        page = up + ("" if wanted == DEFAULT else wanted) or "./"
        if not path:  # under --root-path and without its slash, relative to the folder above
            page = quote(scope["root_path"].rpartition("/")[2]) + "/" + page
        return f"{page}?{query}" if query else page


def middleware(settings: Settings) -> list[Middleware]:
    return [Middleware(LanguageDoor, lang=settings.lang)]
