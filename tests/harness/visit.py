"""One visitor: a browser context of its own, kept from every other machine, that notes what goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page

from app.languages import LANGUAGES

DESKTOP, PHONE = (1280, 720), (390, 844)
LOCALES = {language.code: language.locale for language in LANGUAGES}
LOCAL_HOSTS = ("127.0.0.1", "localhost")
READY = "document.documentElement.dataset.ready === '1'"
MODEL_READY = "document.documentElement.dataset.model === 'ready'"


@dataclass
class Visit:
    """A page and what it did that no page may do.

    Args:
        page: playwright's page; its context belongs to this visit alone.
        console_errors: messages of level error.
        page_errors: exceptions that no script caught.
        outside_requests: addresses off this machine that the page asked for; all were blocked.
        dialogs: alert, confirm and prompt boxes; injected scripts of the tests announce themselves by one.
        listening: what notes them, as (whose event, its name, the function).
    """

    page: Page
    console_errors: list[str] = field(default_factory=list)
    page_errors: list[str] = field(default_factory=list)
    outside_requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    listening: list[tuple[Any, str, Callable]] = field(default_factory=list)

    def listen(self) -> None:
        """Note from now on what the page does."""

        def asked(url: str) -> None:
            if not is_local(url):
                self.outside_requests.append(url)

        def said(message: ConsoleMessage) -> None:
            if message.type == "error":
                self.console_errors.append(message.text)

        def opened(dialog: Dialog) -> None:
            self.dialogs.append(dialog.message)
            dialog.dismiss()

        self.listening = [
            (self.page.context, "request", lambda request: asked(request.url)),
            (self.page, "websocket", lambda socket: asked(socket.url)),
            (self.page, "console", said),
            (self.page, "pageerror", lambda error: self.page_errors.append(str(error))),
            (self.page, "dialog", opened),
        ]
        for whose, event, do in self.listening:
            whose.on(event, do)

    def complaints(self) -> list[str]:
        """Everything noted, one line each; empty for a clean visit."""
        kinds = ("console_errors", "page_errors", "outside_requests", "dialogs")
        return [f"{kind}: {message}" for kind in kinds for message in getattr(self, kind)]

    def wait_ready(self, timeout: float = 30) -> None:
        """Until the first picture is painted; `timeout` in seconds."""
        self.page.wait_for_function(READY, timeout=timeout * 1000)

    def wait_model(self, timeout: float = 90) -> None:
        """Until a distribution computed by the model is painted; `timeout` in seconds."""
        self.page.wait_for_function(MODEL_READY, timeout=timeout * 1000)

    def serial(self) -> int:
        """Number of the last painted answer."""
        return int(self.page.evaluate("document.documentElement.dataset.serial || '0'"))

    def wait_painted(self, after: int, timeout: float = 30) -> None:
        """Until an answer with a number above `after` is painted; `timeout` in seconds."""
        self.page.wait_for_function(
            "after => Number(document.documentElement.dataset.serial || 0) > after",
            arg=after,
            timeout=timeout * 1000,
        )


def is_local(url: str) -> bool:
    """True for addresses of this machine and for what never leaves the browser (data:, blob:, about:)."""
    parts = urlsplit(url)
    return parts.scheme in ("data", "blob", "about") or parts.hostname in LOCAL_HOSTS


def open_visit(
    browser: Browser,
    url: str,
    lang: str = "ko",
    size: tuple[int, int] = DESKTOP,
    theme: str = "light",
    query: dict[str, object] | None = None,
) -> Visit:
    """Open `url` as a new visitor whose browser speaks `lang`, in a window of `size` pixels.

    `lang` and `theme` go into the address too, `query` after them; a value of None leaves a name out.
    """
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=theme, locale=LOCALES[lang]
    )
    visit = Visit(context.new_page())
    visit.listen()
    visit.page.goto(address(url, lang, theme, query))
    return visit


def address(url: str, lang: str, theme: str, query: dict[str, object] | None) -> str:
    """Of a page in that language and theme; a value of None in `query` leaves a name out."""
    fields = {"lang": lang, "theme": theme, **(query or {})}
    named = {name: value for name, value in fields.items() if value is not None}
    return f"{url}?{urlencode(named)}" if named else url
