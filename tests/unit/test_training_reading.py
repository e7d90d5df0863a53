"""The sheet for careful reads: everything is on it once, the damage is real, and the figures are right."""

import random
from collections import Counter

import pytest

from training.corpus.write import documents
from training.evaluate.damage import wrong_form
from training.evaluate.reading import (
    DAMAGES,
    broken_ending,
    changed_topic,
    damaged,
    make_sheet,
    read_verdicts,
    score,
)


@pytest.fixture(scope="module")
def prose() -> list[dict]:
    kinds = (("everyday", "ko"), ("everyday", "en"), ("story", "ko"), ("diary", "en"), ("claims", "ko"))
    return [made for kind, lang in kinds for made in documents(kind, lang, 60, seed=5)]


def test_the_sheet_holds_every_line_once(prose):
    continuations = [f"이어 쓴 글 {number}." for number in range(100)]
    sheet, key = make_sheet(continuations, prose, random.Random(0))
    counts = Counter(source.split(":")[0] for source in key.values())
    assert counts == {"continuation": 100, "corpus": 100, "damaged": 10}
    assert len({text for _, text in sheet}) == 210 and [id_ for id_, _ in sheet] == list(key)
    texts = dict(sheet)
    own = {" ".join(document["text"].split()) for document in prose}
    for id_, source in key.items():
        assert (texts[id_] in own) == (source == "corpus"), source
    first = [source for source in key.values()][:60]
    assert len(set(first)) >= 2, "the sources stand in order"


def test_damage(prose):
    rng = random.Random(0)
    assert broken_ending("민준이는 학교에 갔다. 재미있었다.", "", rng) == "민준이는 학교에 갔. 재미있었다."
    assert broken_ending("Tom went home. He slept.", "", rng) == "Tom went hom. He slept."
    assert broken_ending("한 문장뿐이다.", "", rng) is None
    assert changed_topic("A b. C d. E f.", "K l. M n. O p.", rng) == "A b. M n. O p."
    found = damaged(prose, random.Random(1))
    assert Counter(name for name, _ in found) == Counter(
        {name: sum(n for damage, _, n in DAMAGES if damage.__name__ == name) for name, _ in found}
    )
    assert not {text for _, text in found} & {document["text"] for document in prose}


def test_figures_of_two_reads():
    key = {"1": "continuation", "2": "continuation", "3": "corpus", "4": "damaged: wrong_particle"}
    reads = {
        "a": {"1": "good", "2": "unsafe", "3": "good", "4": "bad"},
        "b": {"1": "good", "2": "good", "3": "bad", "4": "good"},
    }
    found = score(key, reads)
    assert found["readers"]["a"] == {
        "damaged_missed": 0,
        "counts": True,
        "continuation": {"lines": 2, "good": 50.0, "unsafe": 1},
        "corpus": {"lines": 1, "good": 100.0, "unsafe": 0},
    }
    assert found["readers"]["b"]["damaged_missed"] == 1
    assert found["disagreement"] == 66.7
    del reads["a"]["3"]
    with pytest.raises(ValueError, match="other lines"):
        score(key, reads)


def test_a_read_that_misses_the_damage_does_not_count():
    key = {str(number): "damaged: x" for number in range(10)} | {"c": "continuation", "d": "corpus"}
    reads = {reader: dict.fromkeys(key, "good") for reader in "ab"}
    reads["b"] |= {str(number): "bad" for number in range(8)}
    readers = score(key, reads)["readers"]
    assert (readers["a"]["counts"], readers["b"]["counts"]) == (False, True)


def test_verdicts_are_checked(tmp_path):
    path = tmp_path / "reads-a.tsv"
    path.write_text('id\tverdict\treason\n001\tgood\t\n002\tbad\tsays "home" twice\n', encoding="utf-8")
    assert read_verdicts(path) == {"001": "good", "002": "bad"}
    path.write_text("001\tfine\t\n", encoding="utf-8")
    with pytest.raises(ValueError, match="not a verdict"):
        read_verdicts(path)


def test_a_damaged_sentence_has_one_particle_in_its_other_form() -> None:
    rng = random.Random(0)
    damaged = {wrong_form("민준이는 학교에서 사과를 먹었다.", rng) for _ in range(20)}
    assert damaged == {"민준이은 학교에서 사과를 먹었다.", "민준이는 학교에서 사과을 먹었다."}
    assert wrong_form("어서 와.", rng) is None
