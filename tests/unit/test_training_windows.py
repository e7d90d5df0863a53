"""Packing documents into windows: nothing lost, order kept, enough windows that begin as a learner's text
does."""

import numpy as np
import pytest

from training.pretrain.model import IGNORED
from training.pretrain.tokenizers import END_OF_TEXT_ID, FIRST_ORDINARY_ID
from training.pretrain.windows import Documents, epoch_windows, pack, repeated_lists

N_CTX = 32


def documents(lengths):
    """Documents whose tokens tell document and place: document i is 1000 + 40 i, … and ends with
    end-of-text."""
    parts = [
        np.array([*range(1000 + 40 * i, 1000 + 40 * i + n - 1), END_OF_TEXT_ID], np.int16)
        for i, n in enumerate(lengths)
    ]
    return Documents(np.concatenate(parts), np.cumsum([0, *lengths]))


@pytest.fixture
def many():
    return documents(np.random.default_rng(0).integers(4, 39, 500))


def test_every_token_is_a_target_or_begins_a_window(many):
    windows = pack(many, range(500), N_CTX)
    last = windows.documents_read[-1]
    wanted = set(many.ids[: many.starts[last]].tolist())
    first_of_rows = set(windows.ids[:, 0].tolist())
    assert wanted <= set(windows.targets.ravel().tolist()) | first_of_rows


def test_documents_come_in_the_order_asked_for_and_end_with_end_of_text(many):
    order = np.random.default_rng(1).permutation(500)
    windows = pack(many, order, N_CTX)
    beginnings = {int(many[i][0]): i for i in range(500)}
    seen = [beginnings[t] for row in windows.targets.tolist() for t in row if t in beginnings]
    place = {document: n for n, document in enumerate(order.tolist())}
    places = [place[document] for document in seen]
    assert places == sorted(places), "only a cut document may be laid again, right after itself"
    inside = np.stack([windows.ids, windows.targets])
    begins = np.isin(inside[1], list(beginnings))
    assert (inside[0][begins] == END_OF_TEXT_ID).all()


def test_at_least_half_of_the_windows_begin_with_a_document(many):
    windows = pack(many, range(500), N_CTX)
    beginnings = [int(many[i][0]) for i in range(500)]
    assert np.isin(windows.ids[:, 0], beginnings).mean() >= 0.45


def test_a_document_longer_than_a_window_goes_on_without_a_gap():
    long = Documents(np.array([*range(500, 600), END_OF_TEXT_ID], np.int16), np.array([0, 101]))
    windows = pack(long, [0], N_CTX)
    assert windows.targets.ravel().tolist() == list(range(501, 501 + 3 * N_CTX))
    assert windows.ids[1, 0] == windows.targets[0, -1]
    assert windows.documents_read.tolist() == [0, 0, 0]


def test_lists_repeat_and_ask_only_for_what_can_be_known():
    ids, targets = repeated_lists(200, N_CTX, 900, np.random.default_rng(0))
    rows = np.concatenate([ids, np.zeros((200, 1), np.int16)], 1)
    asked = targets != IGNORED
    periods = set()
    for row, known in zip(rows, asked, strict=True):
        period = int(known.argmax()) + 1  # targets[period - 1] is the first token of the second pass
        periods.add(period)
        assert (row[:period] >= FIRST_ORDINARY_ID).all()
        assert row[period] == row[0] and row[period + 1] in (row[1], END_OF_TEXT_ID)
    assert periods == set(range(2, N_CTX // 2 - 1))
    assert ((targets == IGNORED) | (targets == rows[:, 1:]) | (np.arange(N_CTX) == N_CTX - 1)).all()


def test_an_epoch_depends_on_seed_and_epoch_and_holds_its_share_of_lists(many):
    first, again, other = (epoch_windows(many, N_CTX, 900, 0.1, seed=0, epoch=e) for e in (0, 0, 1))
    assert (first.ids == again.ids).all() and (first.targets == again.targets).all()
    assert not np.array_equal(first.ids[:20], other.ids[:20])
    assert (first.targets == IGNORED).any(1).mean() == pytest.approx(0.1, abs=0.02)
    assert (np.diff(first.documents_read) >= 0).all()


def test_both_models_read_the_same_documents_in_the_same_order(many):
    short, long = (epoch_windows(many, n_ctx, 900, 0.0, seed=0, epoch=0) for n_ctx in (N_CTX, 2 * N_CTX))
    beginnings = {int(many[i][0]): i for i in range(500)}

    def order(windows):
        rows = np.concatenate([windows.ids[:, :1], windows.targets], 1)
        return list(dict.fromkeys(beginnings[t] for t in rows.ravel().tolist() if t in beginnings))

    n = min(len(order(short)), len(order(long)))
    assert n > 450 and order(short)[:n] == order(long)[:n]
