"""Terms are found as they are typed: any language, initial consonants, syllables that are not finished."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.ui
SCRIPT = Path(__file__).parents[2] / "assets/js/views/term_search.js"
NAMES = {
    "transfer": ["전이학습", "transfer learning", "전이 학습"],
    "fine-tuning": ["미세조정", "fine-tuning"],
    "softmax": ["softmax", "소프트맥스"],
    "top-k": ["top-k"],
    "top-p": ["top-p", "nucleus sampling"],
    "lambda": ["λ (람다)", "λ (lambda)"],
    "loss": ["손실", "loss"],
    "attention": ["어텐션", "attention"],
    "mask": ["마스크 (causal mask)", "causal mask"],
    "one-shot": ["one-shot", "원샷"],
    "value": ["값 (value)", "value"],
    "supervised": ["지도학습", "supervised learning"],
    "weight": ["가중치 감쇠", "weight decay"],
}
CARDS = [{"id": id_, "names": names, "text": f"{id_}를 설명해요."} for id_, names in NAMES.items()]
FOUND = [
    ("전이학습", ["transfer"]),
    ("ㅈㅇㅎㅅ", ["transfer"]),
    ("ㅈㅇ", ["transfer"]),
    ("전ㅇ", ["transfer"]),
    ("ㅈ이ㅎ습", ["transfer"]),
    ("저", ["transfer", "fine-tuning"]),  # on the way to 전 and to 정
    ("전잏", ["transfer"]),  # 전이 and the ㅎ of 학
    ("전이하", ["transfer"]),
    ("전이학스", ["transfer"]),
    ("저님", []),
    ("밋", ["fine-tuning"]),  # 미 and the ㅅ of 세
    ("미셎", ["fine-tuning"]),
    ("가추", []),  # ㅜ is no beginning of ㅜㅇ and ㅊ: 중 has an ㅈ
    ("가주", ["weight"]),
    ("갑", ["value"]),  # on the way to 값
    ("값", ["value"]),
    ("ㄱㅈㅊ", ["weight"]),
    ("ㅅㅅ", ["loss"]),
    ("ㄳ", ["weight"]),  # as some keyboards join ㄱ and ㅅ: 감쇠
    ("ㄵ", []),
    ("ㅌㅅ", ["attention"]),
    ("FINE TUNING", ["fine-tuning"]),
    ("finetuning", ["fine-tuning"]),
    ("Transfer  Learn", ["transfer"]),
    ("topk", ["top-k"]),
    ("top", ["top-k", "top-p"]),
    ("λ", ["lambda"]),
    ("mask", ["mask"]),
    ("learning", ["transfer", "supervised"]),
    ("원샷", ["one-shot"]),
    ("ㅏ", []),
    ("xyz", []),
    ("()", []),
    (".*", []),
    ("[", []),
    ("\\", []),
    ("constructor", []),
    ("\u110c\u1165\u11ab\u110b\u1175", ["transfer"]),  # 전이 as a Mac writes it
    ("\u110c\u110b", ["transfer"]),
]


@pytest.fixture(scope="module")
def page(browser):
    """An empty page that has the script as `search`."""
    context = browser.new_context()
    page = context.new_page()
    code = base64.b64encode(SCRIPT.read_bytes()).decode()
    page.evaluate(
        "async ([code, cards]) => Object.assign(window, { cards,"
        " search: await import(`data:text/javascript;base64,${code}`) })",
        [code, CARDS],
    )
    yield page
    context.close()


def found(page: Page, query: str) -> list[str]:
    return page.evaluate("query => search.found(cards, query)", query)


@pytest.mark.parametrize(("query", "ids"), FOUND)
def test_a_query_finds(page: Page, query: str, ids: list[str]):
    assert found(page, query) == ids


def test_nothing_typed_shows_all(page: Page):
    assert found(page, "") == found(page, "  \n ") == list(NAMES)


def test_every_name_is_found_by_each_of_its_beginnings_as_it_is_typed(page: Page):
    """Letter by letter; the whole name brings its own card first."""
    for id_, names in NAMES.items():
        for name in names:
            for end in range(1, len(name) + 1):
                assert id_ in found(page, name[:end]), name[:end]
            assert found(page, name)[0] == id_


def test_the_best_fit_comes_first(page: Page):
    """The whole name, then the beginning of a name, of a word, and what stands inside one."""
    page.evaluate("""() => { window.ranked = [
      ["inside", "overmask"], ["word", "causal mask"], ["start", "mask of all"],
      ["second", "가림", "mask"], ["whole", "mask"],
    ].map(([id, ...names]) => ({ id, names, text: "" })); }""")
    assert page.evaluate("search.found(ranked, 'mask')") == ["whole", "second", "start", "word", "inside"]


def test_what_is_in_no_name_is_looked_for_in_the_plain_sentences(page: Page):
    assert found(page, "설명해요") == list(NAMES)
    assert found(page, "loss를") == ["loss"]
    assert found(page, "를") == []


LONG = ["ㅈ", "전이", "a", " ", "\u0301", "\u0301\u0323", "(", "👨‍👩‍👧", "\ud83d", "전이학습 "]


@pytest.mark.parametrize("sign", LONG)
def test_a_long_query_is_answered_within_a_frame(page: Page, sign: str):
    """10,000 characters against 60 cards, the median of nine; a frame is 16 ms."""
    took = page.evaluate(
        """(sign) => {
          const query = sign.repeat(10000 / sign.length);
          const many = Array.from({ length: 60 }, (_, n) => ({ ...cards[n % cards.length], id: String(n) }));
          search.found(many, "ㅈ");
          const times = Array.from({ length: 9 }, () => {
            const begun = performance.now();
            search.found(many, query);
            return performance.now() - begun;
          });
          return times.sort((a, b) => a - b)[4];
        }""",
        sign,
    )
    assert took < 16
