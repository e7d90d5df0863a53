"""Which strings are missing, by file and key, so that nobody finds out on the page.

A string is missing where another language has it, and where the lesson's own data ask for it: a scene for its
words, a question for its own. Asked at the start of the app and by `make lint`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from app import guess, i18n
from app.languages import CODES, DEFAULT
from app.lesson import Lesson

SHARED = ("text", "terms", "settings")  # assets/<name>.<lang>.md
OF_A_LESSON = ("title", "first_text", "ui.title")
OF_A_SCENE = ("title", "say")
OF_A_QUESTION = ("ask", "answer")
ROOT = i18n.ASSETS.parent


def check(lessons: Sequence[Lesson], codes: Sequence[str] = CODES) -> None:
    """Stop the program where a string is missing, with a line for each."""
    if lines := missing(lessons, codes):
        raise SystemExit("\n".join(lines))


def missing(lessons: Sequence[Lesson], codes: Sequence[str] = CODES) -> list[str]:
    """A line for each string that a language lacks: `lessons/<id>/text.en.md: ui.title is missing`."""
    lines = [line for name in SHARED for line in _missing(i18n.ASSETS / name, (), codes)]
    for lesson in lessons:
        lines += _missing(lesson.folder / "text", needed(lesson), codes)
    return lines


def needed(lesson: Lesson) -> Iterator[str]:
    """The keys that the lesson's data ask for. An option list may come from the model instead."""
    yield from OF_A_LESSON
    for scene in lesson.scenes:
        yield from (f"scene.{scene.id}.{part}" for part in OF_A_SCENE)
    for question in guess.load_questions(lesson):
        parts = (*OF_A_QUESTION, *(["unit"] if question["kind"] == "number" else []))
        yield from (f"guess.{question['id']}.{part}" for part in parts)


def _missing(stem: Path, keys: Iterable[str], codes: Sequence[str]) -> Iterator[str]:
    files = {code: stem.with_name(f"{stem.name}.{code}.md") for code in codes}
    texts = {code: i18n.load_text(file) for code, file in files.items() if file.exists()}
    wanted = dict.fromkeys([*keys, *(key for text in texts.values() for key in text)])
    for code, file in files.items():
        name = file.relative_to(ROOT).as_posix() if file.is_relative_to(ROOT) else file.as_posix()
        if code not in texts:
            yield f"{name} is missing"
        else:
            yield from (f"{name}: {key} is missing" for key in wanted if not _has(texts, code, key))


def _has(texts: Mapping[str, Mapping[str, str]], code: str, key: str) -> bool:
    """What stands in English beside the Korean may be empty in other languages."""
    return bool(texts[code].get(key)) or (
        key in texts[code] and code != DEFAULT and texts.get(DEFAULT, {}).get(key, "").isascii()
    )
