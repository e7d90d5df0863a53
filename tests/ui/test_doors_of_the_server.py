"""The doors of the real server: no file is read or written; a short call is answered beside a long one."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

pytestmark = pytest.mark.usefixtures("no_traceback")

SESSION = "a-session-of-24-letters_"
FILE = {"path": "README.md", "meta": {"_type": "gradio.FileData"}}
TARGETS = ("README.md", ".git/config", "/etc/passwd", "app/host.py", "/tmp", "..", "assets/text.ko.md")


def ask(server, method: str, path: str, body: bytes | str | None = None, **headers) -> tuple[int, bytes]:
    """A request exactly as it is written here."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request(method, path, body.encode() if isinstance(body, str) else body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()} if folder.is_dir() else set()


def test_no_file_is_read_through_an_echoed_field(server, cache, root):
    """The attack that worked: Gradio served any file that a field named."""
    before = files(cache)
    secret = (root / "README.md").read_bytes()[:200]
    for target in TARGETS:
        file = {"path": target, "meta": {"_type": "gradio.FileData"}}
        seq = {"path": "", "x": file}
        old = {"data": [None, None], "fn_index": 0, "session_hash": "a"}
        old |= {"event_data": {"type": "mine", "seq": seq}}
        for path in (
            "/gradio_api/run/act",
            "/run/act",
            "/api/act",
            "/gradio_api/api/act",
            "/gradio_api/run/act/",
        ):
            status, body = ask(server, "POST", path, json.dumps(old))
            assert status == 404 and b"README" not in body
        action = {"type": "mine", "seq": seq, "session": SESSION, "kept": seq, "at": seq, "query": file}
        status, body = ask(server, "POST", "/act/ko/next-token", json.dumps(action))
        answer = json.loads(body)
        assert status == 200 and answer["seq"] == 0
        assert b"FileData" not in body and target.encode() not in body and secret not in body
        for endpoint in ("tokenize", "trace"):
            status, body = ask(
                server, "POST", f"/gradio_api/call/{endpoint}", json.dumps({"data": [file, file]})
            )
            assert status == 200
            event = json.loads(body)["event_id"]
            status, body = ask(server, "GET", f"/gradio_api/call/{endpoint}/{event}")
            assert status == 200 and b"event: error" in body and b"FileData" not in body
    assert files(cache) == before, "Gradio copied a file"


def test_no_address_gives_a_file(server, cache, root):
    before = files(cache)
    ours = {(root / name).read_bytes()[:100] for name in ("README.md", "app/host.py")}
    for target in (*TARGETS, str(root / "README.md"), str(cache)):
        quoted = quote(target, safe="")
        for prefix in (
            "/gradio_api/file=",
            "/file=",
            "/gradio_api/file/",
            "/gradio_api/proxy=",
            "/svelte/",
            "/m/0/",
        ):
            for spelling in (
                prefix + target,
                prefix + quoted,
                prefix + quoted.replace("%", "%25"),
                prefix + "./" + target,
                prefix + "%2e%2e/" + target,
                prefix + "..%2f" * 3 + target,
                "/" + prefix + target,
                "/assets/../.." + prefix + target,
                prefix.upper() + target,
            ):
                status, body = ask(server, "GET", spelling.replace(" ", "%20"))
                assert status == 404 and not any(part in body for part in ours), spelling
        for folder in ("/assets/", "/static/", "/libraries/"):
            for up in ("../" * 3, "%2e%2e/" * 3, "..%2f" * 3, "..%5c" * 3):
                assert ask(server, "GET", folder + up + target)[0] == 404
    assert files(cache) == before


def test_an_upload_leaves_nothing(server, cache):
    before = files(cache)
    body = b'--b\r\nContent-Disposition: form-data; name="files"; filename="x.txt"\r\n\r\nhello\r\n--b--\r\n'
    for path in ("/gradio_api/upload", "/upload", "/gradio_api/upload/", "/gradio_api//upload"):
        status, _ = ask(server, "POST", path, body, **{"Content-Type": "multipart/form-data; boundary=b"})
        assert status == 404
    assert ask(server, "GET", "/gradio_api/deep_link?session_hash=a")[0] == 404
    assert files(cache) == before


ADDRESSES = [
    ("GET", "/?page=2", 200),
    ("GET", "/?page=en", 200),
    ("GET", "/?deep_link=abc", 200),
    ("GET", "/en?lesson=__proto__", 200),
    ("GET", "/en?lesson=constructor", 200),
    ("GET", "/en?lesson=toString", 200),
    ("HEAD", "/", 307),
    ("HEAD", "/en", 200),
    ("GET", "/pwa_icon/x", 404),
    ("GET", "/gradio_api/queue/data?session_hash=unknown", 404),
    ("GET", "/gradio_api/queue/data?" + "a&" * 400, 404),
    ("GET", "/en?text=" + "x" * 30_000, 200),
    ("POST", "/gradio_api/queue/join", 400),
]


@pytest.mark.parametrize(("method", "path", "status"), ADDRESSES, ids=lambda value: str(value)[:40])
def test_an_odd_address_has_an_answer(server, method, path, status):
    found, body = ask(server, method, path, **{"Accept-Language": "en-US,en;q=0.9"})
    assert found == status
    if status == 404:
        assert list(json.loads(body)) == ["detail"] and body.isascii()
    if "lesson=" in path:
        page = body.decode().partition('id="one-token-page">')[2].partition("</script>")[0]
        assert json.loads(page)["asked"] == "next-token"


def test_bodies_are_refused_over_the_network(server):
    status, body = ask(server, "POST", "/act/ko/next-token", b"{", **{"Content-Length": "600000"})
    assert status == 413 and json.loads(body)
    begun = time.monotonic()
    assert ask(server, "POST", "/act/ko/next-token", b'"' + b'\\"' * 250_000)[0] == 400
    assert time.monotonic() - begun < 10, "a quadratic reader takes an hour"


def test_a_short_call_is_answered_while_long_ones_run(server):
    client = Client(server.url, verbose=False)
    client.predict("나는", "tiny-gpt2", api_name="/next_token")  # the model is in memory
    other = Client(server.url, verbose=False)
    long = [client.submit("나는", "tiny-gpt2", 256, "beam", api_name="/generate") for _ in range(6)]
    time.sleep(0.3)
    begun = time.monotonic()
    assert other.predict("나는", "tiny-gpt2", api_name="/next_token")["top"]
    short = time.monotonic() - begun
    assert not all(job.done() for job in long), "they were not long at all"
    status, _ = ask(server, "POST", "/act/ko/next-token", json.dumps({"type": "mine", "session": SESSION}))
    assert status == 200
    assert short < 5
    for job in long:
        job.cancel()


def test_a_class_of_callers_gets_its_own_answers(server):
    wrong: list[str] = []

    def one(i: int) -> None:
        client = Client(server.url, verbose=False)
        for _ in range(2):
            text = f"사람 {i}"
            found = client.predict(text, "tiny-gpt2", api_name="/tokenize")["tokens"]
            if bytes(byte for token in found for byte in token["bytes"]).decode() != text:
                wrong.append(text)
        with contextlib.suppress(AppError, TypeError, ValueError):
            client.predict(api_name="/tokenize")

    threads = [threading.Thread(target=one, args=(i,)) for i in range(8)]
    [thread.start() for thread in threads]
    [thread.join(60) for thread in threads]
    assert not wrong and not any(thread.is_alive() for thread in threads)


def test_a_websocket_and_broken_requests_leave_no_traceback(server):
    for sent in (
        b"GET /gradio_api/queue/join HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
        b'GET / HTTP/1.1\r\nHost: a"><script>\r\n\r\n',
        b"POST /act/ko/next-token HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
        b"\x00\xff\xfe\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
            connection.sendall(sent)
            connection.settimeout(1)
            with contextlib.suppress(TimeoutError):
                assert b"Traceback" not in connection.recv(100_000)
