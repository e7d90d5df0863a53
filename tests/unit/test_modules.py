"""Scripts, styles and words under one hash: small, packed once, kept for ever, seen anew when they change."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from urllib.parse import urljoin

import gradio as gr
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app import modules, shell
from app.doors import Doors, listing
from app.doors import coding as coding_
from app.host import Host
from app.languages import LANGUAGES
from app.settings import Settings
from lessons import LESSONS
from tests.doors import visitor

MOST_BYTES = 40_000  # of the HTML
PAGES = {language.code: f"{language.path}?lang={language.code}" for language in LANGUAGES}
LINKED = re.compile(r"<(?:script|link)[^>]* (?:src|href)=\"((?:\.\./)?[\w/]*m/[^\"]+)\"")


def stand_ins(number: int) -> list:
    """Lessons like the first one, under names of their own."""
    return [replace(LESSONS[0], id=f"stand-in-{n}", order=20 + n, first=False) for n in range(number)]


def client(lessons, **settings) -> TestClient:
    """The app as it is served."""
    host = Host(Settings(**settings))
    demo = shell.build(lessons, host)
    launch = shell.launch_options(demo, lessons, host)
    kept = ("theme", "footer_links", "run_history", "ssr_mode")
    app = gr.mount_gradio_app(FastAPI(), demo, "", **{name: launch[name] for name in kept})
    return TestClient(Doors(app, host, modules.Modules(lessons, shell.light(demo), host.settings.reload), {}))


@pytest.fixture(scope="module")
def app() -> TestClient:
    return client(LESSONS)


def page(app: TestClient, lang: str, query: str = "", coding: str = "identity") -> str:
    answer = app.get(PAGES[lang] + query, headers={"Accept-Encoding": coding})
    assert answer.status_code == 200
    return answer.text


def said(html: str) -> dict:
    """What the page tells its scripts."""
    return json.loads(re.search(r"id=\"one-token-page\">(.*?)</script>", html)[1])


@pytest.mark.parametrize("lang", PAGES)
def test_a_page_is_small_with_two_lessons_and_with_eight(app, lang):
    sizes = [len(page(one, lang).encode()) for one in (app, client([*LESSONS, *stand_ins(8 - len(LESSONS))]))]
    assert sizes[0] < sizes[1] <= MOST_BYTES


def test_a_page_lists_no_endpoint_and_keeps_what_it_wires(app):
    html = page(app, "ko")
    config, _ = json.JSONDecoder().raw_decode(html.partition(listing.CONFIG)[2])
    assert f"{listing.TABLE}{json.dumps(listing.NO_ENDPOINTS, separators=(',', ':'))};</script>" in html
    assert '"/next_token"' not in html and not [one for one in config["components"] if one["type"] == "api"]
    assert [event["targets"][0][1] for event in config["dependencies"]] == ["select"], "a tab is opened"
    numbers = {one["id"] for one in config["components"]}
    assert {event["targets"][0][0] for event in config["dependencies"]} <= numbers
    assert {lesson.id for lesson in LESSONS} < {one["props"].get("elem_id") for one in config["components"]}
    asked = app.get("/gradio_api/info").json()["named_endpoints"]
    assert "/next_token" in asked, "those who call it find it there"


@pytest.mark.parametrize("text", ["</script><b>", "<!--", "a & b", "\u2028", "\\u003c"])
def test_a_page_without_its_endpoints_is_the_same_page(text):
    event = {"id": 0, "targets": [[1, "select"]], "inputs": [3], "outputs": []}
    layout = {"id": 0, "children": [{"id": 1, "children": [{"id": 3}]}, {"id": 2}]}
    config = {
        "title": text,
        "components": [{"id": 1, "type": "tabs"}, {"id": 2, "type": "api"}, {"id": 3, "type": "api"}],
        "dependencies": [event, {**event, "id": 1, "targets": []}],
        "layout": layout,
        "page": {"": {"layout": layout, "components": [1, 2, 3], "dependencies": [0, 1]}},
    }
    less_layout = {"id": 0, "children": [{"id": 1, "children": [{"id": 3}]}]}
    expected = {
        "title": text,
        "components": [config["components"][0], config["components"][2]],
        "dependencies": [event],
        "layout": less_layout,
        "page": {"": {"layout": less_layout, "components": [1, 3], "dependencies": [0]}},
    }
    written = f"a{listing.CONFIG}{json.dumps(config)};b{listing.TABLE}{json.dumps({'x': 1})};c"
    found = listing.without_endpoints(written)
    less, _ = json.JSONDecoder().raw_decode(found.partition(listing.CONFIG)[2])
    assert less == expected
    assert found.startswith("a") and found.endswith(";c") and ";b" in found
    assert not set("<>&\u2028") & set(found)
    assert listing.without_endpoints("another page") == "another page"


@pytest.mark.parametrize("lang", PAGES)
def test_a_page_carries_the_words_of_the_asked_lesson_alone(app, lang):
    asked, *others = LESSONS[::-1]
    html = page(app, lang, f"&lesson={asked.id}")
    told = said(html)
    assert told["asked"] == asked.id and told["lesson"]["words"]["title"] == asked.texts(lang)["ui.title"]
    assert told["lesson"]["preview"]["text"] == asked.texts(lang)["first_text"]
    for other in others:
        scene = other.scenes[0].id
        assert other.texts(lang)[f"scene.{scene}.say"] not in html
        assert f"lessons/{other.folder.name}/" not in html.replace(json.dumps(told["styled"]), "")


def test_a_page_knows_the_lesson_that_shows_the_terms():
    """A [[term]] of any lesson leads there; without one it is a small card and no more."""
    light = {("ko", name): dict for name in ("shell", *(one.id for one in LESSONS))}
    others = [replace(one, terms=False) for one in LESSONS]
    home = replace(others[-1], terms=True)
    for lessons, id_ in ((others, None), ([*others[:-1], home], home.id)):
        assert said(modules.Modules(lessons, light).head("ko", lessons[0]))["terms"] == id_


def test_an_unknown_lesson_is_the_first_one(app):
    for query in ("", "&lesson=nowhere", "&lesson=%22%3E%3Cimg%3E"):
        assert said(page(app, "ko", query))["asked"] == next(one.id for one in LESSONS if one.first)


def test_what_a_page_names_is_served_and_kept_for_ever(app):
    html = page(app, "ko")
    linked = LINKED.findall(html)
    assert len([name for name in linked if name.endswith(".js")]) > 10
    assert len({name.split("/")[1] for name in linked}) == 1, "one hash, so that scripts find each other"
    for address in linked:
        answer = app.get("/" + address)
        assert answer.status_code == 200, address
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-type"].startswith(("text/javascript", "text/css"))
        for imported in re.findall(r"from \"(\.[^\"]+)\";", answer.text):
            assert app.get(urljoin("/" + address, imported)).status_code == 200, (address, imported)


def test_every_import_of_every_lesson_is_there():
    """Else the fault would show when its tab is opened, and only then."""
    files = modules.Modules(LESSONS, {}).edition.files
    scripts = [name for name in files if name.endswith(".js")]
    assert len(scripts) > 20
    for name in scripts:
        for imported in re.findall(r"from \"(\.[^\"]+)\";", files[name].decode()):
            assert urljoin("/" + name, imported)[1:] in files, f"{name} imports {imported}"


def test_scripts_import_in_one_direction():
    """Shared scripts know no lesson, no lesson knows another, and nothing imports in a circle."""
    edition = modules.Modules(LESSONS, {}).edition
    for name in (name for name in edition.files if name.endswith(".js")):
        needed = edition.needed_by(name)
        lessons = {other.split("/")[1] for other in needed if other.startswith("lessons/")}
        assert lessons <= ({name.split("/")[1]} if name.startswith("lessons/") else set()), name
        for other in needed:
            assert other == name or name not in edition.needed_by(other), f"{name} and {other}"


WORDS_OF_THE_FIELD = (
    "attention",
    "fine-tuning",
)  # a tensor and an endpoint, a way to a task are called so too


def test_nothing_shared_names_a_lesson(root):
    """What lessons share knows none of them: a lesson is its folder and a line of lessons/__init__.py."""
    names = {
        name
        for one in LESSONS
        if one.id not in WORDS_OF_THE_FIELD
        for name in (f'"{one.id}"', f"#{one.id}", one.folder.name + "/")
    } | {f"lessons/{one.folder.name}" for one in LESSONS}
    shared = [path for path in (root / "assets").rglob("*.*") if path.suffix in (".js", ".css")]
    shared += [path for path in (root / "app").rglob("*.py") if "training" not in path.parts]
    found = [
        f"{path.relative_to(root)}: {name}"
        for path in shared
        for name in names
        if name in path.read_text(encoding="utf-8")
    ]
    assert not found


@pytest.mark.parametrize("coding", ["br", "gzip", ""])
def test_a_file_is_packed_as_the_browser_can_read_it(app, coding):
    address = "/" + LINKED.findall(page(app, "ko"))[0]
    plain = app.get(address, headers={"Accept-Encoding": "identity"})
    packed = app.get(address, headers={"Accept-Encoding": coding or "identity"})
    assert packed.content == plain.content
    assert packed.headers.get("content-encoding", "") == coding
    assert packed.headers["vary"] == "Accept-Encoding"
    if coding:
        assert int(packed.headers["content-length"]) < len(plain.content)
    assert len(page(app, "en", coding=coding or "identity")) == len(page(app, "en"))


def test_codings_that_a_browser_refuses_are_not_sent():
    assert coding_.best_coding("gzip, deflate, br;q=0") == "gzip"
    assert coding_.best_coding("identity") == coding_.best_coding("") == ""
    assert gzip.decompress(coding_.encode(b"text" * 99, "gzip")) == b"text" * 99


def test_an_old_page_gets_what_there_is_and_does_not_keep_it(app):
    answer = app.get("/m/0123456789abcdef/assets/js/main.js")
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-cache"


PATHS = ["assets/js/nothing.js", "app.py", "../app.py", "assets/../app.py", "lessons/next_token/state.py", ""]


@pytest.mark.parametrize("path", PATHS)
def test_nothing_else_is_served(path):
    knock, behind, _ = visitor()
    assert knock.get(f"/m/abc/{path}").status_code == 404
    assert not behind.asked


def test_under_a_path_addresses_lead_to_the_app():
    told = modules.Modules(LESSONS, {("ko", name): dict for name in ("shell", *(one.id for one in LESSONS))})
    assert all(name.startswith("m/") for name in LINKED.findall(told.head("ko", LESSONS[0])))


def test_words_cannot_end_the_script_they_stand_in():
    light = {("ko", "shell"): lambda: {"words": {"name": "</script><img src=x onerror=alert(1)>"}}}
    light |= {("ko", one.id): dict for one in LESSONS}
    head = modules.Modules(LESSONS, light).head("ko", LESSONS[0])
    assert "<img" not in head
    assert said(head)["shell"]["words"]["name"].startswith("</script>")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder of a lesson that a test may change."""
    folder = tmp_path / LESSONS[0].folder.name
    shutil.copytree(LESSONS[0].folder, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.mark.parametrize("name", ["draw.js", "style.css", "text.ko.md"])
def test_with_reload_a_changed_file_is_seen_by_the_next_page(copy, name: str):
    lesson = replace(LESSONS[0], folder=copy)
    for reload in (False, True):
        app = client([lesson], reload=reload)
        before = page(app, "ko")
        text = (copy / name).read_text(encoding="utf-8")
        mark = f"changed {reload}"
        changed = (
            f"/* {mark} */\n{text}"
            if not name.endswith(".md")
            else text.replace("## ui.title\n", f"## ui.title\n{mark} ")
        )
        (copy / name).write_text(changed, encoding="utf-8")
        after = page(app, "ko")
        folder = f"lessons/{copy.name}/"
        addresses = [address for address in LINKED.findall(after) if address.endswith(folder + name)]
        seen = mark in after or any(mark in app.get("/" + address).text for address in addresses)
        assert seen == reload
        assert (LINKED.findall(before)[0] != LINKED.findall(after)[0]) == reload, "a new hash"
