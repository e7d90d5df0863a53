"""The page around the lessons: header, tabs, scenes bar, both languages. Imports no lesson by name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from app import api, doors, i18n, libraries
from app.host import Host
from app.lesson import Context, Lesson
from app.models import Registry
from app.theme import theme
from app.views.view import View

ASSETS = Path(__file__).parent.parent / "assets"
# In this order: the tools of drawing, the stage, the page, the views that lessons share, the lessons.
STYLES = ("tokens", "base", "shell", "views", "lessons", "architecture")
SCRIPTS = ("dom", "libraries", "term", "transport", "stage", "shell", "views/*", "lessons/*")
FIRST_LESSON = "next-token"


def build(lessons: Sequence[Lesson], host: Host) -> gr.Blocks:
    """The whole app: `/` in Korean and `/en` in English. `host` answers what its pages send."""
    name = i18n.shared_text("ko")["ui.name"]
    with gr.Blocks(title=name, analytics_enabled=False, fill_width=True) as demo:
        _page(lessons, host, "ko")
        api.publish(host.registry)
    with demo.route("English", "/en", show_in_navbar=False):
        _page(lessons, host, "en")
    return demo


def launch_options(host: Host) -> dict[str, Any]:
    """Arguments of `demo.launch()`."""
    settings = host.settings
    return {
        "server_name": settings.host,
        "server_port": settings.port,
        "share": settings.share,
        "root_path": settings.root_path or None,
        "theme": theme(),
        "head": head(),
        "footer_links": [],
        "favicon_path": ASSETS / "images" / "icon.svg",
        "run_history": False,  # a classroom's computers are shared
        "ssr_mode": False,
        "app_kwargs": doors.launch_arguments(host, api.functions(host.registry)),
    }


def head() -> str:
    """Our style sheets and scripts, inline.

    They go through head=, not css=: Gradio repeats the rules of css= with a prefix of three classes, which
    breaks rules that start at html[data-…].
    """
    styles = "\n".join((ASSETS / "css" / f"{name}.css").read_text(encoding="utf-8") for name in STYLES)
    scripts = "\n".join(
        path.read_text(encoding="utf-8")
        for pattern in SCRIPTS
        for path in sorted((ASSETS / "js").glob(f"{pattern}.js"))
    )
    known = f"lab.libraries = {json.dumps(libraries.addresses())};"
    return f"<style>{styles}</style><script>{scripts}\n{known}</script>"


def _page(lessons: Sequence[Lesson], host: Host, lang: str) -> None:
    View("shell", words=_shell_words(lessons, host.registry, lang), elem_id="shell")
    first = FIRST_LESSON if any(lesson.id == FIRST_LESSON for lesson in lessons) else lessons[0].id
    with gr.Tabs(elem_id="lessons", overflow_behavior="wrap", selected=first) as tabs:
        for lesson in lessons:
            with gr.Tab(lesson.title[lang], id=lesson.id, elem_id=f"tab-{lesson.id}"):
                words = i18n.shared_text(lang) | lesson.texts(lang)
                lesson.build(Context(lesson, lang, words, host.registry, host))
    tabs.select(None, js="() => lab.opened()", api_visibility="private")


def _shell_words(lessons: Sequence[Lesson], registry: Registry, lang: str) -> dict[str, Any]:
    """What the top bar, the scenes bar and the term cards say."""
    shared = i18n.shared_text(lang)
    return {
        "words": {key.removeprefix("ui."): text for key, text in shared.items() if key.startswith("ui.")},
        "models": [{"name": name, "label": name.split("/")[-1]} for name in registry.names],
        "terms": i18n.terms(lang),
        "lessons": [
            {"id": lesson.id, "title": lesson.title[lang], "scenes": _scene_words(lesson, lang)}
            for lesson in lessons
        ],
    }


def _scene_words(lesson: Lesson, lang: str) -> list[dict[str, str]]:
    words = lesson.texts(lang)
    return [
        {
            "id": scene.id,
            "slide": scene.slide,
            "title": words[f"scene.{scene.id}.title"],
            "say": words[f"scene.{scene.id}.say"],
        }
        for scene in lesson.scenes
    ]
