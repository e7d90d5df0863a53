"""Tabs that the visits of one server use one after the other.

A new browser context fetches and compiles every script of the page anew, which takes longer than most tests.
A tab that is used again keeps the browser's cache of addresses that never change, and nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Error, Page

from tests.harness.visit import LOCALES, Visit, address

# What outlives the document and cannot be taken back: a tab with one of these is used by nobody else.
LASTING = ("add_init_script", "expose_binding", "expose_function")
FULL = 40  # entries of a tab's history; a browser keeps 50

# Empties the tab; false where it is not as new: a clock of a test's own, or a history that is nearly full.
FORGET = """async (full) => {
  localStorage.clear();
  sessionStorage.clear();
  window.name = "";
  for (const name of await caches.keys()) await caches.delete(name);
  for (const { name } of await indexedDB.databases()) indexedDB.deleteDatabase(name);
  return String(setTimeout).includes("[native code]") && history.length < full;
}"""


@dataclass
class Lent:
    """A tab in use: what a test did to it that outlives the document."""

    lang: str
    for_good: bool = False
    undo: list[Callable[[], Any]] = field(default_factory=list)


class Tabs:
    """Args: browser; home: the server's address, with a slash at its end."""

    def __init__(self, browser: Browser, home: str):
        self._browser = browser
        self._home = home
        self._free: dict[str, list[Page]] = defaultdict(list)
        self._lent: dict[Page, Lent] = {}

    def visit(
        self, path: str, lang: str, size: tuple[int, int], theme: str, query: dict[str, object] | None
    ) -> Visit:
        """As `open_visit`, `path` below the server's address."""
        free = self._free[lang]
        page = free.pop() if free else self._browser.new_context(locale=LOCALES[lang]).new_page()
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(color_scheme=theme, reduced_motion="null", forced_colors="null", media="null")
        page.set_default_timeout(30_000)
        visit = Visit(page)
        visit.listen()
        self._lent[page] = lent = Lent(lang)
        _watch(page, lent)
        page.goto(address(self._home + path, lang, theme, query))
        return visit

    def give_back(self, visit: Visit) -> None:
        """The visit is over. Its tab is emptied, or closed where it cannot be as it was."""
        page = visit.page
        lent = self._lent.pop(page)
        again = not (page.is_closed() or len(page.context.pages) > 1 or visit.complaints() or lent.for_good)
        if again and self._emptied(visit, lent):
            self._free[lent.lang].append(page)
        else:
            page.context.close()

    def _emptied(self, visit: Visit, lent: Lent) -> bool:
        page, context = visit.page, visit.page.context
        leave = lambda dialog: dialog.accept()  # noqa: E731  a run asks before it is lost
        try:
            for undo in lent.undo:
                undo()
            for whose, event, do in visit.listening:
                whose.remove_listener(event, do)
            page.on("dialog", leave)
            page.goto(self._home + "robots.txt")
            as_new = page.evaluate(FORGET, FULL)
            context.clear_cookies()
            page.mouse.move(0, 0)
            page.remove_listener("dialog", leave)
        except Error:
            return False
        return as_new


def _watch(page: Page, lent: Lent) -> None:
    """Note in `lent` what a test does to the tab; its undoing leaves the methods as they were."""

    def instead(whose: Any, name: str, after: Callable[..., Any]) -> None:
        do = getattr(whose, name)

        def noted(*arguments: Any, **named: Any) -> Any:
            result = do(*arguments, **named)
            after(result, *arguments)
            return result

        setattr(whose, name, noted)
        lent.undo.append(lambda: vars(whose).pop(name))

    def for_good(*_: Any) -> None:
        lent.for_good = True

    context = page.context
    for whose in (page, context):
        for name in LASTING:
            instead(whose, name, for_good)
        instead(
            whose, "on", lambda _, *how, whose=whose: lent.undo.append(lambda: whose.remove_listener(*how))
        )
        instead(whose, "route", lambda *_, whose=whose: lent.undo.append(whose.unroute_all))
    instead(context, "set_offline", lambda *_: lent.undo.append(lambda: context.set_offline(False)))
    instead(context, "grant_permissions", lambda *_: lent.undo.append(context.clear_permissions))
    instead(context, "new_cdp_session", lambda session, *_: lent.undo.append(session.detach))
