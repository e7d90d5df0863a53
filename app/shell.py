"""The page around the lessons: header, tabs, scenes bar, languages. Imports no lesson by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from app import api, doors, i18n, modules, texts
from app.browser import page as training
from app.host import Host
from app.languages import LANGUAGES
from app.lesson import Context, Lesson
from app.models import Registry
from app.models.registry import HUB
from app.stage import mount
from app.theme import theme
from app.views.view import View

SHORT = {name: name.split("/")[-1] for name in HUB}  # in the picker; every other model under its own name
ASSETS = Path(__file__).parent.parent / "assets"


def build(lessons: Sequence[Lesson], host: Host) -> gr.Blocks:
    """The whole app, a page for each language. `host` answers what its pages send.

    Stops the program, with a line for each, where strings are missing.
    """
    texts.check(lessons)
    first, *others = LANGUAGES
    name = i18n.shared_text(first.code)["ui.name"]
    with gr.Blocks(title=name, analytics_enabled=False, fill_width=True) as demo:
        _page(lessons, host, first.code)
        api.publish(host.registry)
    for other in others:
        with demo.route(other.name, other.path, show_in_navbar=False):
            _page(lessons, host, other.code)
    return demo


def launch_options(demo: gr.Blocks, lessons: Sequence[Lesson], host: Host) -> dict[str, Any]:
    """Arguments of `demo.launch()`."""
    settings = host.settings
    return {
        "server_name": settings.host,
        "server_port": settings.port,
        "share": settings.share,
        "root_path": settings.root_path or None,
        "theme": theme(),
        "footer_links": [],
        "favicon_path": ASSETS / "images" / "icon.svg",
        "run_history": False,  # a classroom's computers are shared
        "ssr_mode": False,
        "app_kwargs": doors.launch_arguments(
            host,
            modules.Modules(
                lessons, light(demo), settings.reload, {"browser": training.told(settings.offline)}
            ),
            api.functions(host.registry),
        ),
    }


def light(demo: gr.Blocks) -> modules.Light:
    """What the Views of all pages tell the browser before the first answer."""
    views = [block for block in demo.blocks.values() if isinstance(block, View) and block.light]
    return {(view.lang, view.kind): view.light for view in views}


def _page(lessons: Sequence[Lesson], host: Host, lang: str) -> None:
    View("shell", lang, elem_id="shell").light = lambda: _shell_words(host.registry, lang)
    with gr.Tabs(
        elem_id="lessons", overflow_behavior="wrap", selected=modules.first_lesson(lessons).id
    ) as tabs:
        for lesson in lessons:
            with gr.Tab(lesson.words(lang)["title"], id=lesson.id, elem_id=f"tab-{lesson.id}"):
                mount(Context(lesson, lang, lesson.words(lang), host.registry, host), lesson.stage)
    tabs.select(None, js="() => window.lab?.opened?.()", api_visibility="private")


def _shell_words(registry: Registry, lang: str) -> dict[str, Any]:
    """What the top bar and the scenes bar say."""
    return {
        "words": i18n.for_browser(i18n.shared_text(lang)),
        "models": [
            {"name": name, "label": SHORT.get(name, name), "source": registry.spec(name).source}
            for name in registry.names
        ],
    }
