"""What 「GPT란?」 shows is computed, closes to 1, and can be had again with the code on its screen.

On untrained models of both architectures; expected numbers come from `transformers` and plain torch here.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from app import i18n, models
from app.engine.memory import SHARED
from app.engine.next_token import History, KVCache, Sampling, warp
from app.errors import InputError
from app.languages import CODES
from app.lesson import Context, Page
from app.models.registry import EMBEDDED
from app.models.tokens import ReadableTokenizer
from app.views.tokens import visible
from lessons.next_token import compute, moves, tree
from lessons.next_token.figures import Figures
from lessons.next_token.lesson import LESSON
from lessons.next_token.state import MAX_DRAWS, MAX_NODES, MAX_PATH, TOP_K_STOPS, Choice, State
from tests.mounted import Mounted, Visitor, tiny_registry
from tests.reference import after_filters

N_CTX = 24
OPEN = {"temperature": 1.0, "top_k": 0, "top_p": 1.0}


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    with tiny_registry(tmp_path_factory.mktemp("lesson"), n_ctx=N_CTX) as registry:
        for name in EMBEDDED:  # as in the real folders, for transformers' own tokenizers
            settings = {"tokenizer_class": "PreTrainedTokenizerFast", "split_special_tokens": True}
            settings |= {"clean_up_tokenization_spaces": False, "eos_token": "<|endoftext|>"}
            settings |= {"unk_token": "<unk>"} if name == "tiny-gpt1" else {}
            path = Path(registry.spec(name).location) / "tokenizer_config.json"
            path.write_text(json.dumps(settings), encoding="utf-8")
        yield registry


@pytest.fixture(scope="module", params=EMBEDDED)
def loaded(request, registry) -> models.LoadedModel:
    return models.load(registry.spec(request.param))


def begin(loaded: models.LoadedModel, text: str = "나는 오늘", **fields) -> State:
    return moves.start(loaded, text, State(**fields))


def plain_probabilities(loaded: models.LoadedModel, ids: list[int]) -> torch.Tensor:
    """Softmax of `transformers`' own logits for the token after `ids` -> (V,) float64."""
    with torch.no_grad():
        return loaded.model(torch.tensor([ids[-N_CTX:]])).logits[0, -1].double().softmax(-1)


# ---- the bars, and the strip from 0 to 1 ----


def pieces_of_the_strip(rows: list[compute.Row]) -> list[tuple[float, float]]:
    return sorted(span for row in rows for span in row.spans)


def assert_tiles(rows: list[compute.Row]) -> None:
    """From 0 to 1 without a gap or an overlap, and every row as long as its probability says."""
    at = 0.0
    for low, high in pieces_of_the_strip(rows):
        assert low == pytest.approx(at, abs=1e-8)
        assert high >= low
        at = high
    assert at == pytest.approx(1, abs=1e-8)
    for row in rows:
        assert sum(high - low for low, high in row.spans) == pytest.approx(row.after, abs=1e-6)
    assert sum(row.after for row in rows) == pytest.approx(1, abs=1e-6)
    assert sum(row.before for row in rows) == pytest.approx(1, abs=1e-6)


def random_logits(generator: random.Random, vocabulary: int) -> torch.Tensor:
    """(V,) with anything between a flat and a sharp distribution; one in three full of ties."""
    torch.manual_seed(generator.randrange(10**6))
    logits = torch.randn(vocabulary) * generator.choice([0.1, 1.0, 4.0, 30.0])
    return logits.round() if generator.random() < 0.35 else logits


def random_sampling(generator: random.Random, vocabulary: int) -> Sampling:
    return Sampling(
        generator.choice([0.1, 0.2, 0.8, 1.0, 1.8, 2.0]),
        generator.choice([0, 1, 2, 7, 20, 100, vocabulary]),
        generator.choice([0.05, 0.3, 0.9, 0.95, 1.0]),
    )


@pytest.mark.parametrize("seed", range(60))
def test_the_strip_closes_and_every_cut_is_named(seed):
    generator = random.Random(seed)
    vocabulary = generator.choice([10, 11, 50, 1000])
    logits, sampling = random_logits(generator, vocabulary), random_sampling(generator, vocabulary)
    also = tuple(generator.sample(range(vocabulary), generator.randrange(4)))
    warped = warp(logits, sampling)
    rows = compute.rows(warped, also)
    *single, rest = rows
    assert_tiles(rows)
    assert len(single) == compute.SHOWN
    assert len({row.token_id for row in single}) == len(single)
    assert set(also) <= {row.token_id for row in single}
    assert [row.before for row in single] == sorted((row.before for row in single), reverse=True)
    assert rest.token_id == -1 and rest.rest == vocabulary - len(single)
    assert all(high - low > 1e-12 for low, high in rest.spans), "an empty piece of the strip"
    assert rest.rank == next(n for n in range(vocabulary) if n not in {row.rank for row in single})
    before = logits.double().softmax(-1)
    for row in single:
        assert row.before == pytest.approx(float(before[row.token_id]), rel=1e-4, abs=1e-9)
    left_by_top_k = after_filters(before, sampling.temperature, sampling.top_k, 1.0)
    if len(set(logits.tolist())) == vocabulary:  # without ties every filter has one answer only
        left = after_filters(before, sampling.temperature, sampling.top_k, sampling.top_p)
        for row in single:
            cut = "" if row.token_id in left else "top-p" if row.token_id in left_by_top_k else "top-k"
            assert row.cut == cut
            assert row.after == pytest.approx(left.get(row.token_id, 0.0), rel=1e-3, abs=1e-7)
            assert bool(row.spans) == (row.after > 0)


def test_tokens_of_equal_score_at_the_border_of_top_k_all_stay():
    warped = warp(torch.tensor([1.0, 1.0, 1.0, 0.0] + [-1.0] * 8), Sampling(1.0, 2, 1.0))
    rows = compute.rows(warped, ())
    assert [row.cut for row in rows[:4]] == ["", "", "", "top-k"]
    assert [row.after for row in rows[:3]] == pytest.approx([1 / 3] * 3)
    assert_tiles(rows)


def test_a_token_far_down_gets_a_row_and_so_does_one_at_the_edge():
    """The drawn token and the guess are both on show, whatever their ranks."""
    logits = -torch.arange(40.0)
    for also in [(8, 30), (30, 8), (39,), (0, 1), (37, 38, 39), (8, 8, 30)]:
        rows = compute.rows(warp(logits, Sampling()), also)
        assert set(also) <= {row.token_id for row in rows}
        assert [row.rank for row in rows[:-1]] == sorted(row.rank for row in rows[:-1])
        assert all(row.rank == row.token_id for row in rows[:-1])
        assert_tiles(rows)


def test_the_rest_is_named_by_the_first_that_it_holds():
    logits = -torch.arange(40.0) / 10
    assert compute.rows(warp(logits, Sampling(1.0, 0, 1.0)), ())[-1].cut == ""
    assert compute.rows(warp(logits, Sampling(1.0, 5, 1.0)), ())[-1].cut == "top-k"
    assert compute.rows(warp(logits, Sampling(1.0, 0, 0.3)), ())[-1].cut == "top-p"


# ---- drawing ----


def test_a_draw_is_the_token_in_whose_piece_the_random_number_falls(loaded):
    """Against a sum over plain probabilities; the stream of numbers is torch's own."""
    state = begin(loaded, seed=5, top_k=0, top_p=0.95, temperature=1.3)
    stream = torch.rand(12, generator=torch.Generator().manual_seed(5), dtype=torch.float64).tolist()
    for u in stream:
        ids = state.history.ids()
        plain = plain_probabilities(loaded, ids)
        state = moves.draw(loaded, state)
        left = after_filters(plain, 1.3, 0, 0.95)
        ends = torch.tensor(list(left.values()), dtype=torch.float64).cumsum(0)
        assert float((ends - u).abs().min()) > 1e-5, "the number lies on an edge; choose another seed"
        expected = list(left)[int((ends <= u).sum())]
        node = compute.path(state)[-1]
        assert node.token_id == expected
        assert node.p == pytest.approx(float(plain[expected]), rel=1e-3)
        assert compute.random_number(loaded, state) == u
        if compute.ended(loaded, state):
            break
    assert len(compute.path(state)) > 3, "ended too soon; choose another seed"


def test_the_random_number_falls_into_the_row_of_the_drawn_token(loaded):
    state = begin(loaded, **OPEN)
    seen = 0
    for _ in range(30):
        state = moves.draw(loaded, state)
        if not compute.pending(state):  # the text had ended and starts over
            continue
        u, node = compute.random_number(loaded, state), compute.path(state)[-1]
        rows = compute.rows(
            warp(compute.step(loaded, state).logits, compute.sampling(state)), (node.token_id,)
        )
        [(low, high)] = next(row.spans for row in rows if row.token_id == node.token_id)
        assert low <= u < high
        seen += next(row.rank for row in rows if row.token_id == node.token_id) >= compute.SHOWN
    assert seen, "no token beyond the first nine was drawn: nothing was seen of that case"


@pytest.mark.parametrize("seed", range(8))
def test_u_lies_in_the_box_of_the_token_on_show_wherever_one_stands(loaded, seed):
    """Where a knob was turned since it was drawn, there is no number to show for it."""
    generator = random.Random(seed)
    state, shown = begin(loaded), 0
    for _ in range(25):
        action = generator.choice(["draw", "draw", "undo", "go", "pick", "knob"])
        nodes = len(state.history.nodes)
        if action == "draw":
            state = moves.draw(loaded, state)
        elif action == "undo":
            state = moves.undo(loaded, state)
        elif action == "go":
            state = moves.go(loaded, state, generator.choice([None, *range(nodes)]))
        elif action == "pick":
            state = moves.pick(loaded, state, generator.randrange(22, loaded.vocab_size))
        else:
            knob, value = generator.choice(
                [("temperature", 0.2), ("temperature", 2.0), ("seed", 9), ("top_k", 3)]
            )
            state = moves.turn(loaded, state, knob, value)
        u = compute.random_number(loaded, state)
        if u is not None:
            token_id = compute.path(state)[-1].token_id
            rows = compute.rows(
                warp(compute.step(loaded, state).logits, compute.sampling(state)), (token_id,)
            )
            spans = next(row.spans for row in rows if row.token_id == token_id)
            assert any(low <= u < high for low, high in spans)
            shown += 1
    assert shown > 3, "hardly any number was shown"


def test_the_same_seed_gives_the_same_tokens_and_another_seed_others(loaded):
    def drawn(seed: int) -> list[int]:
        state = begin(loaded, seed=seed, **OPEN)
        for _ in range(8):
            state = moves.draw(loaded, state)
        return [choice.token_id for choice in state.ids]

    assert drawn(3) == drawn(3)
    assert len({tuple(drawn(seed)) for seed in range(5)}) == 5


def test_each_draw_takes_the_next_number_also_after_going_back(loaded):
    state = begin(loaded, **OPEN)
    for index in range(4):
        state = moves.draw(loaded, state)
        assert compute.path(state)[-1].draw_index == index
        state = moves.undo(loaded, state)
    assert state.draws == 4


def test_after_the_last_random_number_of_a_link_the_first_comes_again(loaded):
    state = moves.draw(loaded, begin(loaded, draws=MAX_DRAWS))
    assert compute.path(state)[-1].draw_index == MAX_DRAWS
    assert state.draws == 0


# ---- going back, branching, turning ----


def where(state: State) -> tuple:
    """What a learner sees of where she stands."""
    return (
        [(node.token_id, node.by_hand, node.draw_index) for node in compute.path(state)],
        state.landed,
        compute.context_ids(state),
        compute.passed_ids(state),
    )


def test_a_token_goes_down_and_up_again(loaded):
    prompt = tuple(loaded.tokenizer.encode("나는 오늘"))
    start = begin(loaded)
    assert where(start) == ([], False, prompt, prompt)
    assert not compute.pending(start)
    drawn = moves.draw(loaded, start)
    assert compute.pending(drawn)
    token_id = compute.path(drawn)[-1].token_id
    assert compute.passed_ids(drawn) == prompt, "the bars are those it was drawn from"
    landed = moves.land(loaded, drawn)
    assert compute.passed_ids(landed) == (*prompt, token_id) and not compute.pending(landed)
    assert moves.land(loaded, landed) == landed
    up = moves.undo(loaded, landed)
    assert where(up) == where(drawn)
    gone = moves.undo(loaded, up)
    assert where(gone) == where(start)
    assert len(gone.history.nodes) == 1, "nothing is lost by going back"
    assert where(moves.undo(loaded, gone)) == where(start)


def test_drawing_lets_the_token_before_come_down_first(loaded):
    state = moves.draw(loaded, begin(loaded))
    first = compute.path(state)[-1].token_id
    state = moves.draw(loaded, state)
    assert compute.passed_ids(state)[-1] == first
    assert len(compute.path(state)) == 2


def test_picking_replaces_the_token_on_show(loaded):
    state = moves.draw(loaded, begin(loaded))
    drawn = compute.path(state)[-1].token_id
    other = next(i for i in range(30, 60) if i != drawn)
    picked = moves.pick(loaded, state, other)
    assert [node.token_id for node in compute.path(picked)] == [other]
    assert compute.path(picked)[-1].by_hand and compute.random_number(loaded, picked) is None
    assert compute.passed_ids(picked) == compute.passed_ids(state)
    assert len(picked.history.nodes) == 2, "the drawn one stays as a branch"
    assert compute.path(picked)[-1].p == pytest.approx(
        float(plain_probabilities(loaded, list(compute.passed_ids(picked)))[other]), rel=1e-3
    )
    after = moves.pick(loaded, moves.land(loaded, picked), drawn)
    assert [node.token_id for node in compute.path(after)] == [other, drawn]


def test_a_token_taken_again_is_the_same_branch(loaded):
    state = moves.draw(loaded, begin(loaded))
    drawn = compute.path(state)[-1].token_id
    again = moves.pick(loaded, state, drawn)
    assert len(again.history.nodes) == 1
    assert compute.path(again)[-1].by_hand, "it has come about by hand this time"


@pytest.mark.parametrize("token_id", [-1, 10**9])
def test_a_token_that_does_not_exist(loaded, token_id):
    with pytest.raises(InputError) as raised:
        moves.pick(loaded, begin(loaded), token_id)
    assert raised.value.code == "unknown_token"


def test_going_to_a_branch_shows_it_as_it_was(loaded):
    state = moves.draw(loaded, moves.draw(loaded, begin(loaded)))
    first_branch = where(state)
    state = moves.pick(loaded, moves.go(loaded, state, 0), 40)
    assert [node.token_id for node in compute.path(state)] == [40], "in place of the token on show"
    assert where(moves.go(loaded, state, 1)) == first_branch
    assert where(moves.go(loaded, state, None)) == where(begin(loaded))
    for node in (-1, len(state.history.nodes), 10**9):
        with pytest.raises(InputError):
            moves.go(loaded, state, node)


def test_turning_a_knob_draws_again_with_the_same_number(loaded):
    """As if the knob had stood there all along."""
    generator = random.Random(0)
    changed = 0
    for seed in range(12):
        state = moves.draw(loaded, moves.draw(loaded, begin(loaded, seed=seed, **OPEN)))
        knob, value = generator.choice(
            [("temperature", 0.3), ("top_k", 2), ("top_p", 0.2), ("temperature", 2.0)]
        )
        turned = moves.turn(loaded, state, knob, value)
        first, last = compute.path(turned)
        assert first == compute.path(state)[0]
        assert last.draw_index == 1 and turned.draws == state.draws
        expected = moves.start(loaded, "나는 오늘", State(seed=seed, **OPEN | {knob: value}))
        expected = moves.draw(loaded, replace(moves.pick(loaded, expected, first.token_id), draws=1))
        assert last.token_id == compute.path(expected)[-1].token_id
        changed += last.token_id != compute.path(state)[-1].token_id
        assert len(turned.history.nodes) == 2, "a token drawn while a slider moves leaves no branch behind"
    assert changed > 2, "no knob changed any token: nothing was seen"


def test_a_turn_removes_nothing_that_something_grew_from(loaded):
    state = moves.draw(loaded, begin(loaded, **OPEN))
    first = compute.path(state)[-1].token_id
    state = moves.go(loaded, moves.draw(loaded, state), 0)
    turned = moves.turn(loaded, state, "seed", 12)
    assert compute.path(turned)[-1].token_id != first, "choose another seed"
    assert [node.token_id for node in turned.history.nodes][:2] == [
        node.token_id for node in state.history.nodes
    ]


def test_turning_leaves_what_was_chosen_by_hand_and_what_came_down(loaded):
    by_hand = moves.pick(loaded, begin(loaded), 40)
    assert where(moves.turn(loaded, by_hand, "temperature", 2.0)) == where(by_hand)
    landed = moves.land(loaded, moves.draw(loaded, begin(loaded)))
    assert where(moves.turn(loaded, landed, "seed", 77)) == where(landed)


@pytest.mark.parametrize(
    ("knob", "value"),
    [
        *((("temperature"), value) for value in (0, 0.09, 2.01, -1, math.nan, math.inf)),
        *((("top_p"), value) for value in (0, 0.04, 1.01, math.nan)),
        *((("top_k"), value) for value in (-1, 21, 101, 1.5, math.nan, math.inf)),
        *((("seed"), value) for value in (-1, 1_000_000, math.nan, math.inf)),
        ("draws", 1),
        ("landed", 1),
        ("", 1),
    ],
)
def test_a_knob_has_its_range(loaded, knob, value):
    with pytest.raises(InputError) as raised:
        moves.turn(loaded, begin(loaded), knob, value)
    assert raised.value.code == "not_understood"


def test_the_stops_of_the_slider_are_those_that_are_taken(pages):
    for lang in CODES:
        stops = pages[lang].view.light()["fields"]["top_k"]["stops"]
        assert tuple(stops) == TOP_K_STOPS


def test_the_end_of_the_text_starts_over(loaded):
    state = moves.draw(loaded, begin(loaded))
    state = moves.pick(loaded, moves.land(loaded, state), loaded.eot_id)
    assert compute.ended(loaded, state)
    over = moves.draw(loaded, state)
    assert not compute.path(over) and not compute.ended(loaded, over)
    assert len(over.history.nodes) == 2
    assert not compute.ended(loaded, moves.land(loaded, state)), "it has come down: the learner goes on"


def test_a_path_has_an_end(loaded):
    ids = tuple(Choice(30, None) for _ in range(MAX_PATH))
    state = begin(loaded, ids=ids)
    assert len(compute.path(state)) == MAX_PATH
    with pytest.raises(InputError) as raised:
        moves.draw(loaded, state)
    assert raised.value.code == "path_too_long"
    assert compute.path(moves.undo(loaded, state))


def test_a_full_tree_still_lets_one_walk_in_it(loaded, monkeypatch):
    monkeypatch.setattr(moves, "MAX_NODES", 3)
    state = begin(loaded)
    for token_id in (30, 31, 32):
        state = moves.pick(loaded, state, token_id)
    with pytest.raises(InputError) as raised:
        moves.pick(loaded, state, 33)
    assert raised.value.code == "tree_full"
    assert compute.path(moves.pick(loaded, state, 30))[-1].token_id == 30
    kept = moves.keep(state)
    again = moves.restore(loaded, begin(loaded, ids=state.ids), kept)
    assert sorted(node.token_id for node in again.history.nodes) == [30, 31, 32]
    assert MAX_NODES > 3


def test_a_text_without_tokens(loaded, monkeypatch):
    monkeypatch.setattr(ReadableTokenizer, "encode", lambda self, text: [])
    with pytest.raises(InputError) as raised:
        begin(loaded)
    assert raised.value.code == "no_tokens"


def test_words_of_a_scene_are_put_in_by_hand(loaded):
    state = begin(loaded, chosen=("그", "곳에"), presses=2)
    ids = loaded.tokenizer.encode(" 그") + loaded.tokenizer.encode(" 곳에")
    path = compute.path(state)
    assert [node.token_id for node in path[: len(ids)]] == ids
    assert [node.by_hand for node in path] == [True] * len(ids) + [False] * 2
    assert [node.draw_index for node in path[len(ids) :]] == [0, 1]
    assert (state.chosen, state.presses, state.draws) == ((), 0, 2)


# ---- the window and the cache ----


def test_the_window_slides_when_it_is_full(loaded):
    """Every number of the picture, against a forward pass of the last N_CTX tokens."""
    state = begin(loaded, text="나는 오늘", **OPEN)
    numbers = 2 * loaded.n_layer * loaded.d_model
    slid = 0
    for _ in range(2 * N_CTX):
        state = moves.pick(loaded, moves.land(loaded, state), 30 + len(state.history.nodes) % 7)
        step, n = compute.step(loaded, state), len(compute.passed_ids(state))
        assert step.n_dropped == max(0, n - N_CTX)
        assert step.n_reused + step.n_computed == min(n, N_CTX)
        assert step.numbers_saved == numbers * step.n_reused
        if step.n_dropped:
            slid += 1
            assert step.n_reused == 0, "every position has changed"
        elif n > len(state.history.prompt):
            assert step.n_computed == 1
        expected = plain_probabilities(loaded, list(step.ids))
        torch.testing.assert_close(step.logits.double().softmax(-1), expected, rtol=1e-3, atol=1e-6)
    assert slid > N_CTX / 2


@pytest.mark.parametrize("seed", range(6))
def test_what_the_cache_is_said_to_save_is_her_own_path_s(loaded, seed):
    """Against a cache of her own that sees her passes only, whatever lies in the shared one."""
    generator, own = random.Random(seed), KVCache()
    state, passed = begin(loaded, text=generator.choice(["나는 오늘", "나는 오늘 그 곳에 " * 4])), None
    for _ in range(2 * N_CTX):
        if state.passed is not passed:
            own.logits(loaded, compute.passed_ids(state))
            step, passed = compute.step(loaded, state), state.passed
            assert (step.n_reused, step.n_computed) == (own.n_reused, own.n_computed)
            assert (step.n_dropped, step.numbers_saved) == (own.n_dropped, own.numbers_saved)
        nodes = len(state.history.nodes)
        moved = {
            "draw": lambda state: moves.draw(loaded, state),
            "undo": lambda state: moves.undo(loaded, state),
            "go": lambda state, nodes=nodes: moves.go(loaded, state, generator.choice([None, *range(nodes)])),
            "pick": lambda state: moves.pick(loaded, state, generator.randrange(22, loaded.vocab_size)),
            "look": lambda state: replace(state, guess="그 곳에"),
        }
        state = moved[generator.choice(["draw", "draw", "draw", "undo", "go", "pick", "look"])](state)
        compute.guessed(loaded, state)
        compute.after_the_leader(loaded, state)
        SHARED.clear() if generator.random() < 0.1 else None


def test_a_knob_runs_no_model_anew(loaded):
    state = begin(loaded)
    assert moves.turn(loaded, state, "temperature", 1.5).passed is state.passed


# ---- the tree ----


def random_history(generator: random.Random) -> History:
    history = History(prompt=(1, 2))
    for index in range(generator.randrange(40)):
        node = generator.choice([None, *range(len(history.nodes))])
        # a history grows where one stands most of the time, so it gets deep as well as wide
        history = history.go(node) if generator.random() < 0.4 else history
        history = history.extend(
            generator.randrange(9), by_hand=False, draw_index=index, p=generator.random()
        )
    return history.go(generator.choice([None, *range(len(history.nodes))]))


@pytest.mark.parametrize("seed", range(200))
def test_the_part_of_the_tree_in_view(seed):
    history = random_history(random.Random(seed))
    in_view, hidden = tree.places(history)
    nodes = [place.node for place in in_view]
    assert len(set(nodes)) == len(nodes)
    assert history.current in nodes, "the learner always sees where she stands"
    path = history.path()
    assert set(path[-tree.DEPTH - 1 :] if len(path) > tree.DEPTH else [None, *path]) <= set(nodes)
    leaves = [place for place in in_view if place.leaf]
    assert [leaf.row for leaf in leaves] == list(range(len(leaves))), "a row each, none left empty"
    assert 1 <= len(leaves) <= tree.MOST_ROWS
    assert hidden >= 0
    assert all(0 <= place.depth <= tree.DEPTH for place in in_view)
    at = {place.node: place for place in in_view}
    assert in_view[0].depth == 0 and in_view[0].parent is None
    for place in in_view[1:]:
        assert place.parent == history.nodes[place.node].parent
        assert nodes.index(place.parent) < nodes.index(place.node), "parents come first"
        assert place.depth == at[place.parent].depth + 1
    for place in in_view:
        rows = [other.row for other in in_view if other is not in_view[0] and other.parent == place.node]
        assert place.leaf or min(rows) <= place.row <= max(rows)
        siblings = sorted(
            (other for other in in_view if other is not in_view[0] and other.parent == place.node),
            key=lambda other: other.row,
        )
        likely = [history.nodes[other.node].p for other in siblings]
        assert likely == sorted(likely, reverse=True)


def test_seven_likelier_branches_do_not_hide_where_one_stands():
    """One step from the text, back from an unlikely branch of its own."""
    history = History(prompt=(1,)).extend(0, by_hand=True, p=0.001).extend(1, by_hand=True, p=0.001)
    for token_id in range(10, 17):
        history = history.go(None).extend(token_id, by_hand=False, draw_index=0, p=0.1)
    in_view, hidden = tree.places(history.go(0))
    assert {0, 1} <= {place.node for place in in_view}
    assert hidden == 2


def test_paths_are_counted_by_their_ends():
    history = History(prompt=(1,))
    assert tree.count_paths(history) == 0
    history = history.extend(5, by_hand=True, p=0.5).extend(6, by_hand=True, p=0.5)
    assert tree.count_paths(history) == 1
    assert tree.count_paths(history.go(0).extend(7, by_hand=True, p=0.5)) == 2
    assert tree.count_paths(history.go(None).extend(7, by_hand=True, p=0.5)) == 2


# ---- guesses ----


def test_the_probability_of_a_guess_is_that_of_its_tokens_in_a_row(loaded):
    for guess in ("간다", "그 곳에 간다", "dog"):
        state = replace(begin(loaded), guess=guess)
        ids, p, rank = compute.guessed(loaded, state)
        assert ids == loaded.tokenizer.encode(" " + guess)
        context, expected = list(compute.passed_ids(state)), 1.0
        first = plain_probabilities(loaded, context)
        for token_id in ids:
            expected *= float(plain_probabilities(loaded, context)[token_id])
            context.append(token_id)
        assert p == pytest.approx(expected, rel=1e-2)
        assert rank == 1 + sum(other > first[ids[0]] for other in first.tolist())
    assert compute.guessed(loaded, begin(loaded)) is None


def test_a_guess_does_not_disturb_the_path(loaded):
    """It is computed in a cache of its own: the next step still finds what was there."""
    state = moves.land(loaded, moves.pick(loaded, begin(loaded), 40))
    compute.guessed(loaded, replace(state, guess="그 곳에 간다"))
    after = moves.land(loaded, moves.pick(loaded, state, 41))
    assert compute.step(loaded, after).n_computed == 1


@pytest.mark.parametrize("seed", range(6))
def test_does_the_leader_gain_in_the_cold(loaded, seed):
    generator = random.Random(seed)
    knobs = {"temperature": generator.choice([0.1, 0.2, 0.8, 1.9]), "top_k": generator.choice([0, 3])}
    state = begin(loaded, text=generator.choice(["나는", "I like", "그 곳에"]), top_p=0.3, **knobs)
    answer = compute.cold_leader(loaded, state)
    plain = plain_probabilities(loaded, list(compute.passed_ids(state)))
    now, cold = (after_filters(plain, heat, 0, 1.0) for heat in (knobs["temperature"], 0.2))
    best = int(plain.argmax())
    assert answer.values["best"] == best
    assert answer.values["now"] == pytest.approx(now[best], rel=1e-3)
    assert answer.values["cold"] == pytest.approx(cold[best], rel=1e-3)
    grows = cold[best] - now[best]
    assert answer.right == (2 if abs(grows) < 1e-3 else 0 if grows > 0 else 1)


def test_all_three_answers_about_the_cold_can_be_right(loaded):
    def right(temperature: float, **knobs) -> float:
        return compute.cold_leader(loaded, begin(loaded, temperature=temperature, **knobs)).right

    assert right(1.9, top_k=0, top_p=1.0) == 0
    assert right(0.1, top_k=0, top_p=1.0) == 1
    assert right(0.2, top_k=1) == 2
    assert right(0.8, top_k=1) == 0, "with one bar left it would hold 100 % whatever the temperature"


def test_one_box_gives_one_token(loaded):
    state = begin(loaded, temperature=2.0)
    answer = compute.draws_with_one_box(loaded, state)
    assert answer.right == answer.values["distinct"] == 1
    assert answer.values["pieces"] == (
        int(plain_probabilities(loaded, list(compute.passed_ids(state))).argmax()),
    )


def test_two_leaders_give_two_tokens(loaded, monkeypatch):
    """The answer comes from ten real draws: where two tokens share the first place, both come up."""
    state = begin(loaded)
    logits = torch.full((loaded.vocab_size,), -9.0)
    logits[40] = logits[50] = 3.0
    tied = replace(compute.step(loaded, state), logits=logits)
    monkeypatch.setattr(compute, "step", lambda loaded, state: tied)
    answer = compute.draws_with_one_box(loaded, state)
    assert (answer.right, sorted(answer.values["pieces"])) == (2, [40, 50])


def test_what_follows_the_leader(loaded):
    state = begin(loaded)
    answer = compute.after_the_leader(loaded, state)
    ids = list(compute.passed_ids(state))
    leader = int(plain_probabilities(loaded, ids).argmax())
    following = plain_probabilities(loaded, [*ids, leader])
    best, seen = [], set()
    for token_id in following.argsort(descending=True).tolist():
        reads = loaded.tokenizer.pieces([*ids, leader, token_id])[-1].piece.strip()
        if reads not in seen:
            best.append(token_id)
        seen.add(reads)
    assert answer.values["best"] == leader
    assert set(answer.options) == {best[0], best[2], best[7]}
    assert answer.options[int(answer.right)] == best[0]
    assert [token_id for token_id, _ in answer.values["list"]] == best[:3]
    assert [p for _, p in answer.values["list"]] == pytest.approx(
        [float(following[i]) for i in best[:3]], rel=1e-3
    )


@pytest.mark.parametrize("text", ["나는", "오늘", "그 곳에", "I like", "the small dog", "책을"])
def test_no_two_options_read_alike(loaded, monkeypatch, text):
    """GPT-1 has 「을」 as a word's end and 「을」 that goes on: as options nobody could tell them apart."""
    candidates = ReadableTokenizer.candidates

    def alike(self, context, ids):  # only ten different texts in the whole vocabulary
        return [replace(piece, piece=f" {piece.id % 10}") for piece in candidates(self, context, ids)]

    monkeypatch.setattr(ReadableTokenizer, "candidates", alike)
    answer = compute.after_the_leader(loaded, begin(loaded, text=text))
    assert len({token_id % 10 for token_id in answer.options}) == 3


def test_the_three_methods_side_by_side(loaded):
    state = begin(loaded, seed=4, temperature=1.1, top_k=5, top_p=0.8)
    shown = compute.compare(loaded, state)
    assert set(shown) == {"greedy", "sample", "beam"}
    context = list(compute.passed_ids(state))
    for token_id, p in shown["greedy"]:
        plain = plain_probabilities(loaded, context)
        assert token_id == int(plain.argmax())
        assert p == pytest.approx(float(plain.max()), rel=1e-3)
        context.append(token_id)
    context = list(compute.passed_ids(state))
    for token_id, p in shown["sample"]:
        plain = plain_probabilities(loaded, context)
        assert token_id in after_filters(plain, 1.1, 5, 0.8)
        assert p == pytest.approx(float(plain[token_id]), rel=1e-3)
        context.append(token_id)


# ---- the picture ----


@pytest.fixture(scope="module")
def pages(registry) -> dict[str, Mounted]:
    return {lang: Mounted(LESSON, LESSON.stage, registry, lang) for lang in CODES}


ODD = {
    "zero-width joiners": "👩‍👩‍👧‍👦 가족",
    "flags": "🇰🇷🇺🇸",
    "jamo": "ㄱㄴㄷ ㅋㅋㅋ",
    "conjoining jamo": "ᄒ ᅡ ᆫ",
    "right to left": "مرحبا שלום \u202eabc",
    "control characters": "\x01\x02\x1b[31m나는\0",
    "combining marks": "e\u0301\u0327 \u0301",
    "private use": "\ue000\uffff\ufffd",
    "hanja": "漢字 𠀀𠮷",
    "markup": "**굵게** [[token|x]] <b> & ${1+ {{x}} {0}",
    "lines": "나는\n\n\t오늘\r\n",
    "special tokens": "<|endoftext|> <unk> </w>",
    "ten thousand characters": "나는 오늘 " * 1600,
    "one long word": "가" * 10_000,
}


def walk(visitor: Visitor) -> list[dict]:
    """The pictures of a learner who tries everything once; Visitor has checked that each is JSON."""
    actions = [
        {"type": "compare", "on": True},
        {"type": "draw"},
        {"type": "draw"},
        {"type": "answer", "id": "cold", "answer": 0},
        {"type": "answer", "id": "single", "answer": 1},
        {"type": "answer", "id": "likelier", "answer": 2},
        {"type": "hide", "on": True},
        {"type": "guess", "text": "그 곳에 👨‍👩‍👧"},
        {"type": "pick", "id": 40},
        {"type": "knob", "knob": "top_k", "value": 0},
        {"type": "knob", "knob": "top_p", "value": 0.05},
        {"type": "undo"},
        {"type": "draw"},
    ]
    return [visitor.send(action) for action in actions]


def strings(value) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in strings(item)]
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize(("model", "lang"), list(zip(EMBEDDED, CODES, strict=True)))
@pytest.mark.parametrize("name", ODD)
def test_every_picture_of_an_odd_text_is_plain_data(pages, lang, model, name):
    visitor = Visitor(pages[lang])
    visitor.act("model", name=model)
    first = visitor.act("text", text=ODD[name])
    if first["notice"]:  # a text that gives no token leaves the one before
        assert first["notice"] == i18n.shared_text(lang)["error.no_tokens"]
    for picture in [first, *walk(visitor)]:
        assert picture["ready"]
        assert 0 < picture["n_context"] <= N_CTX
        assert sum(row["after"] for row in picture["rows"]) == pytest.approx(1, abs=1e-5)
        drawn = picture["drawn"]
        assert (picture["hit"] >= 0) == (drawn is not None)
        if drawn:
            assert picture["rows"][picture["hit"]]["id"] == drawn["id"]
        shown = {key: value for key, value in picture.items() if key not in ("text", "link", "code", "keep")}
        assert "\ufffd" not in "".join(strings(shown)) or "\ufffd" in ODD[name]
        assert all(token["piece"] for token in picture["tokens"]), "a chip without a face"


def test_the_picture_says_what_the_numbers_are(pages):
    """One picture, every sentence against its number."""
    visitor = Visitor(pages["en"])
    visitor.enter("text=나는&temperature=1&top_k=0&top_p=1&seed=3")
    picture = visitor.act("draw")
    row = picture["rows"][picture["hit"]]
    best = picture["rows"][0]
    u = f"{picture['u']:.3f}"
    assert u in picture["look"]
    if picture["hit"] > 0:
        assert f"{100 * best['after']:.1f}%" in picture["look"]
        low, high = row["spans"][0]
        assert f"{low:.2f}–{high:.2f}" in picture["look"]
    assert picture["kv_saved"] is not None
    assert "off" in picture["knobs_line"]
    assert picture["tree"]["paths"] == 1
    node = next(node for node in picture["tree"]["nodes"] if node["now"])
    assert node["p"] == node["path_p"] == pytest.approx(row["before"], rel=1e-3)


def test_a_token_drawn_with_other_settings_is_told_as_such(pages):
    """Back at an earlier token after a knob was turned, its random number would fall into another box."""
    visitor = Visitor(pages["ko"])
    visitor.enter("text=나는&temperature=2&top_k=0&top_p=1&seed=3")
    first = visitor.act("draw")
    assert first["u"] is not None and first["hit"] > 0, "choose another seed"
    visitor.act("draw")
    visitor.act("knob", knob="top_k", value=1)
    visitor.act("undo")
    back = visitor.act("go", node=0)
    assert back["drawn"]["id"] == first["drawn"]["id"] and back["u"] is None
    only = back["rows"][0]
    assert only["after"] == 1
    assert back["look"] == (
        i18n.fill(LESSON.texts("ko")["look.turned"], piece=back["drawn"]["piece"], now=only["piece"])
    )
    assert visitor.act("knob", knob="top_k", value=0)["u"] == first["u"]


def test_a_full_window_is_told(pages):
    visitor = Visitor(pages["en"])
    picture = visitor.act("text", text="나는 오늘 그 곳에 " * 20)
    assert picture["n_context"] == picture["n_ctx"] == N_CTX
    assert picture["n_dropped"] > 0
    assert str(picture["n_dropped"]) in picture["window_note"]
    for _ in range(3):  # each press makes the oldest token fall out, and everything is computed anew
        assert "24 tokens is full" in picture["look"]
        assert (picture["kv_saved"], picture["kv_fresh"]) == (0, N_CTX)
        visitor.act("draw")
        picture = visitor.act("hide", on=True)
        picture = visitor.act("hide", on=False)


def test_a_preview_shows_the_real_tokens_and_no_number(pages, registry):
    value = pages["ko"].view.light()["preview"]
    tokenizer = models.loading.load_tokenizer(registry.spec(EMBEDDED[0]))
    ids = tokenizer.encode(LESSON.texts("ko")["first_text"])
    assert [token["id"] for token in value["tokens"]] == ids
    assert value["rows"] == [] and value["u"] is None and not value["ready"]
    picture = Visitor(pages["ko"]).enter()
    assert [token["id"] for token in picture["tokens"]] == ids
    assert set(value) - {"ready"} <= set(picture), "the browser finds the same names in both"


# ---- the code on the screen ----


def run_snippet(code: str, folder: str) -> dict:
    """Execute the code of the screen with the model's folder in the line that names it -> its variables."""
    lines = code.splitlines()
    [place] = [i for i, line in enumerate(lines) if line.startswith("name, text, ids = ")]
    shown = lines[place].split(" = ", 1)[1].split(",")[0]
    assert shown == f"'assets/models/{Path(folder).name}'"
    lines[place] = lines[place].replace(shown, repr(folder), 1)
    variables: dict = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile("\n".join(lines), "snippet", "exec"), variables)
    return variables


CODE_SCREENS = {
    "first draw": [{"type": "draw"}],
    "nothing drawn yet": [],
    "three draws": [{"type": "draw"}] * 3,
    "a token came down": [{"type": "draw"}, {"type": "hide", "on": True}],
    "by hand": [{"type": "draw"}, {"type": "draw"}, {"type": "pick", "id": 40}, {"type": "draw"}],
    "on show by hand": [{"type": "draw"}, {"type": "pick", "id": 40}],
    "all filters off": [
        {"type": "knob", "knob": "temperature", "value": 1},
        {"type": "knob", "knob": "top_k", "value": 0},
        {"type": "knob", "knob": "top_p", "value": 1},
        {"type": "draw"},
    ],
    "hot": [{"type": "knob", "knob": "temperature", "value": 2}, {"type": "draw"}],
    "a large seed": [{"type": "knob", "knob": "seed", "value": 999_999}, {"type": "draw"}],
    "a full window": [{"type": "text", "text": "나는 오늘 그 곳에 " * 20}, {"type": "draw"}],
    "quotes and lines": [{"type": "text", "text": "'''나는\" \\n\n오늘\\"}, {"type": "draw"}],
    "a special token is typed": [{"type": "text", "text": "나는 <|endoftext|> 오늘"}, {"type": "draw"}],
    "after going back": [
        {"type": "draw"},
        {"type": "draw"},
        {"type": "undo"},
        {"type": "undo"},
        {"type": "draw"},
    ],
}


@pytest.mark.parametrize("model", EMBEDDED)
@pytest.mark.parametrize("name", CODE_SCREENS)
def test_the_code_of_the_screen_gives_its_numbers(pages, registry, model, name):
    visitor = Visitor(pages["ko"])
    visitor.act("model", name=model)
    visitor.act("text", text="나는 오늘")
    for action in CODE_SCREENS[name]:
        picture = visitor.send(action)
        assert picture["notice"] == ""
    picture = visitor.picture
    found = run_snippet(picture["code"], registry.spec(model).location)
    for row in picture["rows"]:
        if not row["rest"]:
            assert float(found["before"][row["id"]]) == pytest.approx(row["before"], rel=1e-3, abs=1e-6)
            assert float(found["after"][row["id"]]) == pytest.approx(row["after"], rel=1e-3, abs=1e-6)
    if picture["u"] is None:
        picture = visitor.act("draw") if not picture["drawn"] else None  # by hand: nothing was drawn
    if picture:
        assert int(found["chosen"]) == picture["drawn"]["id"]
        assert float(found["u"]) == picture["u"]


def test_the_code_is_the_file_but_for_two_lines(pages):
    """What is on screen is what stands, and is tested, in the repository."""
    picture = Visitor(pages["ko"]).act("draw")
    file = (LESSON.folder / "snippets/distribution.py").read_text(encoding="utf-8").splitlines()
    shown = picture["code"].splitlines()
    assert len(shown) == len(file)
    different = [line for line, other in zip(file, shown, strict=True) if line != other]
    assert all(
        line.split(" = ")[0] in ("name, text, ids", "temperature, top_k, top_p, seed, index")
        for line in different
    )


@pytest.mark.parametrize("text", ["나는 오늘", "Today I", "고양이가 안녕 🙂", "  x"])
def test_the_whole_text_is_the_learners_and_what_has_grown(loaded, registry, text):
    """Her text and `grown` are together what the model has read, however many tokens."""
    state = begin(loaded, text=text)
    for token_id in (41, 30, 57, 41, 20, 44, 31, 45, 60):
        state = moves.land(loaded, moves.pick(loaded, state, token_id))
    name = "tiny-" + loaded.architecture
    context = Context(LESSON, "ko", LESSON.words("ko"), registry)
    data = Figures(context, Page(text, name), state, loaded).data()
    before, whole = (
        loaded.tokenizer.decode(list(ids)) for ids in (state.history.prompt, state.history.ids())
    )
    assert data["grown"] == visible(whole.removeprefix(before)) != ""
    assert data["n_typed"] == len(state.history.prompt)
