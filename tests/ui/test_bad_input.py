"""Whatever a person types or a link says, the answer is a result or one sentence, and no script runs.

`open_page` fails a test whose page throws, opens a dialog (as injected scripts here would) or leaves this
machine, and whose server logs a traceback.
"""

from __future__ import annotations

from string import Formatter
from urllib.parse import urlencode

import pytest

from app import i18n
from app.languages import CODES
from tests.harness.matrix import quick
from tests.harness.visit import Visit
from tests.unit.test_i18n import HOSTILE, templates_of

pytestmark = pytest.mark.ui

TEXTS = {
    "empty": "",
    "spaces": "     ",
    "one space": " ",
    "tabs and new lines": "\t나는\n\n오늘\r\n",
    "ten thousand characters": "나는 오늘 " * 2000,
    "over the limit": "가" * 12_000,
    "one very long word": "안녕하세요" * 400,
    "very long latin word": "a" * 3000,
    "emoji with zero-width joiners": "👩‍👩‍👧‍👦 가족과 🏳️‍🌈",
    "emoji with skin tone": "👍🏽👋🏿",
    "flags": "🇰🇷🇺🇸",
    "jamo": "ㄱㄴㄷ ㅏㅑㅓ ㅋㅋㅋ",
    "conjoining jamo": "\u1112\u1161\u11ab\u1100\u1173\u11af",
    "decomposed Hangul": "\u1102\u1161\u1102\u1173\u11ab",
    "combining marks": "e\u0301\u0327\u0308 Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢",
    "right to left": "مرحبا بالعالم שלום",
    "direction overrides": "\u202eabc\u202c 나는",
    "zero-width characters": "나\u200b는\u200d \ufeff오늘",
    "NUL": "나는\0오늘",
    "control characters": "\x01\x02\x07\x1b[31m나는",
    "replacement character": "나는 \ufffd 오늘",
    "private use": "\ue000\uf8ff",
    "outside the BMP": "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𠀀𠮷",
    "noncharacters": "\uffff\ufffe",
    "Hanja and kana": "漢字 ひらがな カタカナ",
    "script": "<script>alert(1)</script>",
    "closing script": "</script><img src=x onerror=alert(1)>",
    "image": "<img src=x onerror=alert(1)>",
    "svg": "<svg onload=alert(1)>",
    "iframe": "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    "link": "<a href='javascript:alert(1)'>눌러 보세요</a>",
    "template literal": "${eval('alert(1)')}",
    "broken template literal": "${1+",
    "handlebars": "{{constructor.constructor('alert(1)')()}}",
    "triple handlebars": "{{{value}}} {{#each value}}",
    "python format": "{0.__class__.__mro__} %s %d {text}",
    "HTML entities": "&lt;b&gt; &amp; &#x3c;script&#x3e;",
    "attribute breakout": "\"' onmouseover=alert(1) x='",
    "backticks and slashes": "`alert(1)` \\u003cscript\\u003e \\",
    "term markup": "[[token]] [[<img src=x onerror=alert(1)>|x]] **굵게**",
    "special tokens": "<|endoftext|> <pad> <mask> <s> </s> <unk> </w>",
    "only punctuation": ".,!?;:…「」",
    "numbers": "1234567890 ３.１４ ½ ٣",
    "SQL": "'; DROP TABLE students;--",
    "path": "../../etc/passwd",
    "address": "http://example.org/?a=1&b=2#c",
}

QUERIES = {
    "unknown name": {"colour": "red"},
    "temperature is a word": {"temperature": "warm"},
    "temperature is nan": {"temperature": "nan"},
    "temperature is infinite": {"temperature": "inf"},
    "temperature is below its range": {"temperature": "0"},
    "temperature is above its range": {"temperature": "1e9"},
    "top-k is negative": {"top_k": "-1"},
    "top-k is a fraction": {"top_k": "1.5"},
    "top-p is above its range": {"top_p": "2"},
    "seed is huge": {"seed": "9" * 400},
    "ids are words": {"ids": "a,b"},
    "ids outside the vocabulary": {"ids": "999999"},
    "too many ids": {"ids": ",".join(["300"] * 300)},
    "negative id": {"ids": "-5!"},
    "unknown model": {"model": "../../etc/passwd"},
    "script as a model": {"model": "<script>alert(1)</script>"},
    "unknown lesson": {"lesson": "nowhere"},
    "script as a lesson": {"lesson": '"><img src=x onerror=alert(1)>'},
    "unknown scene": {"scene": "nowhere"},
    "unknown language": {"lang": "xx"},
    "unknown theme": {"theme": "blue"},
    "present is a word": {"present": "yes"},
    "script as a name": {"<img src=x onerror=alert(1)>": "1"},
}

# In a link: those that an address, a parser or a script could trip over; the others with `make test-all`.
HARDEST = (
    "empty",
    "ten thousand characters",
    "decomposed Hangul",
    "direction overrides",
    "NUL",
    "noncharacters",
    "closing script",
    "template literal",
    "python format",
    "HTML entities",
    "attribute breakout",
    "term markup",
    "address",
)
TYPED = (
    "spaces",
    "over the limit",
    "emoji with zero-width joiners",
    "jamo",
    "right to left",
    "outside the BMP",
    "script",
    "special tokens",
)


def notice_of(visit: Visit) -> str:
    """The notice on screen, "" for none. It must be one line at most, and there must be bars to see."""
    assert visit.page.locator(".dist svg").is_visible()
    notice = visit.page.locator(".view .note").first
    text = notice.inner_text().strip() if notice.is_visible() else ""
    assert len(text.splitlines()) <= 1, text
    return text


def test_the_tables_are_long_enough():
    assert len(TEXTS) + len(QUERIES) >= 40


@pytest.mark.parametrize(
    "names", [HARDEST + TYPED, pytest.param(tuple(TEXTS), marks=pytest.mark.slow)], ids=len
)
def test_every_typed_text_is_answered(open_page, subtests, names):
    """All in one page: each must be taken after the one before, however bad that was, and so must a press."""
    visit = open_page()
    box = visit.page.locator("#next-token-text")
    for name in names:
        with subtests.test(name):
            before = visit.serial()
            box.fill(TEXTS[name])
            box.press("Enter")
            visit.wait_painted(after=before)
            notice_of(visit)
            before = visit.serial()
            visit.page.locator("#go").click()
            visit.wait_painted(after=before)
            notice_of(visit)
            assert not visit.complaints()


def follow(visit: Visit, query: dict) -> str:
    """Open a link in the tab of a visitor of whom nothing is known -> the notice on screen."""
    visit.page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
    visit.page.goto(f"{visit.page.url.split('?')[0]}?{urlencode({'lang': 'ko', 'theme': 'light'} | query)}")
    visit.wait_ready()
    visit.wait_model()
    return notice_of(visit)


@pytest.mark.parametrize("names", [HARDEST, pytest.param(tuple(TEXTS), marks=pytest.mark.slow)], ids=len)
def test_a_text_in_a_link_is_answered(open_page, subtests, names):
    """The same texts through the address; the longest ones do not fit into one."""
    visit = open_page()
    for name in names:
        with subtests.test(name):
            follow(visit, {"text": TEXTS[name][:1500]})
            assert not visit.complaints()


@pytest.mark.parametrize(
    "names", [tuple(QUERIES)[::3], pytest.param(tuple(QUERIES), marks=pytest.mark.slow)], ids=len
)
def test_what_a_bad_link_loses_is_told(open_page, subtests, names):
    visit = open_page()
    for name in names:
        with subtests.test(name):
            assert follow(visit, QUERIES[name])
            assert not visit.complaints()


def test_names_of_the_platform_are_passed_over_in_silence(open_page):
    foreign = {"fbclid": "a1", "utm_source": "mail", "gclid": "b2"}
    visit = open_page(
        lang="en", query={"lang": None, "theme": None, "__sign": "abc", "__theme": "dark", **foreign}
    )
    assert notice_of(visit) == ""
    said = visit.page.evaluate(
        "() => [document.documentElement.dataset.theme, document.documentElement.lang]"
    )
    assert said == ["dark", "en"], "the platform's theme, and the language of a first visit"
    assert "fbclid" not in visit.page.url and "__sign=abc" in visit.page.url


def test_lone_surrogates_are_answered(open_page):
    """JavaScript can hold them, UTF-8 cannot: a paste from a broken program brings them to Python."""
    visit = open_page()
    before = visit.serial()
    visit.page.evaluate(
        """() => {
          const box = document.querySelector("#next-token-text");
          box.value = "나는\\ud83d 오늘\\udc00";
          box.dispatchEvent(new Event("change"));
        }"""
    )
    visit.wait_painted(after=before)
    notice_of(visit)


RICH = """async (sentences) => {
  const main = document.querySelector("script[type=module][src*='/m/'], script[type=module][src^='m/']").src;
  const { rich } = await import(main.replace("main.js", "term.js"));
  return sentences.map((sentence) => {
    const at = rich(document.createElement("p"), sentence);
    return [at.textContent, ...[...at.children].map((child) => `${child.localName} ${child.textContent}`)];
  });
}"""


@pytest.mark.parametrize("lang", quick(CODES))
def test_letters_of_a_learner_stay_letters_on_the_page(open_page, lang: str):
    """Every sentence with every hostile text in every place: only our own words are markup."""
    visit = open_page(lang=lang, model=False)
    cases = [(template, value) for template in templates_of(lang) for value in HOSTILE]
    names = {
        template: {name for _, name, _, _ in Formatter().parse(template) if name} for template, _ in cases
    }
    harmless = [i18n.fill(template, **dict.fromkeys(names[template], "\ue000")) for template, _ in cases]
    hostile = [i18n.fill(template, **dict.fromkeys(names[template], value)) for template, value in cases]
    expected, shown = (visit.page.evaluate(RICH, sentences) for sentences in (harmless, hostile))
    for (template, value), wanted, found in zip(cases, expected, shown, strict=True):
        assert found == [part.replace("\ue000", i18n.plain(value)) for part in wanted], (template, value)


def test_a_learner_s_stars_and_brackets_are_read_as_she_wrote_them(open_page):
    visit = open_page(query={"text": "2**3**4 [[token]]", "hidden": 1})
    cover = visit.page.locator(".cover p")
    assert "2**3**4 [[token]]" in cover.inner_text() and not cover.locator(".term").count()
    assert cover.locator("b").all_inner_texts() == ["먼저 맞혀 보세요."]
