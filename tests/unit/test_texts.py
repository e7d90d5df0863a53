"""All languages hold the same strings; every scene has its words and a state that the lesson knows."""

from __future__ import annotations

import dataclasses
import importlib
import re
import tomllib
from pathlib import Path
from string import Formatter

import pytest

from app.i18n import load_text
from app.languages import CODES

ROOT = Path(__file__).parents[2]
LESSONS = sorted(path.parent for path in ROOT.glob("lessons/*/lesson.py"))
KOREAN = sorted([*ROOT.glob("lessons/*/text.ko.md"), *ROOT.glob("assets/*.ko.md")])
OTHERS = CODES[1:]
SHARED_FIELDS = {"text", "model"}
HANGUL, LATIN = re.compile("[가-힣]"), re.compile("[A-Za-z]")


def in_language(korean: Path, code: str) -> Path:
    return korean.with_name(korean.name.replace(".ko.", f".{code}."))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def fields_of(text: str) -> set[str]:
    """Names of the `{fields}` of a template; in a formula braces are TeX's."""
    template = re.sub(r"(?m)^formula: .*$", "", text)
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def test_there_is_something_to_check():
    """An empty list below would pass without looking at anything."""
    assert LESSONS, "no lesson"
    assert ROOT / "assets/text.ko.md" in KOREAN and ROOT / "assets/terms.ko.md" in KOREAN
    assert {path.parent for path in KOREAN} >= set(LESSONS), "a lesson without Korean text"


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("korean", KOREAN, ids=name_of)
def test_all_languages_have_the_same_strings(korean: Path, other: str):
    file = in_language(korean, other)
    assert file.exists(), f"{name_of(file)} is missing"
    ko, en = load_text(korean), load_text(file)
    assert ko, f"{name_of(korean)} holds no string"
    assert ko.keys() == en.keys(), f"only in one: {sorted(ko.keys() ^ en.keys())}"
    # What stands in English beside the Korean may be empty on other pages.
    assert not [key for key in ko if not ko[key] or not (en[key] or ko[key].isascii())], "an empty string"


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("korean", KOREAN, ids=name_of)
def test_templates_take_the_same_values_in_all_languages(korean: Path, other: str):
    """A value forgotten in one language would be an error on one of the pages only."""
    ko, en = load_text(korean), load_text(in_language(korean, other))
    different = {
        key: (fields_of(ko[key]), fields_of(en[key]))
        for key in ko
        if fields_of(ko[key]) != fields_of(en[key])
    }
    assert not different


@pytest.mark.parametrize("korean", KOREAN, ids=name_of)
def test_korean_is_calm_and_english_is_english(korean: Path):
    """No exclamation marks; Hangul in the English file only as an example within English words."""
    shouting = [key for key, text in load_text(korean).items() if "!" in re.sub(r"`[^`]*`", "", text)]
    assert not shouting
    english = load_text(in_language(korean, "en"))
    korean_in = [key for key, text in english.items() if len(HANGUL.findall(text)) > len(LATIN.findall(text))]
    assert not korean_in


def lesson_of(folder: Path):
    return importlib.import_module(f"lessons.{folder.name}.lesson").LESSON


@pytest.mark.parametrize("folder", LESSONS, ids=name_of)
def test_scenes_are_valid(folder: Path):
    entries = tomllib.loads((folder / "scenes.toml").read_text(encoding="utf-8"))["scene"]
    ids = [entry["id"] for entry in entries]
    assert len(ids) >= 3
    assert len(set(ids)) == len(ids), "a scene id stands twice: links would be ambiguous"
    assert not [id_ for id_ in ids if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", id_)]
    known = SHARED_FIELDS | {field.name for field in dataclasses.fields(lesson_of(folder).State)}
    for entry in entries:
        assert set(entry) <= {"id", "slide", "state"}, entry["id"]
        assert entry["slide"], f"{entry['id']} names no slide"
        assert set(entry.get("state", {})) <= known, f"{entry['id']}: unknown fields"


@pytest.mark.parametrize("folder", LESSONS, ids=name_of)
def test_every_scene_has_its_words_and_no_words_are_left_over(folder: Path):
    words = load_text(folder / "text.ko.md")
    ids = [scene.id for scene in lesson_of(folder).scenes]
    expected = {f"scene.{id_}.{part}" for id_ in ids for part in ("title", "say")}
    states = {f"scene.{id_}.state" for id_ in ids}
    assert {key for key in words if key.startswith("scene.")} - states == expected


@pytest.mark.parametrize("folder", LESSONS, ids=name_of)
def test_folder_and_id_belong_together(folder: Path):
    """The folder writes the id with an underscore, the address with a hyphen."""
    assert lesson_of(folder).id == folder.name.replace("_", "-")


def test_terms_named_in_texts_exist():
    terms = load_text(ROOT / "assets/terms.ko.md")
    named = {
        (name_of(path), term)
        for path in [in_language(korean, code) for korean in KOREAN for code in CODES]
        for text in load_text(path).values()
        for term in re.findall(r"\[\[([^\]|]+)", text)
    }
    assert not {(path, term) for path, term in named if term not in terms}
