"""The cards of the terms: whole, the same in all languages, used, and with links that lead somewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from app import cards, i18n, modules
from app.i18n import load_text
from app.languages import CODES
from lessons import LESSONS

ROOT = Path(__file__).parents[2]
TEXTS = {code: sorted(ROOT.glob(f"lessons/*/text.{code}.md")) for code in CODES}
SAME = ("formula", "scenes")  # in every language
# What the slides name without our texts having to. The 용어 pages first.
LECTURE = {
    "transfer-learning", "fine-tuning", "upstream", "downstream", "language-model", "masked-lm", "gpt",
    "bert", "prompt-tuning", "in-context", "zero-shot", "one-shot", "few-shot",
    "text-classification", "nli", "text-generation", "question-answering",
    "pre-training", "supervised", "semi-supervised", "representation", "mle", "map", "sgd", "transformer",
    "sota", "l1", "l2", "l3", "lambda", "label", "overfitting", "residual-init", "special-tokens",
}  # fmt: skip
# What these cards, or the papers, take for granted.
BESIDE = {"perplexity", "weight-tying", "bpe", "gradient", "held-out", "step", "value"}
# Scenes of a lesson that is being written.
SOON = "upstream blank masks transfer finetune prompt in-context shots rule table"
BUILT = any(lesson.id == "glossary" for lesson in LESSONS)
AHEAD = set() if BUILT else {f"glossary#{scene}" for scene in SOON.split()}


@pytest.fixture
def entry(tmp_path: Path, monkeypatch):
    """`entry(lines)` -> the cards of a file with one entry of these lines."""

    def read(lines: str) -> dict:
        monkeypatch.setattr(i18n, "ASSETS", tmp_path)
        (tmp_path / "terms.ko.md").write_text(f"note\n## one\n{lines}\n", encoding="utf-8")
        return cards.terms("ko")

    return read


def test_an_entry_is_a_name_plain_lines_and_labelled_ones(entry):
    assert entry("이름\n첫 문장.\n둘째 문장: 그대로.\nprecise: 정확히.\nformula: x_{1}: 2\nsource: 어디") == {
        "one": {
            "title": "이름",
            "text": "첫 문장.\n둘째 문장: 그대로.",
            "precise": "정확히.",
            "formula": "x_{1}: 2",
            "source": "어디",
        }
    }


@pytest.mark.parametrize(
    "lines",
    [
        "이름",
        "이름\nprecise: 없어요",
        "이름\n쉬운 말.\nprecice: 잘못",
        "이름\n쉬운 말.\nsource: 하나\nsource: 둘",
        "이름\n쉬운 말.\nsource: 하나\n이어진 줄",
    ],
)
def test_a_mistake_in_an_entry_is_an_error(entry, lines: str):
    with pytest.raises(ValueError, match="one"):
        entry(lines)


@pytest.mark.parametrize("lang", CODES)
def test_every_card_is_whole(lang: str):
    found = cards.terms(lang)
    assert len(found) >= 45
    lacking = {term: field for term, card in found.items() for field in cards.NEEDED if not card.get(field)}
    assert not lacking
    assert not [term for term, card in found.items() if ("lecture" in card) != ("exactly" in card)]
    assert not [term for term, card in found.items() if not all(card.values())], "an empty field"


@pytest.mark.parametrize("lang", CODES)
def test_a_plain_sentence_fits_the_small_card(lang: str):
    """Its reader is in the middle of another sentence; what takes longer stands below it."""
    most = {"ko": 110, "en": 220}.get(lang, 220)
    assert not {
        term: len(card["text"]) for term, card in cards.terms(lang).items() if len(card["text"]) > most
    }


@pytest.mark.parametrize("other", CODES[1:])
def test_all_languages_have_the_same_cards_and_fields(other: str):
    mine, theirs = cards.terms(CODES[0]), cards.terms(other)
    assert list(mine) == list(theirs)
    for term, card in mine.items():
        assert card.keys() - {"also"} == theirs[term].keys() - {"also"}, term
        assert [card.get(field) for field in SAME] == [theirs[term].get(field) for field in SAME], term


def test_a_formula_closes_what_it_opens():
    for card in cards.terms(CODES[0]).values():
        formula = card.get("formula", "")
        assert formula.count("{") == formula.count("}"), formula


def test_the_colours_of_a_formula_exist():
    tokens = (ROOT / "assets/css/tokens.css").read_text(encoding="utf-8")
    named = {
        name
        for card in cards.terms(CODES[0]).values()
        for name in re.findall(r"\\tint\{([\w-]+)\}", card.get("formula", ""))
    }
    assert named
    assert not [name for name in named if f"--{name}:" not in tokens]


def test_every_scene_that_a_card_names_exists():
    there = {f"{lesson.id}#{scene.id}" for lesson in LESSONS for scene in lesson.scenes} | AHEAD
    named = [
        (term, place)
        for term, card in cards.terms(CODES[0]).items()
        for place in cards.listed(card, "scenes")
    ]
    assert len({term for term, _ in named}) > 30
    assert not [(term, place) for term, place in named if place not in there]


@pytest.mark.parametrize("lang", CODES)
def test_every_card_is_used_or_stands_on_a_slide(lang: str):
    texts = [text for path in TEXTS[lang] for text in load_text(path).values()]
    named = {term for text in texts for term in re.findall(r"\[\[([^\]|]+)", text)}
    said = "\n".join(texts).casefold()
    found = cards.terms(lang)
    used = {
        term
        for term, card in found.items()
        for name in (card["title"], *cards.listed(card, "also"))
        if name.casefold() in said
    }
    assert not (LECTURE | BESIDE) - set(found), "a word of a slide without a card"
    unused = set(found) - named - used - LECTURE - BESIDE
    assert not unused, "a card that nobody opens"


def test_names_lead_to_one_card():
    """The same name on two cards would make a search a matter of luck."""
    for lang in CODES:
        names: dict[str, str] = {}
        for card in cards.whole(LESSONS, lang)["list"]:
            for name in card["names"]:
                assert names.setdefault(name.casefold(), card["id"]) == card["id"], (name, lang)


@pytest.mark.parametrize("lang", CODES)
def test_the_tab_of_the_terms_gets_all_of_them(lang: str):
    told = cards.whole(LESSONS, lang)
    assert [card["id"] for card in told["list"]] == list(cards.terms(lang))
    assert set(told["words"]) == set(cards.WORDS)
    one = next(card for card in told["list"] if card["id"] == "transfer-learning")
    other = next(code for code in CODES if code != lang)
    assert one["twin"] == cards.terms(other)["transfer-learning"]["title"] in one["names"]
    scene = next(link for card in told["list"] for link in card["scenes"] if link["lesson"] == "attention")
    lesson = next(lesson for lesson in LESSONS if lesson.id == "attention")
    assert lesson.scenes[scene["number"] - 1].id == scene["scene"]
    assert scene["title"] == lesson.texts(lang)[f"scene.{scene['scene']}.title"]


def test_places_in_lessons_that_are_not_there_are_left_out():
    places = ["attention#row", "attention#nowhere", "nowhere#row", "attention"]
    assert [link["scene"] for link in cards.links_to(LESSONS, places, "ko")] == ["row"]
    assert cards.links_to([], places, "ko") == []


@pytest.mark.parametrize("lang", CODES)
def test_the_page_carries_no_more_of_a_card_than_opens_anywhere(lang: str):
    """Name and plain sentence; the rest is asked for by the tab of the terms."""
    files = modules.Modules(LESSONS, {}).edition.files
    told = json.loads(files[f"words/{lang}/{modules.TERMS}.json"])
    assert told == cards.whole(LESSONS, lang)
    small = cards.named_in(["[[softmax]], [[head|헤드]], [[no-such-term]]"], lang)
    assert {term: set(card) for term, card in small.items()} == {
        "softmax": {"title", "twin", "text"},
        "head": {"title", "twin", "text"},
    }
    assert small["softmax"]["twin"] == "" != small["head"]["twin"]
