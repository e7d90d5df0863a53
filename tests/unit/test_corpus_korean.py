"""Korean particles and endings of the corpus, against tables written by hand."""

import pytest

from training.corpus.conjugation import conjugate, copula
from training.corpus.english import past, with_article
from training.corpus.hangul import particle
from training.corpus.things import Name, Noun, Pronoun

PARTICLES = {
    # after a consonant, a vowel, ㄹ
    "은": ("책은", "사과는", "물은"),
    "이": ("책이", "사과가", "물이"),
    "을": ("책을", "사과를", "물을"),
    "과": ("책과", "사과와", "물과"),
    "으로": ("책으로", "사과로", "물로"),
    "아": ("책아", "사과야", "물아"),
    "이라는": ("책이라는", "사과라는", "물이라는"),
    "에게": ("책에게", "사과에게", "물에게"),
}

# dictionary form: present and past in 한다, 해요, 합니다; then 을, 고, 으려고
CONJUGATIONS = {
    "가다": "간다 갔다 가요 갔어요 갑니다 갔습니다 갈 가고 가려고",
    "먹다": "먹는다 먹었다 먹어요 먹었어요 먹습니다 먹었습니다 먹을 먹고 먹으려고",
    "하다": "한다 했다 해요 했어요 합니다 했습니다 할 하고 하려고",
    "놀다": "논다 놀았다 놀아요 놀았어요 놉니다 놀았습니다 놀 놀고 놀려고",
    "돕다": "돕는다 도왔다 도와요 도왔어요 돕습니다 도왔습니다 도울 돕고 도우려고",
    "줍다": "줍는다 주웠다 주워요 주웠어요 줍습니다 주웠습니다 주울 줍고 주우려고",
    "듣다": "듣는다 들었다 들어요 들었어요 듣습니다 들었습니다 들을 듣고 들으려고",
    "받다": "받는다 받았다 받아요 받았어요 받습니다 받았습니다 받을 받고 받으려고",
    "짓다": "짓는다 지었다 지어요 지었어요 짓습니다 지었습니다 지을 짓고 지으려고",
    "부르다": "부른다 불렀다 불러요 불렀어요 부릅니다 불렀습니다 부를 부르고 부르려고",
    "따르다": "따른다 따랐다 따라요 따랐어요 따릅니다 따랐습니다 따를 따르고 따르려고",
    "쓰다": "쓴다 썼다 써요 썼어요 씁니다 썼습니다 쓸 쓰고 쓰려고",
    "마시다": "마신다 마셨다 마셔요 마셨어요 마십니다 마셨습니다 마실 마시고 마시려고",
    "오시다": "오신다 오셨다 오세요 오셨어요 오십니다 오셨습니다 오실 오시고 오시려고",
    "쉬다": "쉰다 쉬었다 쉬어요 쉬었어요 쉽니다 쉬었습니다 쉴 쉬고 쉬려고",
    "되다": "된다 됐다 돼요 됐어요 됩니다 됐습니다 될 되고 되려고",
}
ADJECTIVES = {
    "좋다": "좋다 좋았다 좋아요 좋았어요 좋습니다 좋았습니다",
    "춥다": "춥다 추웠다 추워요 추웠어요 춥습니다 추웠습니다",
    "바쁘다": "바쁘다 바빴다 바빠요 바빴어요 바쁩니다 바빴습니다",
    "멀다": "멀다 멀었다 멀어요 멀었어요 멉니다 멀었습니다",
    "빠르다": "빠르다 빨랐다 빨라요 빨랐어요 빠릅니다 빨랐습니다",
    "푸르다": "푸르다 푸르렀다 푸르러요 푸르렀어요 푸릅니다 푸르렀습니다",
    "하얗다": "하얗다 하얬다 하얘요 하얬어요 하얗습니다 하얬습니다",
    "재미있다": "재미있다 재미있었다 재미있어요 재미있었어요 재미있습니다 재미있었습니다",
    "감동적이다": "감동적이다 감동적이었다 감동적이에요 감동적이었어요 감동적입니다 감동적이었습니다",
    "아니다": "아니다 아니었다 아니에요 아니었어요 아닙니다 아니었습니다",
}


@pytest.mark.parametrize("name", PARTICLES)
def test_particle_after_consonant_vowel_and_rieul(name: str) -> None:
    assert tuple(word + particle(word, name) for word in ("책", "사과", "물")) == PARTICLES[name]


@pytest.mark.parametrize("word", [*CONJUGATIONS, *ADJECTIVES])
def test_conjugation(word: str) -> None:
    forms = [(tense, level) for level in ("한다", "해요", "합니다") for tense in ("pres", "past")]
    forms += [(ending, "한다") for ending in ("을", "고", "으려고")] if word in CONJUGATIONS else []
    expected = (CONJUGATIONS | ADJECTIVES)[word].split()
    assert [conjugate(word, ending, level) for ending, level in forms] == expected


def test_future_and_questions_follow_the_speech_level() -> None:
    assert conjugate("책을 읽다", "fut", "한다") == "책을 읽을 것이다"
    assert conjugate("책을 읽다", "fut", "해요") == "책을 읽을 거예요"
    assert conjugate("그림을 그리다", "q_past", "합니다") == "그림을 그렸습니까"


def test_an_unknown_ending_is_an_error() -> None:
    with pytest.raises(KeyError):
        conjugate("가다", "으니까요")


@pytest.mark.parametrize(
    ("noun", "tense", "level", "expected"),
    [
        ("사과", "pres", "한다", "사과다"),
        ("책", "pres", "한다", "책이다"),
        ("사과", "pres", "해요", "사과예요"),
        ("책", "past", "해요", "책이었어요"),
        ("사과", "past", "합니다", "사과였습니다"),
        ("책", "q", "해", "책이니"),
    ],
)
def test_copula(noun: str, tense: str, level: str, expected: str) -> None:
    assert copula(noun, tense, level) == expected


def test_first_names() -> None:
    """민준 takes 이 before particles, 지우 does not; neither does in the vocative."""
    specs = ("은", "과", "에게", "", "아", "이라는", "이다")
    assert [Name("민준").form(spec, "해요") for spec in specs] == [
        "민준이는", "민준이와", "민준이에게", "민준이", "민준아", "민준이라는", "민준이에요",
    ]  # fmt: skip
    assert [Name("지우").form(spec, "해요") for spec in specs] == [
        "지우는", "지우와", "지우에게", "지우", "지우야", "지우라는", "지우예요",
    ]  # fmt: skip


def test_pronouns_and_introductions() -> None:
    assert [Pronoun("나").form(spec, "한다") for spec in ("은", "이", "의", "에게")] == [
        "나는",
        "내가",
        "내",
        "나에게",
    ]
    assert [Pronoun("저").form(spec, "해요") for spec in ("은", "이", "의")] == ["저는", "제가", "제"]
    assert Noun("곰", intro="작은 곰").form("intro:이", "한다") == "작은 곰이"


def test_english_articles_and_pasts() -> None:
    assert [with_article(noun) for noun in ("apple", "ball", "honest fox", "umbrella", "unicorn")] == [
        "an apple", "a ball", "an honest fox", "an umbrella", "a unicorn",
    ]  # fmt: skip
    assert [past(verb) for verb in ("go", "carry", "play", "bake", "skip", "read")] == [
        "went", "carried", "played", "baked", "skipped", "read",
    ]  # fmt: skip
