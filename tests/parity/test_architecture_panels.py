"""Every number that 「GPT-1 vs GPT-2」 puts on screen for a tensor, against the modules of `transformers`.

On the embedded models; the picture is taken as it goes to the browser and decoded as the browser does.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from app import frame, i18n, models, parts
from app.lesson import Context, Page
from app.models import Registry
from app.payload import Payload
from lessons.architecture import compute, starts
from lessons.architecture.lesson import LESSON
from lessons.architecture.live import draw_picture, start
from lessons.architecture.nodes import INSIDE, OUTSIDE, kind_of
from lessons.architecture.state import LABS, SIDES, State
from tests.reference import modules_output

ROOT = Path(__file__).parents[2]
MOST_BYTES = 300_000  # of one update
TEXTS = {
    "Korean": "나는 오늘 그 곳에 간다",
    "English": "Today I went to the river",
    "mixed, with parts of characters": "GPT는 뷁 🐶 그리고 ㅋㅋㅋ",
    "one token": "나",
    "longer than the window": "나는 오늘 학교에 갔다. The dog went to the river. " * 20,
}


@pytest.fixture(scope="module")
def context() -> Context:
    return Context(LESSON, "en", i18n.shared_text("en") | LESSON.texts("en"), Registry())


@pytest.fixture(scope="module", params=TEXTS)
def text(request) -> str:
    return TEXTS[request.param]


def floats(part: dict) -> np.ndarray:
    """Three bytes a value, low byte first, in steps of top / (2²³ − 1)."""
    low, middle, high = np.frombuffer(base64.b64decode(part["data"]), dtype="u1").reshape(-1, 3).T.astype(int)
    steps = low + 256 * middle + 65536 * np.where(high < 128, high, high - 256)
    return steps * part["top"] / (2**23 - 1)


def close(found: float | np.ndarray, expected: torch.Tensor | float) -> None:
    np.testing.assert_allclose(found, np.asarray(expected), atol=1e-4, rtol=1e-4)


def picture(context: Context, text: str, **fields) -> dict:
    page = Page(text, "tiny-gpt2")
    return drawn(context, page, start(context, page, State(**fields)))


def drawn(context: Context, page: Page, state: State) -> dict:
    """As it goes to a browser that holds nothing."""
    whole = frame.whole(context, page, (), draw_picture(context, page, state), ready=True)
    return parts.fill(whole, Payload())


@pytest.mark.parametrize("side", SIDES)
def test_every_panel_is_what_transformers_computes(context, text, side: str):
    loaded = models.load(f"tiny-{side}", eager=True)
    ids = loaded.tokenizer.encode(text)[-loaded.n_ctx :]
    expected = modules_output(loaded, ids)
    names = [name for name in OUTSIDE if kind_of(name, side)]
    names += [f"blocks.{layer}.{name}" for layer in range(loaded.n_layer) for name in INSIDE]
    assert set(names) == set(expected)
    for name in names:
        panel = picture(context, text, node=name, side=side, lit="none")["panel"]
        tensor = expected[name]
        assert panel["name"] == name
        assert panel["shape"] == list(tensor.shape)
        close(panel["mean"], tensor.double().mean())
        close(panel["std"], tensor.double().std(correction=0))
        close(panel["norm"], tensor.double().norm())
        if panel["kind"] == "heads":
            for head in (0, loaded.n_head - 1):
                panel = picture(context, text, node=name, side=side, lit="none", head=head)["panel"]
                assert panel["head"] == head
                close(floats(panel["pattern"]).reshape(len(ids), len(ids)), tensor[head])
            thumbs, rows = panel["heads"], panel["heads"]["rows"]
            small = np.frombuffer(base64.b64decode(thumbs["data"]), dtype="u1").reshape(-1, rows, rows)
            np.testing.assert_allclose(small / 255, tensor[:, -rows:, -rows:], atol=0.5 / 255 + 1e-6)
            continue
        if name == "logits":
            tensor = tensor[:, tensor[-1].argsort(descending=True)]
        shown = floats(panel["y"]).reshape(len(ids), -1)
        close(shown, tensor[:, : shown.shape[1]])
        if panel["x"]:
            entered = floats(panel["x"]).reshape(len(ids), -1)
            assert any(
                list(found.shape) == panel["x"]["shape"]
                and np.allclose(entered, found[:, : entered.shape[1]], atol=1e-4, rtol=1e-4)
                for found in expected.values()
            ), f"{name}: what comes in is no tensor of the model"


@pytest.mark.parametrize("block", range(4))
def test_numbers_and_thumbnails_on_the_arrows(context, text, block: int):
    for column in picture(context, text, block=block)["columns"]:
        loaded = models.load(column["model"], eager=True)
        expected = modules_output(loaded, loaded.tokenizer.encode(text)[-loaded.n_ctx :])
        assert {f"blocks.{block}.hook_mlp_out", "logits"} <= set(column["tensors"])
        for name, found in column["tensors"].items():
            tensor = expected[name].double()
            std = tensor.std(correction=0)
            assert found["shape"] == list(tensor.shape)
            for key, value in (("mean", tensor.mean()), ("std", std), ("norm", tensor.norm())):
                close(found[key], value)
            thumb = found["thumb"]
            shown = np.frombuffer(base64.b64decode(thumb["data"]), dtype="u1").astype(float)
            shown = (shown.reshape(thumb["rows"], thumb["columns"]) - 128) / 127 * 3 * float(std)
            every = max(1, tensor.shape[1] // 40)
            sampled = tensor[-thumb["rows"] :, ::every][:, : thumb["columns"]].clamp(-3 * std, 3 * std)
            np.testing.assert_allclose(shown, sampled, atol=3 * float(std) / 127)
        p = expected["logits"][-1].double().softmax(-1)
        close(column["next"]["p"], p.max())
        assert column["next"]["id"] == int(p.argmax())


@pytest.mark.parametrize("side", SIDES)
def test_the_longest_text_fits_into_one_update(context, side: str):
    """128 tokens with every lab open: the most that one answer may hold."""
    text = TEXTS["longer than the window"]
    for name in ("logits", "hook_pos_embed", *(f"blocks.1.{name}" for name in INSIDE)):
        page = Page(text, "tiny-gpt2")
        state = starts.measure(start(context, page, State(node=name, side=side, block=1, labs=LABS)))
        shown = drawn(context, page, state)
        assert shown["panel"]["name"] == name
        assert max(len(column["tokens"]) for column in shown["columns"]) == compute.MAX_TOKENS
        assert len(json.dumps(shown)) < MOST_BYTES, name


def test_the_code_on_screen_gives_the_numbers_on_screen(context, monkeypatch):
    monkeypatch.chdir(ROOT)  # the snippet names the models by their folders
    shown = picture(context, "오늘 학교에서", block=1)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(shown["code"], "two_blocks.py", "exec"), {})
    found = re.findall(r"tiny-(gpt[12]) ln_([12]) .*-> ([\d.]+)", printed.getvalue())
    assert len(found) == 4
    columns = {column["side"]: column for column in shown["columns"]}
    for side, ln, std in found:
        expected = columns[side]["tensors"][f"blocks.1.ln{ln}.hook_normalized"]["std"]
        assert float(std) == pytest.approx(expected, abs=1e-3)
    likeliest = [
        float(line.rsplit(" ", 1)[1]) for line in printed.getvalue().splitlines() if "->" not in line
    ]
    assert likeliest == pytest.approx([columns[side]["next"]["p"] for side in SIDES], abs=1e-3)
