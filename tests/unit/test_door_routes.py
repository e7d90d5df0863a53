"""Which addresses there are: all of Gradio's, in every spelling, are closed but those on the list."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from pathlib import Path
from urllib.parse import unquote

import gradio as gr
import pytest
from gradio.routes import App
from starlette.testclient import TestClient

from app.doors.building import CANCEL, DATA, JOIN, WRITTEN_BY_GRADIO
from app.languages import CODES
from tests.doors import METHODS, Knock, sentence, visitor

# Route of Gradio that is answered -> why. docs/security.md says the same.
OPEN = {
    "/": "the Korean page",
    "/config": "gradio_client: which endpoints there are",
    "/gradio_api/info": "gradio_client: their arguments",
    "/gradio_api/startup-events": "Gradio knocks at its own door when it starts",
    "/theme.css": "colours of Gradio's own parts",
    "/robots.txt": "asked for by search engines",
    "/manifest.json": "named in Gradio's page",
    "/favicon.ico": "the icon, from memory",
    "/assets/{path:path}": "Gradio's scripts, from a list of file names",
    "/static/{path:path}": "Gradio's fonts and images, from a list of file names",
    "/gradio_api/queue/join": "an endpoint is called; answered by us",
    "/gradio_api/queue/data": "its answer is read; answered by us",
    "/gradio_api/call/{api_name}": "the same for curl; answered by us",
    "/gradio_api/call/{api_name}/{event_id}": "the same for curl; answered by us",
    "/gradio_api/cancel": "gradio_client takes a call back; answered by us",
}


def all_routes() -> list[tuple[str, tuple[str, ...]]]:
    """(path, methods) of everything that Gradio's application answers, included routers too."""
    with gr.Blocks() as demo:
        gr.Markdown("x")
    found: dict[str, set[str]] = {}

    def walk(routes, prefix: str) -> None:
        for route in routes:
            path = getattr(route, "path", None)
            inner = getattr(route, "original_router", None) or getattr(route, "router", None)
            if path is not None and getattr(route, "methods", None):
                found.setdefault(prefix + path, set()).update(route.methods)
            elif inner is not None:
                walk(inner.routes, prefix + getattr(route.include_context, "prefix", ""))

    app = App.create_app(demo)
    walk(app.routes, "")
    for path, methods in app.openapi()["paths"].items() if app.openapi_url else ():
        found.setdefault(path, set()).update(method.upper() for method in methods)
    return sorted((path, tuple(sorted(methods))) for path, methods in found.items())


ROUTES = all_routes()
VALUES = ("README.md", "..", "x", "0" * 32, "/etc/passwd", "http://127.0.0.1/", "C:\\x")


def spellings(path: str) -> set[str]:
    """How the same address may be written."""
    head, _, tail = path.rpartition("/")
    first = path.lstrip("/")
    return {
        path,
        path + "/",
        "/" + path,
        f"{head}//{tail}",
        f"/.{path}",
        f"{head}/./{tail}",
        f"/x/..{path}",
        f"/%2e%2e{path}",
        f"/%2e{path}",
        path.upper(),
        f"{path}%00",
        f"{path};x",
        f"/{first.replace('/', '%2f')}",
        f"/{first.replace('/', '%5c')}",
        f"{path}%20",
        f"/gradio_api{path}",
        f"/en{path}",
    }


def test_the_walk_finds_gradio_s_dangerous_routes():
    paths = " ".join(path for path, _ in ROUTES)
    for name in ("file", "upload", "stream", "deep_link", "monitoring", "proxy", "component_server", "login"):
        assert name in paths, f"{name} is not among Gradio's routes any more: look what it has become"
    assert len(ROUTES) > 30 and set(OPEN) <= {path for path, _ in ROUTES}


@pytest.mark.parametrize("root_path", ["", "/lab"])
def test_everything_else_is_closed_in_every_spelling(caplog, root_path):
    _, behind, doors = visitor()
    refused = {"detail": sentence("not_found")}

    async def ask(method: str, address: str) -> Knock:
        """As the server hands it on: decoded, and `..` still there, which a client would have taken out."""
        knock = Knock(doors, method, root_path + unquote(address), root_path=root_path)
        await knock.done
        assert knock.status == 404, (method, address)
        assert method == "HEAD" or json.loads(knock.body) == refused
        return knock

    async def all_of_them() -> int:
        asked = 0
        for path, _ in ROUTES:
            if path in OPEN and "{path" not in path:
                continue
            for value in VALUES:
                filled = re.sub(r"\{[^}]*\}", lambda _, value=value: value, path)
                if filled in WRITTEN_BY_GRADIO:
                    continue
                written = spellings(filled) if value == VALUES[0] or filled == path else {filled}
                for address, method in itertools.product(written, ("GET", "POST")):
                    await ask(method, address)
                    asked += 1
                for method in METHODS:
                    await ask(method, filled)
                if filled == path:
                    break
        return asked

    assert asyncio.run(all_of_them()) > 1000
    assert not behind.asked and not caplog.records


def test_what_is_open_is_open_by_its_own_methods_only(caplog):
    client, behind, _ = visitor()
    for address in WRITTEN_BY_GRADIO:
        for method in METHODS:
            answer = client.request(method, address, headers={"accept-language": "ko"})
            assert answer.status_code == (200 if method in ("GET", "HEAD") else 404), (method, address)
    for address in (JOIN, CANCEL, "/gradio_api/call/tokenize", "/act/ko/next-token"):
        for method in set(METHODS) - {"POST"}:
            assert client.request(method, address).status_code == 404
    for method in set(METHODS) - {"GET"}:
        assert client.request(method, DATA).status_code == 404
    assert {scope["method"] for scope in behind.asked} == {"GET"}, "Gradio never sees another method"
    assert not caplog.records


@pytest.mark.parametrize(
    "path", ["/act/ko/nothing", "/act/xx/next-token", "/act/ko/../x", "/act/ko/" + "x" * 500]
)
def test_there_is_no_stage_but_ours(path):
    client, _, doors = visitor()
    assert client.post(path, json={"session": "s" * 20}).status_code == 404
    assert not doors.host.n_sessions


def test_the_table_in_the_documentation_is_this_one(root: Path):
    text = (root / "docs" / "security.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(/[^`]*)` \| ([^|]*) \|$", text, re.MULTILINE)
    told = {path: why.strip() for path, why in rows}
    assert {path: why for path, why in told.items() if path in OPEN} == OPEN
    ours = {"/en", "/act/<lang>/<lesson>", "/m/<hash>/…", "/libraries/plotly.min.js"}
    ours |= {"/libraries/bertviz.js"}
    ours |= {"/browser/<hash>/…", "/browser/runtime/<version>/…"}
    assert set(told) - set(OPEN) == ours


# ---- addresses that somebody may write ----


@pytest.mark.parametrize(
    "query",
    [
        "page=2",
        "page=en",
        "deep_link=abc",
        "lesson=__proto__",
        "lesson=constructor",
        "lesson=toString",
        "view=api",
        "__theme=dark",
        "__sign=" + "x" * 30_000,
        "&".join("a" * 300),
        "%ff%fe%00",
        "=&=&;",
    ],
    ids=lambda query: query[:20],
)
def test_no_query_changes_what_page_there_is(caplog, query):
    client, behind, _ = visitor()
    for path in ("/", "/en"):
        plain = client.get(path + ("?x=1" if path == "/" else ""))
        answer = client.get(f"{path}?{query}")
        assert answer.status_code == 200 and answer.content == plain.content
    assert all(scope["query_string"] == b"" for scope in behind.asked) and not caplog.records


def test_head_goes_to_the_language_too():
    client, *_ = visitor()
    english = {"accept-language": "en-US,en"}
    answer = client.head("/", headers=english)
    assert answer.status_code == 307 and answer.headers["location"] == "./en".removeprefix("./")
    assert client.head("/en", headers=english).status_code == 200
    assert client.head("/en/", headers=english).headers["location"] == "../en"


@pytest.mark.parametrize(
    "path", ["/pwa_icon/x", "/pwa_icon/512", "/pwa_icon", "/nothing", "///x", "/en/x", "/%00"]
)
def test_a_wrong_address_is_one_sentence_in_her_language(caplog, path):
    client, behind, _ = visitor()
    for lang in CODES:
        answer = client.get(path, headers={"accept-language": lang})
        assert answer.status_code == 404 and answer.json() == {"detail": sentence("not_found", lang)}
    assert not behind.asked and not caplog.records


def test_a_websocket_is_not_opened(caplog):
    _, behind, doors = visitor()
    for path in ("/queue/join", "/gradio_api/queue/join", "/"):
        with pytest.raises(Exception) as raised, TestClient(doors).websocket_connect(path):
            pass
        assert type(raised.value).__name__ == "WebSocketDisconnect"
    assert not behind.asked and not caplog.records
