"""Plotly and KaTeX come out of installed packages, over our own addresses, and not with the first page."""

from __future__ import annotations

import re
from pathlib import Path

import gradio
import plotly
import pytest
from starlette.testclient import TestClient

from app import libraries, modules
from app.languages import CODES
from lessons import LESSONS
from tests.doors import visitor


@pytest.fixture(scope="module")
def client() -> TestClient:
    return visitor()[0]


def test_plotly_is_the_installed_package_s_own_file(client):
    answer = client.get(libraries.addresses()["plotly"])
    assert answer.status_code == 200
    assert answer.content == (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_bytes()
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
    assert libraries.addresses()["plotly"].endswith(plotly.__version__), (
        "an update must not meet an old cache"
    )


@pytest.mark.parametrize("path", ["/libraries/", "/libraries/plotly.min.js/..", "/libraries/../app.py"])
def test_no_other_file_is_found_beside_it(client, path: str):
    assert client.get(path).status_code == 404


def test_plotly_is_found_under_a_path_too():
    answer = visitor(root_path="/gpt")[0].get("/gpt/libraries/plotly.min.js")
    assert answer.content[:2] == b"/*" and b"plotly.js" in answer.content[:200]


def test_katex_is_gradio_s_own(root):
    addresses = libraries.addresses()
    for name in ("katex", "katex_style"):
        file = Path(gradio.__file__).parent / "templates" / "frontend" / addresses[name]
        assert file.is_file() and "katex" in file.read_text(encoding="utf-8").lower()


def test_a_gradio_without_katex_leaves_an_empty_address(monkeypatch, tmp_path):
    monkeypatch.setattr(libraries, "_package", lambda name: tmp_path)
    assert libraries.addresses()["katex"] == libraries.addresses()["katex_style"] == ""


def test_the_first_page_names_them_and_carries_neither():
    said = {(lang, name): dict for lang in CODES for name in ("shell", *(one.id for one in LESSONS))}
    head = modules.Modules(LESSONS, said).head("ko", LESSONS[0])
    assert libraries.addresses()["plotly"] in head
    assert "plotly.js v" not in head and "KaTeX parse error" not in head
    loaded = re.findall(r"<(?:script|link)[^>]* (?:src|href)=\"([^\"]+)\"", head)
    assert loaded and not [address for address in loaded if not address.startswith("m/")]
