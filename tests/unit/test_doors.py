"""Whoever comes through the door is sent to her language, with her whole query, and never off this site."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest

from app.doors import LanguageDoor, preferred_language

ORIGIN = "http://host"


def knock(
    address: str,
    accept: str | None = None,
    lang: str = "auto",
    method: str = "GET",
    root_path: str = "",
    **more,
) -> str | None:
    """Ask for `address` -> the whole address one is sent to, None when the page itself answers."""
    path, _, query = address.partition("?")
    headers = [] if accept is None else [(b"accept-language", accept.encode("latin-1"))]
    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode("latin-1")}
    scope |= {"headers": [(b"host", b"host"), *headers], "root_path": root_path, **more}
    reached, sent = [], []

    async def page(scope, receive, send):
        reached.append(scope)

    async def send(message):
        sent.append(message)

    asyncio.run(LanguageDoor(page, lang)(scope, None, send))
    if reached:
        assert reached == [scope], "the page gets what was asked for, unchanged"
        assert not sent
        return None
    start, body = sent
    fields = dict(start["headers"])
    assert start["status"] == 307 and start["type"] == "http.response.start"
    assert body == {"type": "http.response.body", "body": b""}
    assert b"Accept-Language" in fields[b"vary"], "a cache in between must not send everybody one way"
    target = fields[b"location"].decode("latin-1")
    assert not urlsplit(target).netloc and not target.startswith("/"), (
        "relative, or --root-path would be lost"
    )
    assert "\r" not in target and "\n" not in target
    return urljoin(ORIGIN + path, target).removeprefix(ORIGIN)


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        ("", "ko"),
        ("ko", "ko"),
        ("en", "en"),
        ("en-US,en;q=0.9", "en"),
        ("ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", "ko"),
        ("en-US,en;q=0.9,ko;q=0.8", "en"),
        ("en;q=0.5,ko;q=0.9", "ko"),
        ("ko;q=0.5,en;q=0.5", "ko"),
        ("en;q=0.5,ko;q=0.5", "en"),
        ("en; q=0.2, ko; q=0.8", "ko"),
        ("ko ;q=0.1 , en ;q=0.9", "en"),
        ("EN-gb", "en"),
        ("fr-FR,fr;q=0.9,de;q=0.8", "ko"),
        ("fr,en;q=0.3", "en"),
        ("*", "ko"),
        ("en;q=0,*", "ko"),
        ("en;q=zero,en;q=0.1", "en"),
        ("kok-IN,en;q=0.5", "en"),
        (",,;q=,;;", "ko"),
        ("en;q=nan,ko", "ko"),
        ("\x00\xff" * 2000, "ko"),
    ],
)
def test_the_language_a_browser_asks_for(header, lang):
    assert preferred_language(header) == lang


@pytest.mark.parametrize(
    ("address", "accept", "sent_to"),
    [
        # A first visit goes by the browser's language.
        ("/", "en", "/en"),
        ("/", "ko", None),
        ("/", None, None),
        ("/", "fr,de;q=0.5", None),
        # Whoever asks for the English page has chosen it.
        ("/en", "ko", None),
        ("/en/", "ko", None),
        # A link names its language, or is in that of its page.
        ("/?lang=en", "ko", "/en?lang=en"),
        ("/?lang=ko", "en", None),
        ("/en?lang=ko", "en", "/?lang=ko"),
        ("/en/?lang=ko", "en", "/?lang=ko"),
        ("/en?lang=en", "ko", None),
        ("/en/?lang=en", "ko", None),
        ("/?scene=draw", "en", None),
        ("/en?scene=draw", "ko", None),
        # What other sites hang onto an address leaves it a first visit.
        ("/?__theme=dark", "en", "/en?__theme=dark"),
        ("/?fbclid=1&utm_source=mail&gclid=", "en", "/en?fbclid=1&utm_source=mail&gclid="),
        ("/?fbclid=1&scene=draw", "en", None),
        ("/en?fbclid=1", "ko", None),
        ("/?theme=dark", "en", None),
        ("/?text=", "en", None),
        # What is no language of ours is left to the page, which tells the learner.
        ("/?lang=xx", "en", None),
        ("/?lang=", "en", None),
        ("/?lang=EN", "ko", None),
        ("/en?lang=//evil.example", "ko", None),
        ("/?lang=ko&lang=en", "ko", "/en?lang=ko&lang=en"),
    ],
)
def test_where_a_visitor_is_sent(address, accept, sent_to):
    assert knock(address, accept) == sent_to
    assert knock(address, accept, method="HEAD") == sent_to


def test_the_host_may_have_chosen_the_language():
    assert knock("/", "ko", lang="en") == "/en"
    assert knock("/", "en", lang="ko") is None
    assert knock("/?lang=ko", "ko", lang="en") is None


QUERIES = [
    "lang=en&text=%EB%82%98%EB%8A%94+%EC%98%A4%EB%8A%98&temperature=0.5&ids=12%2C7%21",
    "text=a%26b%3Dc%23d%2F%2F&lang=en&__sign=x&&empty=&alone",
    "lang=en&text=%0d%0aSet-Cookie:%20a=b",
    "lang=en&next=//evil.example/&next=https://evil.example",
    "lang=en&text=%ff%fe%ED%A0%80%",
    "lang=en&a;b;c=%00",
    "//evil.example/&lang=en",
    "lang=en&text=" + "x" * 20_000,
    "lang=en&text=나는".encode().decode("latin-1"),  # as bytes that nobody has percent-encoded
]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: ascii(query[:40]))
def test_the_query_comes_along_whole(query):
    target = knock(f"/?{query}", "ko")
    assert target == f"/en?{query}"
    back = query.replace("lang=en", "lang=ko")
    assert knock(f"/en?{back}", "ko") == f"/?{back}"
    assert dict(parse_qsl(target.partition("?")[2]))["lang"] == "en"


@pytest.mark.parametrize("path", ["//evil.example", "//", "/en//", "/\\evil.example", "/en/x", "/%2e%2e//x"])
def test_no_path_makes_the_door_send_anybody_elsewhere(path):
    assert knock(f"{path}?lang=en", "en") is None
    assert knock(f"{path}?lang=ko", "en") is None


@pytest.mark.parametrize(
    "path", ["/config", "/queue/join", "/gradio_api/call/tokenize", "/english", "/ko", "/EN"]
)
def test_other_paths_are_none_of_the_doors_business(path):
    assert knock(path, "en") is None
    assert knock(f"{path}?lang=en", "ko") is None


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_only_reading_a_page_is_redirected(method):
    assert knock("/?lang=en", "ko", method=method) is None


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
def test_other_kinds_of_traffic_pass(kind):
    assert knock("/", "en", type=kind) is None


@pytest.mark.parametrize(
    ("address", "accept", "sent_to"),
    [
        ("/lab/", "en", "/lab/en"),
        ("/lab/?lang=en", "ko", "/lab/en?lang=en"),
        ("/lab/en?lang=ko", "en", "/lab/?lang=ko"),
        ("/lab/en/?lang=ko", "en", "/lab/?lang=ko"),
        ("/lab", "en", "/lab/en"),
        ("/lab/config", "en", None),
    ],
)
def test_behind_a_proxy_one_stays_under_its_path(address, accept, sent_to):
    """With --root-path; `/lab` without its slash is a page too."""
    assert knock(address, accept, root_path="/lab") == sent_to
