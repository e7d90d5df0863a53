"""What views send to the browser: tokens that can be read, tensors that come back within their step."""

from __future__ import annotations

import base64

import numpy as np
import pytest
import torch

from app.models.tokens import Piece
from app.views import heatmap
from app.views.snippet import filled
from app.views.tokens import token_view, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("그", "그"),
        ("a b", "a b"),
        (" ", "␣"),
        ("  ", "␣␣"),
        (" a", " a"),
        ("\n", "⏎"),
        ("a\n\tb\r", "a⏎⇥b␍"),
        ("\u200b", "‹U+200B›"),
        ("a\u00a0b", "a‹U+00A0›b"),
        ("\x07", "‹U+0007›"),
        ("\ue000", "‹U+E000›"),
        ("\u0301", "◌\u0301"),
        ("e\u0301", "e\u0301"),
        ("", ""),
    ],
)
def test_what_has_no_shape_gets_a_sign(text, shown):
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("piece", "leading", "shown", "space"),
    [
        (" 그", True, "그", True),
        ("그", True, "그", True),
        ("그", False, "그", False),
        (" ", True, "␣", False),
        ("  ", True, "␣", False),
        ("\n", False, "⏎", False),
    ],
)
def test_a_space_before_a_token_is_told_and_not_written(piece, leading, shown, space):
    view = token_view(Piece(7, piece, b"\xea\xb7", None, leading), "끝")
    assert view == {"id": 7, "piece": shown, "space": space, "part_of": None, "hex": "EA B7", "label": "끝"}
    part = token_view(Piece(8, piece, b"", "그", leading))
    assert (part["part_of"], part["hex"], part["label"]) == ("그", "", "")


def bytes_of(part: dict) -> np.ndarray:
    return np.frombuffer(base64.b64decode(part["data"]), dtype="u1").reshape(part["rows"], -1)


@pytest.mark.parametrize(("T", "N"), [(1, 1), (5, 39), (24, 40), (25, 79), (30, 80), (100, 192), (3, 1000)])
def test_a_thumbnail_is_the_last_rows_and_evenly_spread_columns(T, N):
    tensor = torch.randn(T, N) * 2
    std = tensor.std(correction=0).item() or 1.0
    part = heatmap.signed_thumbnail(tensor, std)
    every = max(1, N // 40)
    columns = list(range(0, N, every))[:40]
    assert (part["rows"], part["columns"]) == (min(T, 24), len(columns))
    expected = tensor.numpy()[-24:][:, columns]
    shown = (bytes_of(part).astype(float) - 128) / 127 * 3 * std
    np.testing.assert_allclose(shown, expected.clip(-3 * std, 3 * std), atol=3 * std / 254 + 1e-6)


def test_a_thumbnail_of_nothing_but_zeros():
    assert (bytes_of(heatmap.signed_thumbnail(torch.zeros(2, 3), 0.0)) == 128).all()


def test_thumbnails_of_attention_are_the_last_tokens_of_each_head():
    pattern = torch.rand(3, 30, 30).tril()
    part = heatmap.attention_thumbnails(pattern)
    assert (part["heads"], part["rows"]) == (3, 24)
    shown = np.frombuffer(base64.b64decode(part["data"]), dtype="u1").reshape(3, 24, 24) / 255
    np.testing.assert_allclose(shown, pattern[:, 6:, 6:], atol=0.5 / 255 + 1e-6)


@pytest.mark.parametrize(
    ("T", "N", "most", "columns"), [(4, 10, 100, 10), (4, 10, 39, 9), (4, 10, 3, 1), (1, 1, 1, 1)]
)
def test_exact_values_come_back_within_half_a_step(T, N, most, columns):
    tensor = torch.randn(T, N) * 50
    part = heatmap.exact(tensor, most)
    assert (part["rows"], part["columns"], part["of"]) == (T, columns, N)
    low, middle, high = bytes_of({"rows": T * columns, "data": part["data"]}).T.astype(int)
    steps = low + 256 * middle + 65536 * np.where(high < 128, high, high - 256)
    assert abs(steps).max() == 2**23 - 1, "the largest value takes the last step"
    assert part["top"] == pytest.approx(tensor[:, :columns].abs().max().item())
    shown = (steps * part["top"] / (2**23 - 1)).reshape(T, columns)
    np.testing.assert_allclose(shown, tensor[:, :columns], atol=0.5 * part["top"] / 2**22)


def test_exact_zeros_have_a_scale():
    part = heatmap.exact(torch.zeros(2, 2))
    assert part["top"] == 1.0 and not bytes_of(part).any()


def test_one_panel_holds_as_much_as_two_halves():
    """183 KB of base64: three bytes a value, four letters for three bytes."""
    assert heatmap.MOST_VALUES * 4 <= 183_000 < (heatmap.MOST_VALUES + 100) * 4
    wide, narrow = torch.zeros(100, 1000), torch.zeros(10, 10)
    half = heatmap.MOST_VALUES // 2
    assert heatmap.share(wide, wide) == (half, half)
    assert heatmap.share(wide, narrow) == (heatmap.MOST_VALUES - 100, half)
    assert heatmap.share(narrow, wide) == (half, heatmap.MOST_VALUES - 100)


def test_a_line_that_names_values_goes_on_with_them(tmp_path):
    file = tmp_path / "code.py"
    file.write_text("import x\na, b = 1, 2\nprint(a)\n\nfor c in ():\n    a, b = 3, 4\n", encoding="utf-8")
    shown = filled(file, {"a, b = ": "5, 6", "for c in ": "(7,):"})
    assert shown == "import x\na, b = 5, 6\nprint(a)\n\nfor c in (7,):\n    a, b = 3, 4"
    assert filled(file, {}) == file.read_text(encoding="utf-8").rstrip("\n")
