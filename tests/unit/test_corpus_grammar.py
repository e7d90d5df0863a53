"""The documents of the grammar: every template can be told, documents are consistent, spans are right."""

import random
import re
from collections import Counter

import pytest

from training.corpus.cast import Cast
from training.corpus.data import rows
from training.corpus.hangul import final_of, is_syllable
from training.corpus.page import Page, choose
from training.corpus.story import KINDS, document, plots
from training.corpus.things import EnglishNoun, Name
from training.corpus.world import World

LANGS = ("ko", "en")
# what a statement ends in, by speech level
ENDINGS = {"해요": r"요$", "합니다": r"(니다|니까)$", "한다": r"(?<!니)다$"}


def sample(kind: str, lang: str, n: int = 150) -> list[Page]:
    return [document(random.Random(f"{kind} {lang} {index}"), kind, lang) for index in range(n)]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_line_of_every_plot_can_be_told(kind: str, lang: str) -> None:
    parts, told = plots(kind, lang)
    lines = [line for group in (parts, told) for body in group.values() for line in body]
    named = {line[2:] for line in lines if line.startswith("> ")} | {
        line[4:] for line in lines if line[2:].startswith("> ")
    }
    assert named <= set(parts), "a plot asks for a part that is not there"
    for index, line in enumerate(lines):
        template = re.sub(r"^[|?] ", "", line)
        if template == "-" or template.startswith("> "):
            continue
        rng = random.Random(index)
        text = Page(rng, lang, "해요", Cast(World(rng, lang), "해요")).say(template).text
        assert not re.search(r"[{}\[\]|]", text), template
        assert text[-1] in '.?!"', f"{template} does not end as a sentence"


def test_all_wordings_of_a_choice_occur() -> None:
    wordings = {choose("[가|나[다|라]] 마", random.Random(seed)) for seed in range(40)}
    assert wordings == {"가 마", "나다 마", "나라 마"}


@pytest.mark.parametrize("kind", ["story", "diary", "everyday", "review", "qa"])
def test_the_speech_level_stays_the_same_in_a_document(kind: str) -> None:
    for page in sample(kind, "ko"):
        narrated = re.sub(r'"[^"]*"( 하고)?', "", page.text)
        for sentence in filter(None, map(str.strip, re.split(r"[.?!]", narrated))):
            if kind == "qa" and sentence.startswith(("질문", "답")):
                continue
            assert re.search(ENDINGS[page.level], sentence), f"{page.level}: {sentence!r} in {page.text}"


@pytest.mark.parametrize("kind", KINDS)
def test_object_particles_fit_their_nouns(kind: str) -> None:
    for page in sample(kind, "ko"):
        for before in re.findall(r"(\S)를(?=[\s.])", page.text):
            assert is_syllable(before) and final_of(before) == " ", page.text


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("kind", KINDS)
def test_second_mentions_repeat_what_stands_before(kind: str, lang: str) -> None:
    spans = 0
    for page in sample(kind, lang):
        for start, end in page.mentions:
            again = page.text[start:end].lower()
            assert again.strip() == again and again
            assert again in page.text[:start].lower(), page.text
            spans += 1
    assert spans >= 5


def test_a_mention_is_marked_from_the_second_on() -> None:
    page = Page(random.Random(0), "ko", "한다", {"n": Name("민준")})
    page.say("{n:이} {오다:past}. {n:은} 웃었다.").say('"{n:아}."')
    assert page.text == '민준이가 왔다. 민준이는 웃었다. "민준아."'
    assert [page.text[start:end] for start, end in page.mentions] == ["민준", "민준"]
    fox = EnglishNoun("fox", "a little fox")
    page = Page(random.Random(0), "en", "한다", {"a": fox}).say("{a:intro} ran. {a} sang.")
    assert page.text == "A little fox ran. The fox sang."
    assert [page.text[start:end] for start, end in page.mentions] == ["fox"]


def test_the_same_seed_tells_the_same() -> None:
    for kind in KINDS:
        first, again = (document(random.Random(5), kind, "ko") for _ in range(2))
        assert (first.text, first.mentions, first.plot) == (again.text, again.mentions, again.plot)


@pytest.mark.parametrize(
    ("kind", "lang"), [("everyday", "ko"), ("everyday", "en"), ("story", "ko"), ("diary", "en")]
)
def test_documents_rarely_repeat(kind: str, lang: str) -> None:
    texts = [page.text for page in sample(kind, lang, 1000)]
    assert len(set(texts)) >= 960


def test_the_sentence_of_the_lecture_has_many_neighbours() -> None:
    pattern = re.compile(
        r"(나는|저는) (오늘|매일|자주|가끔|지금|오늘도) (그|이|저) \S+에 (간다|가요|갑니다)\."
    )
    found = Counter(
        match.group(0) for page in sample("everyday", "ko", 6000) if (match := pattern.search(page.text))
    )
    assert len(found) > 25
    assert found["나는 오늘 그 곳에 간다."] < sum(found.values()) / 4


def test_a_word_has_one_category_and_one_counterpart() -> None:
    for column in ("ko", "en"):
        counted = Counter(row[column] for row in rows("words"))
        assert [word for word, count in counted.items() if count > 1] == []


def test_nobody_in_a_document_shares_a_name() -> None:
    for index in range(300):
        rng = random.Random(index)
        cast = Cast(World(rng, "ko"), "한다")
        words = [cast[role].word for role in "abcnmr"]
        assert len(set(words)) == len(words)
