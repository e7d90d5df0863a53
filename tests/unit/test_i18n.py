"""Sentences come out right in both languages: particles, values that stay values, a text for every key."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from app.errors import InputError
from app.i18n import (
    ASSETS,
    fill,
    final_consonant,
    load_text,
    plain,
    sentence,
    shared_text,
    with_particle,
)
from app.languages import CODES

ROOT = Path(__file__).parents[2]
SOURCES = [*sorted(ROOT.glob("app/**/*.py")), *sorted(ROOT.glob("lessons/**/*.py"))]
LESSON_FOLDERS = sorted(path.parent for path in ROOT.glob("lessons/*/text.ko.md"))
SCRIPTS = sorted([*ROOT.glob("assets/js/**/*.js"), *ROOT.glob("lessons/**/*.js")])
FILE_NAMES = re.compile(r".*\.(toml|md|py|json|js|css|safetensors)")

# As a Korean reader says them: 영 일 이 삼 사 오 육 칠 팔 구, 엘 엠 엔, 티, 퍼센트, 토큰, 임베딩.
PARTICLES = [
    ("곳에", "은/는", "곳에는"),
    ("책", "은/는", "책은"),
    ("길", "은/는", "길은"),
    ("나", "이/가", "나가"),
    ("오늘", "이/가", "오늘이"),
    ("강아지", "을/를", "강아지를"),
    ("밥", "을/를", "밥을"),
    ("학교", "과/와", "학교와"),
    ("집", "과/와", "집과"),
    ("학교", "으로/로", "학교로"),
    ("집", "으로/로", "집으로"),
    ("교실", "으로/로", "교실로"),
    ("토큰", "이에요/예요", "토큰이에요"),
    ("모델이 준 수", "이에요/예요", "모델이 준 수예요"),
    ("0.47", "으로/로", "0.47로"),
    ("3.1", "을/를", "3.1을"),
    ("0.5", "이/가", "0.5가"),
    ("0.500", "은/는", "0.500은"),
    ("13", "으로/로", "13으로"),
    ("6", "으로/로", "6으로"),
    ("1", "으로/로", "1로"),
    ("8", "으로/로", "8로"),
    ("2", "이에요/예요", "2예요"),
    ("10", "이/가", "10이"),
    ("4", "과/와", "4와"),
    ("9", "을/를", "9를"),
    ("38.2%", "이에요/예요", "38.2%예요"),
    ("GPT", "은/는", "GPT는"),
    ("BPE", "으로/로", "BPE로"),
    ("top-k", "이/가", "top-k가"),
    ("token", "은/는", "token은"),
    ("embedding", "은/는", "embedding은"),
    ("LLM", "은/는", "LLM은"),
    ("URL", "으로/로", "URL로"),
    ("tiny-gpt2", "을/를", "tiny-gpt2를"),
    ("tiny-gpt1", "을/를", "tiny-gpt1을"),
    ("‘곳에’", "은/는", "‘곳에’는"),
    ("“책”", "은/는", "“책”은"),
    ('"embedding"', "은/는", '"embedding"은'),
    ("(주)", "이/가", "(주)가"),
    ("간다.", "이/가", "간다.가"),
]


@pytest.mark.parametrize(("word", "pair", "expected"), PARTICLES)
def test_a_particle_follows_the_sound_of_its_word(word, pair, expected):
    assert with_particle(word, pair) == expected
    assert fill(f"{{word:{pair}}}", word=word) == expected


@pytest.mark.parametrize(
    ("template", "expected"),
    [("‘{word:’은/는}", "‘책’은"), ("({word:)으로/로}", "(책)으로"), ("‘{word:’이에요/예요}", "‘책’이에요")],
)
def test_a_quote_is_closed_before_the_particle(template, expected):
    assert fill(template, word="책") == expected
    assert fill("‘{word:’으로/로}", word="교실") == "‘교실’로"
    assert fill("‘{word:’은/는}", word="☆") == "‘☆’은(는)"


def test_no_particle_stands_inside_a_quote():
    """「‘책은’ 잘려요」 would make it a part of the token."""
    for folder in LESSON_FOLDERS:
        for key, text in load_text(folder / "text.ko.md").items():
            assert not re.search(r"\{\w+:[^{}]*/[^{}]*\}[’”]", text), key


@pytest.mark.parametrize("word", ["👨‍👩‍👧", "☆", "", " ", "…", "漢", "‹›", "⏎", "é"])
def test_a_word_without_a_known_sound_gets_both_forms(word):
    assert final_consonant(word) is None
    assert with_particle(word, "은/는") == f"{word}은(는)"
    assert with_particle(word, "으로/로") == f"{word}으로(로)"


@pytest.mark.parametrize(
    ("template", "word", "expected"),
    [
        ("‘{word:’은/는}", "book", "‘book’은(는)"),
        ("‘{word:’은/는}", "책book.", "‘책book.’은(는)"),
        ("“{word:”을/를}", "URL", "“URL”을(를)"),
        ("‘{word:’이에요/예요}", "A)", "‘A)’이에요(예요)"),
        ("‘{word:’은/는}", "gpt2", "‘gpt2’는"),
        ("‘{word:’은/는}", "book책", "‘book책’은"),
        ("‘{word:’으로/로}", "3.1", "‘3.1’로"),
        ("{word:은/는}", "GPT", "GPT는"),  # our own words
        ("({word:)은/는}", "MLP", "(MLP)는"),
        ("헤드 {word:을/를}", "3.1", "헤드 3.1을"),
        ("{word:은/는}", "café", "café은(는)"),
        ("{word:은/는}", "A東", "A東은(는)"),
        ("‘{word:’은/는}", "2**3", "‘\u20682**3\u2069’은"),
    ],
)
def test_latin_letters_of_others_may_be_read_in_any_way(template, word, expected):
    assert fill(template, word=word) == expected


def test_a_number_is_no_text_yet_and_still_gets_its_particle():
    assert fill("{n:이/가}", n=3) == "3이"
    assert fill("{p:으로/로}", p=0.47) == "0.47로"


def test_other_formats_still_work():
    assert fill("{n:,} · {p:.2f}", n=12345, p=0.456) == "12,345 · 0.46"


TEMPLATES = [
    "{word}",
    "{0.__class__}",
    "{word:이/가}",
    "{{",
    "}",
    "{",
    "{other!r}",
    "%s",
    "${1+",
    "{word.__class__}",
]


@pytest.mark.parametrize("value", TEMPLATES)
def test_a_value_is_never_read_as_a_template(value):
    assert fill("‘{word}’", word=value, other="secret") == f"‘{value}’"
    assert fill("{word:은/는}", word=value).startswith(value)


def test_a_key_that_stands_twice_is_an_error(tmp_path):
    """Else the second one would silently win, in one language only."""
    path = tmp_path / "text.md"
    path.write_text("note\n## a\none\n\n## b\n two\nthree \n", encoding="utf-8")
    assert load_text(path) == {"a": "one", "b": "two\nthree"}
    path.write_text("## a\none\n## a\ntwo\n", encoding="utf-8")
    with pytest.raises(ValueError, match="«a»"):
        load_text(path)


# ---- every key that the code names, found in its syntax tree ----


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in SOURCES:
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def constants(node: ast.expr) -> list[str]:
    """The strings that an expression may be: a literal, or either side of `a if b else c`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return constants(node.body) + constants(node.orelse)
    return []


def fields_of(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def raised() -> list[tuple[str, str, set[str]]]:
    """(where, code, names of the details) of every UserError that is made anywhere."""
    found = []
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in (
                "UserError",
                "InputError",
                "ModelError",
            ):
                codes = constants(node.args[0])
                assert codes, f"{path}:{node.lineno}: the code is not a literal"
                assert all(keyword.arg for keyword in node.keywords), f"{path}:{node.lineno}: **details"
                details = {keyword.arg for keyword in node.keywords}
                found += [(f"{path.name}:{node.lineno}", code, details) for code in codes]
    return found


@pytest.mark.parametrize("lang", CODES)
def test_every_error_that_is_raised_has_its_sentence(lang):
    texts = shared_text(lang)
    errors = raised()
    assert len({code for _, code, _ in errors}) > 20
    for where, code, details in errors:
        assert f"error.{code}" in texts, f"{where} raises «{code}»"
        missing = fields_of(texts[f"error.{code}"]) - details
        assert not missing, f"{where}: «{code}» is raised without {missing}"
        told = sentence(InputError(code, **dict.fromkeys(details, "tiny-gpt2")), lang)
        assert "{" not in told and told.count("\n") == 0, told


def test_no_sentence_is_left_over_from_an_error_of_the_past():
    known = {f"error.{code}" for _, code, _ in raised()} | {
        "error.internal"
    }  # the latter is for our own faults
    assert {key for key in shared_text("ko") if key.startswith("error.")} == known


def named_in_python() -> tuple[set[str], list[str]]:
    """Every string of the code, and a pattern for every f"group.{part}": a value may be one part of a key.

    f"{group}.say" goes on from one of those.
    """
    literals, beginnings, endings = set(), set(), set()
    for _, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                literals.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = [part.value if isinstance(part, ast.Constant) else None for part in node.values]
                pattern = [r"[\w-]+" if part is None else re.escape(part) for part in parts]
                if parts[0] and "." in parts[0]:
                    beginnings.add("".join(pattern))
                elif parts[0] is None and "".join(part or "" for part in parts[1:2]).startswith("."):
                    endings.add("".join(pattern[1:]))
    return literals, [*beginnings, *(begin + end for begin in beginnings for end in endings)]


def scripts() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in SCRIPTS)


def keys_of(lang: str = "ko") -> set[str]:
    return set(shared_text(lang)).union(*(load_text(folder / f"text.{lang}.md") for folder in LESSON_FOLDERS))


def test_no_key_is_unused():
    literals, patterns = named_in_python()
    in_scripts = scripts()
    quoted = set(re.findall(r"""["'`]([\w.-]+)["'`]""", in_scripts))
    read = set(re.findall(r"\bwords\.(\w+)", in_scripts))
    assert len(read) > 20, "the search has gone blind"
    unused = []
    for key in keys_of():
        name = key.removeprefix("ui.")
        in_browser = key != name and (name in read | quoted or name.split(".")[0] in quoted | literals)
        if not (in_browser or key in literals or any(re.fullmatch(pattern, key) for pattern in patterns)):
            unused.append(key)
    assert not unused


def test_every_key_named_in_python_exists():
    keys = keys_of()
    groups = {key.split(".")[0] for key in keys if "." in key}
    literals, _ = named_in_python()
    looks_like_a_key = re.compile(rf"({'|'.join(sorted(groups))})\.[a-z][\w.]*\w")
    named = {text for text in literals if looks_like_a_key.fullmatch(text) and not FILE_NAMES.fullmatch(text)}
    assert len(named) > 20, "the search has gone blind"
    assert not named - keys


@pytest.mark.parametrize("lang", CODES)
def test_every_key_named_in_the_browser_exists(lang):
    shared = {key for key in shared_text(lang) if key.startswith("ui.")}
    lessons = keys_of(lang)
    for path in SCRIPTS:
        script = path.read_text(encoding="utf-8")
        named = set(re.findall(r"\bwords\.(\w+)", script)) | set(
            re.findall(r'\bwords\["([\w.-]+)"\]', script)
        )
        known = shared if path.name == "shell.js" else lessons
        assert not {f"ui.{name}" for name in named} - known, path.name


def test_a_call_gives_every_value_that_its_sentence_needs():
    """`words("look.none", best=…)`: a value forgotten would be an error on the page."""
    ko = shared_text("ko") | {
        key: text for folder in LESSON_FOLDERS for key, text in load_text(folder / "text.ko.md").items()
    }
    checked = 0
    for path, tree in trees():
        for node in ast.walk(tree):
            is_call = isinstance(node, ast.Call) and node.args
            if not is_call or ast.unparse(node.func).split(".")[-1] not in ("words", "text"):
                continue
            if any(keyword.arg is None for keyword in node.keywords):
                continue  # **values: the tests of the lesson draw every sentence
            for key in constants(node.args[0]):
                assert fields_of(ko[key]) <= {keyword.arg for keyword in node.keywords}, f"{path.name}: {key}"
                checked += 1
    assert checked > 10, "the search has gone blind"


@pytest.mark.parametrize("lang", CODES)
def test_the_browser_gives_every_value_too(lang):
    texts = {
        key: text for folder in LESSON_FOLDERS for key, text in load_text(folder / f"text.{lang}.md").items()
    }
    texts |= shared_text(lang)
    call = r"\b(fill|say)\((?:\w+\.)*words(?:\.(\w+)|\[([^\]]*)\])[^,{]*,\s*\{([^}]*)\}"
    calls = re.findall(call, scripts())
    assert len(calls) > 20, "the search has gone blind"
    said = set()
    for how, key, named, values in calls:
        given = set(re.findall(r"(\w+)\s*(?=[:,}]|$)", values))
        for one in [key] if key else re.findall(r'"([\w.-]+)"', named):
            assert fields_of(texts[f"ui.{one}"]) <= given, one
            said |= {f"ui.{one}"} if how == "say" else set()
    # `fill` goes by name alone: a particle of ours would stand there as it is. `say` knows them.
    particles = [key for key, text in texts.items() if key.startswith("ui.") and re.search(r"\{\w+:", text)]
    assert set(particles) <= said


HOSTILE = ["2**3", "**", "****", "[[token]]", "[[", "]]", "a|b", "{x}", "<b>x</b>", "*", "**a** [[token|b]]"]
HOSTILE += ["\u2068", "\u2069", "\u2069**a**\u2068", "[[token|{x}]]**", "\\*\\*", "` **x** `"]
MARKUP = re.compile(
    "(\\*\\*(?:[^*\u2068]|\u2068[^\u2069]*\u2069)+\\*\\*"
    "|\\[\\[(?:[^\\]\u2068]|\u2068[^\u2069]*\u2069)+\\]\\]|\u2068[^\u2069]*\u2069)"
)


def read_as_the_browser_does(text: str) -> list[tuple[str, str]]:
    """[(what it is, its letters)] of a sentence, as `rich` of assets/js/term.js takes it apart."""
    parts: list[tuple[str, str]] = []
    for part in MARKUP.split(text):
        if part.startswith("**") and part.endswith("**") and len(part) > 4:
            parts.append(("bold", plain(part[2:-2])))
        elif part.startswith("[[") and part.endswith("]]"):
            parts.append(("term", plain(part[2:-2])))
        elif parts and not parts[-1][0]:
            parts[-1] = ("", parts[-1][1] + plain(part))
        else:
            parts.append(("", plain(part)))
    return parts


def templates_of(lang: str) -> list[str]:
    """All sentences of that language with something to fill in; particles have tests of their own."""
    files = [ASSETS / f"text.{lang}.md", *(folder / f"text.{lang}.md" for folder in LESSON_FOLDERS)]
    texts = [text for file in files for text in load_text(file).values() if "{" in text]
    return [re.sub(r"\{(\w+):([’”)]*)[^{}]*\}", r"{\1}\2", text) for text in texts]


@pytest.mark.parametrize("lang", CODES)
def test_letters_of_a_learner_stay_letters_in_every_sentence(lang):
    """Whatever she writes: what is bold and what opens a card is what our own words say."""
    assert len(templates_of(lang)) > 100
    for template in templates_of(lang):
        names = {name for _, name, _, _ in Formatter().parse(template) if name}
        harmless = read_as_the_browser_does(fill(template, **dict.fromkeys(names, "\ue000")))
        for value in HOSTILE:
            shown = read_as_the_browser_does(fill(template, **dict.fromkeys(names, value)))
            expected = [(kind, part.replace("\ue000", plain(value))) for kind, part in harmless]
            assert shown == expected, (template, value)


def test_what_leaves_the_page_has_no_marks():
    told = fill("‘{word}’", word="**a**")
    assert told != "‘**a**’" and plain(told) == "‘**a**’"
    assert fill("‘{word}’", word="ab") == "‘ab’", "marks only where there is something to mark"
