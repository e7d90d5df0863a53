"""bertviz's views: a script of installed packages that names no other machine, and data that is the trace."""

from __future__ import annotations

import base64
import html.parser
import json
import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from app import bertviz_scripts, libraries
from app.errors import InputError
from app.models import load
from app.models.tokens import Piece
from app.views import bertviz
from tests.doors import visitor
from tests.tiny_models import write_folder

INSIDE = "assets/js/views/bertviz_inside.js"
# Names of kinds of XML and where d3 and bertviz come from, in comments: nothing that a browser asks for.
NO_REQUESTS = {"www.w3.org", "d3js.org", "github.com"}


# ---- the script ----


def test_the_script_holds_the_packages_own_views_and_no_address_to_load_from():
    text = bertviz_scripts.script().decode()
    for mark in ("d3js.org v5.7.0", "jQuery v3.7", "function renderAttention", "function renderThumbnail"):
        assert mark in text
    assert text.count("Jesse Vig") >= len(bertviz_scripts.VIEWS), "whoever wrote them is named"
    assert set(re.findall(r"https?://([\w.]+)", text)) == NO_REQUESTS
    assert "require.config" not in text and "PYTHON_PARAMS;" not in text
    for view in bertviz_scripts.VIEWS:
        own = bertviz_scripts.adapted(view)
        assert "window.bertviz_params" in own and "requirejs(['jquery', 'd3']" in own


def test_both_scripts_may_stand_inside_a_script_element(root):
    """In the HTML of the frame each is one element, and nothing of it is read as HTML."""
    for script in (bertviz_scripts.script().decode(), (root / INSIDE).read_text(encoding="utf-8")):
        parser = Tags()
        parser.feed(f"<script>{script}</script><p>")
        assert parser.tags == ["script", "p"] and parser.text == script
        assert "<!--" not in script  # after which <script> would open a second one


class Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("view", bertviz_scripts.VIEWS)
def test_a_script_of_another_release_is_refused(monkeypatch, view: str):
    """A change that does not apply, or applies twice, must not pass in silence."""
    whole = bertviz_scripts._text("bertviz", f"{view}_view.js")
    for before, _ in bertviz_scripts.CHANGES[view]:
        for other in (whole.replace(before, ""), whole + before):
            monkeypatch.setattr(bertviz_scripts, "_text", lambda *names, other=other: other)
            with pytest.raises(bertviz_scripts.ChangedScript):
                bertviz_scripts.adapted(view)
    monkeypatch.setattr(bertviz_scripts, "_text", lambda *names: whole.replace("require.config(", "load("))
    with pytest.raises(bertviz_scripts.ChangedScript):
        bertviz_scripts.adapted(view)


@pytest.mark.parametrize("end", ["</script>", "</SCRIPT >", "<!-- <script>"])
def test_a_script_that_would_end_its_element_is_refused(monkeypatch, end: str):
    read = bertviz_scripts._text
    monkeypatch.setattr(bertviz_scripts, "_text", lambda *names: read(*names) + f"// {end}")
    with pytest.raises(bertviz_scripts.ChangedScript):
        bertviz_scripts.script.__wrapped__()


def test_without_a_bertviz_that_we_know_the_page_is_there_all_the_same(monkeypatch):
    def unknown():
        raise bertviz_scripts.ChangedScript("of another release")

    monkeypatch.setattr(bertviz_scripts, "version", unknown)
    addresses = libraries.addresses()
    assert addresses["bertviz"] == "" and addresses["plotly"]


def test_the_script_is_served_once_for_all_and_kept():
    address = libraries.addresses()["bertviz"]
    assert address.endswith(f"?v={bertviz_scripts.version()}")
    answer = visitor()[0].get(address)
    assert answer.status_code == 200 and answer.content == bertviz_scripts.script()
    assert answer.headers["content-type"].startswith("text/javascript"), "never a page of its own"
    assert "immutable" in answer.headers["cache-control"]


# ---- the data ----


@pytest.fixture(scope="module", params=["gpt1", "gpt2"])
def loaded(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / request.param
    return load(write_folder(folder, request.param), eager=True)


IDS = [30, 41, 52, 30, 63, 74, 85, 30, 30, 96]


def patterns(data) -> np.ndarray:
    """The patterns as the browser reads them: (layers, h, t, t)."""
    t, layers = len(data["pieces"]), len(data["layers"])
    weights = np.frombuffer(base64.b64decode(data["attention"]), "<u2") / 65_535
    found = np.zeros((layers, data["n_head"], t, t))
    found[:, :, *np.tril_indices(t)] = weights.reshape(layers, data["n_head"], -1)
    return found


def vectors(part) -> np.ndarray:
    """(rows, columns) of `exact`, read by the rule in its docstring."""
    raw = np.frombuffer(base64.b64decode(part["data"]), "u1").reshape(-1, 3).astype(np.int64)
    steps = raw @ [1, 2**8, 2**16]
    steps[steps >= 2**23] -= 2**24
    return (steps * part["top"] / (2**23 - 1)).reshape(part["rows"], part["columns"])


@pytest.mark.parametrize("kind", ["head", "model"])
def test_the_patterns_are_those_of_transformers(loaded, kind: str):
    data = bertviz.view_data(loaded, IDS, kind, layer=1)
    with torch.no_grad():
        theirs = loaded.model(torch.tensor([IDS]), output_attentions=True).attentions
    found = patterns(json.loads(json.dumps(data, allow_nan=False)))
    np.testing.assert_allclose(found, torch.cat(theirs).numpy(), atol=1e-5)
    assert data["layers"] == [0, 1] and data["layer"] == 1 and data["n_layer"] == 2 and data["n_head"] == 3


def test_q_and_k_of_the_neuron_view_make_its_pattern(loaded):
    if loaded.architecture == "gpt1":
        with pytest.raises(ValueError, match="neuron"):
            bertviz.view_data(loaded, IDS, "neuron")
        return
    for layer in range(2):
        data = bertviz.view_data(loaded, IDS, "neuron", layer)
        assert data["layers"] == [layer] == [data["layer"]]
        q, k = (vectors(data[name]).reshape(3, len(IDS), -1) for name in ("queries", "keys"))
        scores = torch.tensor(q @ k.transpose(0, 2, 1) / q.shape[-1] ** 0.5)
        closed = torch.ones(len(IDS), len(IDS)).triu(1).bool()
        softmax = scores.masked_fill(closed, float("-inf")).softmax(-1)
        np.testing.assert_allclose(patterns(data)[0], softmax.numpy(), atol=1e-4)


def test_a_view_of_no_layer_of_the_model_is_refused(loaded):
    for layer in (-1, 2):
        with pytest.raises(ValueError):
            bertviz.view_data(loaded, IDS, "head", layer)
    with pytest.raises(InputError):
        bertviz.view_data(loaded, [], "head")


def test_a_long_text_shows_its_first_tokens_and_whole_rows(loaded, monkeypatch):
    monkeypatch.setitem(bertviz.MOST_TOKENS, "head", 6)
    data = bertviz.view_data(loaded, IDS, "head")
    assert len(data["pieces"]) == 6 and data["n_tokens"] == len(IDS)
    np.testing.assert_allclose(patterns(data).sum(-1), 1, atol=1e-4)
    monkeypatch.undo()
    assert data["pieces"] == bertviz.view_data(loaded, IDS, "head")["pieces"][:6]


def test_one_token_is_a_view_too(loaded):
    for kind in bertviz.KINDS[loaded.architecture]:
        data = bertviz.view_data(loaded, IDS[:1], kind)
        assert patterns(data).shape[-2:] == (1, 1) and patterns(data).min() == 1


NASTY = ["</script><img src=x onerror=alert(1)>", "<!--", "\u2028", "\"'", "{{", "\\", "${alert(1)}"]
NASTY += [" a", "\n"]


def test_pieces_are_plain_text_with_the_space_before_them_drawn(loaded, monkeypatch):
    """What a token holds goes out as it is: nothing of it is HTML, so nothing is escaped."""
    pieces = [Piece(id_, text, text.encode(), None, text.startswith(" ")) for id_, text in enumerate(NASTY)]
    monkeypatch.setattr(type(loaded.tokenizer), "pieces", lambda self, ids: pieces)
    shown = bertviz.view_data(loaded, IDS[: len(NASTY)], "head")["pieces"]
    assert shown == [*NASTY[:2], "‹U+2028›", *NASTY[3:7], "·a", "⏎"]


@pytest.mark.parametrize(
    ("n_layer", "n_head", "d_head"), [(4, 6, 32), (12, 12, 64), (48, 25, 64)], ids=["tiny", "small", "xl"]
)
@pytest.mark.parametrize("kind", bertviz.KINDS["gpt2"])
def test_the_longest_view_is_under_300_kilobytes(monkeypatch, kind, n_layer, n_head, d_head):
    """Of the embedded models and of ones as large as GPT-2 small and XL; the numbers are random."""
    T = 128
    pieces = [Piece(id_, "가나다라마", b"", None, True) for id_ in range(T)]
    tokenizer = SimpleNamespace(pieces=lambda ids: pieces)
    sizes = {"n_layer": n_layer, "n_head": n_head, "d_model": n_head * d_head}
    model = SimpleNamespace(architecture="gpt2", name="random", tokenizer=tokenizer, **sizes)
    shapes = {"pattern": (n_head, T, T), "q": (T, n_head, d_head), "k": (T, n_head, d_head)}
    tensors = {
        f"blocks.{layer}.attn.hook_{name}": torch.rand(shape)
        for layer in range(n_layer)
        for name, shape in shapes.items()
    }
    monkeypatch.setattr("app.engine.trace.kept_trace", lambda *asked: SimpleNamespace(tensors=tensors))
    data = bertviz.view_data(model, range(T), kind)
    most = bertviz.most_tokens(model, kind)
    assert len(data["pieces"]) == most <= bertviz.MOST_TOKENS[kind]
    assert most >= (16 if n_layer < 48 else 6), "enough for a sentence"
    assert len(json.dumps(data)) < 300_000
    if n_layer == 4:
        assert most == bertviz.MOST_TOKENS[kind], "as the lesson says of the embedded models"


# (layers, heads, numbers a head) -> (tokens of the views head, model, neuron). Of n tokens a head view sends
# n²/2 weights a head (100,000 in all), a model view draws as many lines (30,000), and a neuron view sends
# 2·d_model numbers a token (66,000).
LONGEST = {(4, 6, 32): (48, 32, 32), (12, 12, 64): (37, 20, 32), (48, 25, 64): (12, 7, 20)}


@pytest.mark.parametrize("sizes", LONGEST)
def test_how_much_each_view_shows_at_most(sizes):
    n_layer, n_head, d_head = sizes
    model = SimpleNamespace(n_layer=n_layer, n_head=n_head, d_model=n_head * d_head)
    found = tuple(bertviz.most_tokens(model, kind) for kind in ("head", "model", "neuron"))
    assert found == LONGEST[sizes]
