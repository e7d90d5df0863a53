"""Nothing that a browser sends comes back unchecked.

A marker, in shapes that Gradio takes for files and updates, goes into every field that any lesson reads, into
every argument of every endpoint, into headers and links. It may come back only where it is the learner's own
text (ALLOWED), or a name that one sentence quotes.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from app import api
from lessons import LESSONS
from tests.doors import visitor
from tests.harness.matrix import quick
from tests.mounted import Mounted, Visitor, registry_for, tiny_registry

MARK = "zqxjkv"
FILE = {"path": "README.md", "orig_name": MARK, "meta": {"_type": "gradio.FileData"}}
POISONS: dict[str, Any] = {
    "file": FILE,
    "file in a list": [[FILE], {"x": FILE}],
    "update": {"__type__": "update", "value": MARK, "elem_id": MARK},
    "component": {"__type__": MARK, "path": "/etc/passwd", "url": f"file:///{MARK}"},
    "rows": [[MARK, MARK], [None, MARK, 0], [0, FILE], [FILE, FILE, FILE]],
    "text": MARK + "x" * 30_000,
    "lines": f"{MARK}\n</script><b>\ud800",
}
# Where a learner's own words may stand in a picture, and which fields bring them there.
WRITTEN = ("second", "third", "fourth", "other")  # further texts of 「미세조정」 and 「어텐션」
HER_TEXT = ("text", "link.text", "keep.mine", "cover", "code", "alt.strip", "fields.value")
HER_TEXT += tuple(f"link.{name}" for name in WRITTEN)
ALLOWED = {
    "text": HER_TEXT,
    "mine": HER_TEXT,  # her text, kept in the browser
    "guess": ("guess", "keep.guess", "look"),  # a token she guesses first
    "name": ("notice",),  # 「그런 이름의 모델은 없어요: …」, 80 characters
    "query": ("notice",),  # names of a link that mean nothing, 24 characters
}
EVERYWHERE = tuple(sorted({where for places in ALLOWED.values() for where in places}))
READS = {
    "whole",
    "whole_or",
    "number",
    "choice",
    "choice_or",
    "flag",
    "string",
    "string_or",
    "part",
    "rows",
    "field",
}


def fields_read() -> set[str]:
    """Every field that app/ or lessons/ asks a Payload for."""
    root, found = Path(__file__).parents[2], set()
    for path in [*root.glob("app/**/*.py"), *root.glob("lessons/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                name = node.args[0]
                if node.func.attr in READS and isinstance(name, ast.Constant) and isinstance(name.value, str):
                    found.add(name.value)
    return found


ASK = "ask"  # makes a question of what would be an action
FIELDS = fields_read() - {ASK} | {"guess", "query", "at", "kept", "session", "seq", "event_data", "__proto__"}


class Asked(dict):
    """A payload that remembers what it was asked for."""

    def __init__(self, sent: dict, names: set[str]):
        super().__init__({k: Asked(v, names) if type(v) is dict else v for k, v in sent.items()})
        self.names = names

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return super().get(name, default)


def strings(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """(where, text) of all keys and texts in an answer."""
    if isinstance(value, dict):
        for key, inside in value.items():
            yield f"{path}.<key>".lstrip("."), str(key)
            yield from strings(inside, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for inside in value:
            yield from strings(inside, path)
    elif isinstance(value, str):
        yield path, value


def check(answer: dict, allowed: tuple[str, ...]) -> None:
    for where, text in strings(answer):
        if where not in HER_TEXT or where not in allowed:  # what she writes is a text, whatever it looks like
            found = [word for word in ("FileData", "__type__", "README") if word in text]
            assert not found, (where, text[:200])
        assert MARK not in text or where in allowed, (where, text[:200])
        assert where != "notice" or len(text.splitlines()) <= 1, text
        assert len(text) <= 20_000


@pytest.fixture(scope="module", params=[lesson.id for lesson in LESSONS])
def mounted(request, tmp_path_factory):
    lesson = next(lesson for lesson in LESSONS if lesson.id == request.param)
    stage = lesson.stage
    with registry_for(lesson, tmp_path_factory.mktemp("models")) as registry:
        mounted = Mounted(lesson, stage, registry)
        mounted.actions = ("enter", "scene", "text", "model", "mine", "answer", "led", *stage.loaded.actions)
        yield mounted


def test_all_fields_are_known(mounted):
    """The list comes from the code; what is really asked for while running must be on it."""
    names: set[str] = set()
    for action in mounted.actions:
        Visitor(mounted).send(
            Asked({"type": action, "kept": {"tree": [], "answers": []}, "query": "a=b"}, names)
        )
    assert names - {str(i) for i in range(10)} <= FIELDS | {ASK} and len(names) > 6


@pytest.mark.parametrize("name", quick(POISONS, "file in a list", "component", "text"))
def test_no_field_of_an_action_comes_back(mounted, name):
    poison = POISONS[name]
    texts = isinstance(poison, str)
    allowed = EVERYWHERE if texts else ()
    for action in mounted.actions:
        visitor = Visitor(mounted)
        visitor.enter()
        check(visitor.send({field: poison for field in FIELDS} | {"type": action}), allowed)
        check(visitor.send({"type": "mine"}), allowed)
    for question in ("lead", *mounted.context.lesson.stage.loaded.replies, poison):
        check(Visitor(mounted).send({field: poison for field in FIELDS} | {ASK: question}), ())
    check(Visitor(mounted).send({field: poison for field in FIELDS}), ())  # no action at all
    check(Visitor(mounted).send(poison), ())


def test_no_single_field_comes_back(mounted):
    """One field is poisoned and the others are as they should be, so that all of them are read."""
    good = {"to": 0, "text": "나는", "name": "tiny-gpt2", "id": 3, "node": 0, "knob": "top_k", "value": 1}
    good |= {"on": True, "lit": "none", "side": "left", "row": 0, "head": 0, "block": 0, "depth": 2}
    visitor = Visitor(mounted)
    visitor.enter()
    for action in mounted.actions:
        asked: set[str] = set()
        visitor.send(Asked(good | {"type": action, "kept": {}, "query": ""}, asked))
        for field in sorted(asked - {"type"}):
            for poison in (FILE, POISONS["text"]):
                allowed = ALLOWED.get(field, ()) if isinstance(poison, str) else ()
                allowed = EVERYWHERE if allowed else ()
                sent = good | {"type": action, "kept": {}, "query": "", field: poison}
                check(visitor.send(sent), allowed)
                for text in ("책을", "나는"):  # another text lets go of what was built on the one before
                    visitor.send({"type": "text", "text": text})


@pytest.mark.parametrize("name", quick(POISONS, "file", "text"))
def test_what_the_browser_kept_does_not_come_back(mounted, name):
    poison = POISONS[name]
    for field in sorted(FIELDS) if name in ("file", "text") else ():
        kept = {field: poison}
        allowed = ALLOWED.get(field, ()) if isinstance(poison, str) else ()
        check(Visitor(mounted).send({"type": "enter", "query": "text=a", "kept": kept}), allowed)
    kept = {field: poison for field in FIELDS}
    allowed = EVERYWHERE if isinstance(poison, str) else ()
    check(Visitor(mounted).send({"type": mounted.actions[-1], "at": "text=a", "kept": kept}), allowed)


def test_a_link_comes_back_only_as_text_or_in_one_sentence(mounted):
    fields = [
        *mounted.context.lesson.State.__dataclass_fields__,
        "scene",
        "model",
        "theme",
        "lang",
        "present",
    ]
    for field in (*fields, "lesson", MARK, f"{MARK}\n\u2028x", "__" + MARK, "constructor", "__proto__"):
        for poison in (FILE, POISONS["lines"]):
            value = poison if isinstance(poison, str) else json.dumps(poison)
            query = urlencode({field: value}, errors="surrogatepass")
            allowed = HER_TEXT if field in WRITTEN else ("notice",) if MARK in field else ()
            check(Visitor(mounted).send({"type": "enter", "query": query}), allowed)
    check(Visitor(mounted).send({"type": "enter", "query": urlencode({"text": MARK})}), HER_TEXT)
    long = "&".join(f"{MARK}{i}={'x' * 500}" for i in range(199))
    answer = Visitor(mounted).send({"type": "enter", "query": long})
    check(answer, ("notice",))
    assert len(answer["notice"]) < 300


# ---- endpoints ----

GOOD = {
    "models": ["ko"],
    "tokenize": ["나는", "tiny-gpt2", "ko"],
    "next_token": ["나는", "tiny-gpt2", 1.0, 0, 1.0, "ko"],
    "generate": ["나는", "tiny-gpt2", 2, "sample", 1.0, 0, 1.0, 1, "ko"],
    "trace": ["나는", "tiny-gpt2", "hook_embed", "ko"],
    "attention": ["나는", "tiny-gpt2", 1, 2, "ko"],
    "head_scores": ["tiny-gpt2", "ko"],
    "ablate": ["나는", "tiny-gpt2", "0.1", "mean", "ko"],
    "patch": ["나는", "나는", "tiny-gpt2", "0.1", "ko"],
}
WITHOUT_TEXT = ("models", "head_scores")


@pytest.mark.parametrize("name", GOOD)
def test_no_argument_of_an_endpoint_comes_back(tmp_path, caplog, name):
    with tiny_registry(tmp_path) as registry:
        client, behind, doors = visitor(api.functions(registry))
        for index in range(len(GOOD[name])):
            for poison in POISONS.values():
                data = [*GOOD[name]]
                data[index] = poison
                put = client.post(f"/gradio_api/call/{name}", content=json.dumps({"data": data}))
                told = client.get(f"/gradio_api/call/{name}/{put.json()['event_id']}").text.strip()
                event, answer = told.split("\ndata: ")
                answer = json.loads(answer)
                for where, text in strings(answer):
                    assert "FileData" not in text and "__type__" not in text and "README" not in text
                    own = (
                        index == 0 and name not in WITHOUT_TEXT and isinstance(poison, str)
                    )  # her text, in pieces
                    assert own or where == "error" or MARK not in text
                    assert where != "error" or (len(text.splitlines()) == 1 and len(text) < 400)
                    assert not isinstance(poison, dict | list) or MARK not in text
                assert event == "event: error" or (index == 0 and name not in WITHOUT_TEXT)
    assert not behind.asked and not caplog.records and not doors.calls._channels


# ---- headers and addresses ----

HEADERS = [
    "accept-language",
    "accept-encoding",
    "accept",
    "cookie",
    "referer",
    "user-agent",
    "origin",
    "range",
]
HEADERS += ["if-none-match", "authorization", "content-type", "x-forwarded-for", "x-gradio-user", "x-mine"]


def test_no_header_or_address_comes_back(caplog):
    client, behind, _ = visitor(api.functions(None))
    poison = json.dumps(FILE)
    asked = [
        "/en",
        "/config",
        "/nothing",
        "/theme.css",
        "/gradio_api/queue/data",
        "/m/0/x",
        f"/{MARK}/{poison}",
    ]
    asked += [f"/en?{urlencode({MARK: poison})}", f"/gradio_api/queue/data?session_hash={MARK}"]
    asked += [f"/gradio_api/call/{MARK}/{'0' * 32}", f"/act/ko/{MARK}", f"/assets/{MARK}"]
    for headers in ({}, {name: poison for name in HEADERS}):
        for address in asked:
            for method in ("GET", "POST", "HEAD", "PUT", MARK.upper()):
                answer = client.request(method, address, headers=headers)
                everything = answer.text + str(dict(answer.headers))
                assert MARK not in everything.lower() and "FileData" not in everything, address
                assert answer.status_code < 500
    assert not caplog.records
    for scope in behind.asked:
        assert MARK not in str(scope["headers"]) + scope["path"] + str(scope["query_string"])
    # A redirect carries her own query on, to a page of ours.
    answer = client.get(f"/?lang=en&{MARK}=1")
    assert answer.status_code == 307 and answer.headers["location"] == f"en?lang=en&{MARK}=1"
