"""What 「사전학습」 shows: every number against `transformers` or `torch.optim`; what it refuses; whose Θ.

On untrained models of both architectures, and on the road of tiny-gpt2 where a checkpoint is asked for.
"""

from __future__ import annotations

import copy
import itertools
import json
import math
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
import torch

from app import models
from app.engine.copies import COPIES
from app.languages import CODES
from app.models import Registry
from lessons.pretraining.lesson import LESSON
from lessons.pretraining.state import BACKGROUND, MAX_TOKENS, MOST_STEPS, RATES, read_steps, write_steps
from tests import plain_attention
from tests.mounted import Mounted, Visitor, tiny_registry

N_CTX = 140
MOST_BYTES = 300_000  # of one update
TEXTS = ("나는 오늘 그 곳에 간다. 나는 오늘 그", "I like the small dog. I like the")
MODELS = ("tiny-gpt1", "tiny-gpt2")
ANY_TEXT = ("나", "a", "나는 오늘 그 곳에 간다. " * 40, "</script><img onerror=x>", "\u2028**a**[[b]]")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def mounted(tmp_path_factory) -> Mounted:
    with tiny_registry(tmp_path_factory.mktemp("pretraining"), n_ctx=N_CTX) as registry:
        pass  # its specs know their folders; what is loaded later finds the embedded models again
    return Mounted(LESSON, LESSON.stage, registry)


@pytest.fixture
def visitor(mounted) -> Visitor:
    return Visitor(mounted)


@pytest.fixture(scope="module")
def real() -> Mounted:
    return Mounted(LESSON, LESSON.stage, Registry())


def begin(visitor: Visitor, text: str, model: str = "tiny-gpt2", **fields: object) -> dict:
    values = {"text": text, "model": model, **fields}
    picture = visitor.enter("&".join(f"{name}={quote(str(value))}" for name, value in values.items()))
    assert not picture["notice"], picture["notice"]
    return picture


def loaded_of(visitor: Visitor, picture: dict) -> tuple[models.LoadedModel, list[int]]:
    loaded = models.load(visitor.mounted.context.registry.spec(picture["model"]))
    return loaded, loaded.tokenizer.encode(picture["text"])[-MAX_TOKENS:]


def log_p_of(model: torch.nn.Module, ids: list[int], k: int) -> list[torch.Tensor]:
    """ln P (V,) of every place but the first, each window of k tokens run alone."""
    with torch.no_grad():
        windows = [torch.tensor([ids[max(0, place - k) : place]]) for place in range(1, len(ids))]
        return [model(window).logits[0, -1].double().log_softmax(-1) for window in windows]


@pytest.mark.parametrize(("text", "model", "k"), list(itertools.product(TEXTS, MODELS, (1, 5, 0))))
def test_bars_expectations_and_looks_equal_transformers(visitor, text, model, k):
    picture = begin(visitor, text, model, k=k)
    loaded, ids = loaded_of(visitor, picture)
    shown, bars = picture["at"]["k"], picture["bars"]
    assert shown == (k or len(ids) - 1)
    wanted = log_p_of(loaded.model, ids, shown)
    for place, log_p in enumerate(wanted):
        assert bars["now"][place] == pytest.approx(-float(log_p[ids[place + 1]]), abs=1e-4)
        for one in bars["top"][place]:
            assert one["p"] == pytest.approx(float(log_p[one["id"]].exp()), abs=1e-5)
        assert [one["id"] for one in bars["top"][place] if one["here"]] == [ids[place + 1]]
        likeliest = log_p.topk(5).indices.tolist()
        assert {one["id"] for one in bars["top"][place]} >= set(likeliest[:4])
    full = log_p_of(loaded.model, ids, len(ids))
    assert bars["full"] == pytest.approx([-float(p[i]) for p, i in zip(full, ids[1:], strict=True)], abs=1e-4)
    assert bars["sum"] == pytest.approx(sum(bars["now"]), rel=1e-4)
    assert bars["perplexity"] == pytest.approx(math.exp(bars["sum"] / len(bars["now"])), rel=1e-4)
    at = picture["at"]
    for place in range(1, len(ids)):
        window = ids[max(0, place - shown) : place]
        row = plain_attention.patterns(loaded, window)[at["layer"], at["head"], -1]
        assert bars["looks"][place - 1] == pytest.approx(row.tolist(), abs=1e-4)


@pytest.mark.parametrize("model", MODELS)
def test_steps_equal_plain_sgd_and_the_valley_is_real(visitor, model):
    picture = begin(visitor, TEXTS[0], model, steps="40x2,10", rate=40)
    loaded, ids = loaded_of(visitor, picture)
    mine, tokens = copy.deepcopy(loaded.model), torch.tensor([ids])

    def step(rate: float, of: torch.nn.Module) -> float:
        loss = of(tokens, labels=tokens).loss
        of.zero_grad()
        loss.backward()
        torch.optim.SGD(of.parameters(), lr=rate).step()
        return float(loss)

    first = step(0.04, mine)
    step(0.04, mine)
    step(0.01, mine)
    wanted = [-float(p[i]) for p, i in zip(log_p_of(mine, ids, len(ids)), ids[1:], strict=True)]
    assert picture["bars"]["now"] == pytest.approx(wanted, abs=1e-4)
    assert picture["bars"]["was_mean"] == pytest.approx(first, abs=1e-4), "the outline is before the steps"
    found = visitor.mounted.answers(visitor.session, {"ask": "ahead", "seq": 1})[-1]["reply"]
    mine.zero_grad()
    mine(tokens, labels=tokens).loss.backward()
    norm = math.sqrt(sum(float((one.grad.double() ** 2).sum()) for one in mine.parameters()))
    assert found["norm"] == pytest.approx(norm, rel=1e-3)
    assert math.hypot(*(one["norm"] for one in found["parts"])) == pytest.approx(norm, rel=1e-3)
    assert found["key"] == picture["theta"] and len(found["losses"]) == len(RATES)
    for place in (0, 7, len(RATES) - 1):
        other = copy.deepcopy(mine)
        step(RATES[place] / 1000, other)
        with torch.no_grad():
            after = float(other(tokens, labels=tokens).loss)
        assert found["losses"][place] == pytest.approx(after, rel=1e-3, abs=1e-4)


def test_what_one_learns_no_other_sees_and_nothing_stays(mounted):
    COPIES.clear()
    mine, theirs = Visitor(mounted), Visitor(mounted)
    before = begin(theirs, TEXTS[0])
    first = begin(mine, TEXTS[0])
    stepped = mine.act("step", rate=40, times=3)
    assert stepped["bars"]["mean"] != first["bars"]["mean"] and stepped["at"]["taken"] == [40] * 3
    assert stepped["world"] and len(stepped["world"]["rows"]) == 10
    again = begin(theirs, TEXTS[0])
    assert again["bars"] == before["bars"] and again["at"]["taken"] == []
    assert len(COPIES) == 1 and COPIES.n_bytes > 0
    undone = mine.act("undo")
    assert undone["at"]["taken"] == [40, 40]
    assert mine.act("undo", all=True)["bars"]["now"] == first["bars"]["now"]
    mounted.host.forget(before=float("inf"))
    assert len(COPIES) == 0 and COPIES.n_bytes == 0
    link = mine.address()
    COPIES.clear()
    assert Visitor(mounted).enter(link)["bars"]["now"] == first["bars"]["now"]


def test_steps_are_written_into_links_and_counted(visitor):
    assert read_steps("40x2,10") == (40, 40, 10) and write_steps((40, 40, 10)) == "40x2,10"
    assert read_steps("") == () and write_steps(()) == ""
    for bad in ("0", "x", "40x", "-3", "1e3", "999", "40x51", "４０"):
        with pytest.raises(ValueError, match="step"):
            read_steps(bad)
    picture = begin(visitor, TEXTS[1])
    picture = visitor.act("step", rate=10, times=MOST_STEPS)
    assert picture["link"]["steps"] == f"10x{MOST_STEPS}" and picture["step"]["full"]
    picture = visitor.act("step", rate=10)
    assert len(picture["at"]["taken"]) == MOST_STEPS and not picture["notice"]


def test_presses_that_waited_are_taken_together(visitor):
    begin(visitor, TEXTS[1])
    assert visitor.act("step", rate=10, times=MOST_STEPS + 30)["at"]["taken"] == [10] * MOST_STEPS
    assert len(visitor.act("undo", times=7)["at"]["taken"]) == MOST_STEPS - 7
    picture = visitor.act("undo", times=MOST_STEPS)
    assert picture["at"]["taken"] == [] and not picture["notice"]


@pytest.mark.parametrize(("asked", "shown"), [(1, 2), (3, 2), (26, 24), (33, 35), (250, 100)])
def test_a_rate_of_a_link_is_one_of_the_slider(visitor, asked, shown):
    picture = begin(visitor, TEXTS[1], rate=asked)
    assert picture["at"]["rate"] == shown and shown in RATES
    assert picture["at"]["rate"] / 1000 in picture["step"]["rates"]


def test_a_perplexity_that_is_not_written_out_is_none(monkeypatch, visitor):
    assert begin(visitor, TEXTS[0])["bars"]["perplexity"] > 1
    monkeypatch.setattr("lessons.pretraining.figures.MOST_NATS", 0)
    assert begin(visitor, TEXTS[0], k=2)["bars"]["perplexity"] is None


def test_the_window_is_told_of_the_chosen_token(real):
    visitor = Visitor(real)
    picture = visitor.enter("k=3")
    costs = [now - full for now, full in zip(picture["bars"]["now"], picture["bars"]["full"], strict=True)]
    ranked = sorted(range(len(costs)), key=lambda place: -costs[place])
    assert f"‘{picture['tokens'][ranked[0] + 1]['piece']}’" in picture["look"]
    second = 1 + ranked[1]
    assert costs[ranked[1]] > 0.05
    chosen = visitor.act("choose", token=second)
    assert f"‘{chosen['tokens'][second]['piece']}’" in chosen["look"]


def test_others_get_worse_in_return_or_too(real):
    visitor = Visitor(real)
    assert "대신" in visitor.enter("steps=10x5")["look"]
    look = visitor.enter("steps=100&rate=100")["look"]
    assert "대신" not in look and "평균도" in look


def test_the_road_keeps_an_outline_and_the_copy_is_given_up(real):
    visitor = Visitor(real)
    visitor.act("scene", to=0)
    visitor.act("set", name="view", value="stage")
    visitor.act("step", rate=10)
    picture = visitor.act("scrub", at=3000)
    assert picture["at"]["step"] == 3200 and picture["at"]["since"] == 0 and picture["at"]["taken"] == []
    loaded, ids = models.load("tiny-gpt2", step=3200), [token["id"] for token in picture["tokens"]]
    wanted = [-float(p[i]) for p, i in zip(log_p_of(loaded.model, ids, len(ids)), ids[1:], strict=True)]
    assert picture["bars"]["now"] == pytest.approx(wanted, abs=1e-4)
    points, key = [], picture["road"]["key"]
    while len(points) < len(picture["axis"]["stops"]):
        ask = {"ask": "road", "first": len(points), "seq": 1}
        reply = real.answers(visitor.session, ask)[-1]["reply"]
        assert reply["key"] == key and reply["points"]
        points += reply["points"]
    place = [stop["at"] for stop in picture["axis"]["stops"]].index(3200)
    assert points[place]["mean"] == pytest.approx(picture["bars"]["mean"], abs=1e-3)
    live = real.answers(visitor.session, {"ask": "zero", "task": "choice", "seq": 1})[-1]["reply"]
    assert live["at"] == 3200 and 0 <= live["accuracy"] <= 100 and "%" in live["say"]


def test_a_model_without_checkpoints_has_no_road(visitor):
    picture = begin(visitor, TEXTS[0], "tiny-gpt1", at=3200)
    assert picture["axis"] is None and picture["zero"] is None and picture["at"]["step"] == 0
    assert picture["bars"]["now"] and picture["step"]


@pytest.mark.parametrize("lang", CODES)
@pytest.mark.parametrize("view", BACKGROUND)
@pytest.mark.parametrize("model", MODELS)
def test_every_background_is_drawn_from_what_is_here(real, view, model, lang):
    visitor = Visitor(real if lang == "ko" else Mounted(LESSON, LESSON.stage, Registry(), lang))
    picture = visitor.enter(f"view={view}&model={model}")
    assert picture["background"] and not picture["notice"] and picture["step"] is None


@pytest.mark.parametrize("text", ANY_TEXT)
@pytest.mark.parametrize("model", MODELS)
def test_any_text_gives_a_small_finite_picture(visitor, text, model):
    picture = begin(visitor, text, model, steps="10" if len(text) > 4 else "")
    told = json.dumps(picture, allow_nan=False)
    assert len(told) < MOST_BYTES and len(picture["tokens"]) <= MAX_TOKENS
    if len(picture["tokens"]) == 1:
        assert picture["bars"]["sum"] == 0 and picture["step"] is None and picture["at"]["token"] == 0
    long = len(loaded_of(visitor, picture)[0].tokenizer.encode(picture["text"]))
    assert picture["n_dropped"] == long - len(picture["tokens"])


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "window", "k": -1},
        {"type": "window", "k": "3"},
        {"type": "choose", "token": 10**9},
        {"type": "scrub", "at": -5},
        {"type": "scrub", "at": None},
        {"type": "step", "rate": 0},
        {"type": "step", "rate": 10**6},
        {"type": "set", "name": "steps", "value": "10"},
        {"type": "set", "name": "layer", "value": 3.5},
        {"type": "set", "name": "view", "value": "__proto__"},
    ],
)
def test_what_no_control_sends_is_refused(visitor, payload):
    before = begin(visitor, TEXTS[0])
    picture = visitor.act(payload.pop("type"), **payload)
    assert picture["notice"] and picture["at"] == before["at"]
    for ask in ({"ask": "road", "first": -1}, {"ask": "zero", "task": "x"}, {"ask": "valley?"}):
        assert "sorry" in visitor.mounted.answers(visitor.session, ask | {"seq": 1})[-1]


def test_a_step_into_nowhere_is_told_and_not_taken(visitor):
    before = begin(visitor, TEXTS[0])
    picture = before
    for _ in range(12):
        picture = visitor.act("step", rate=250, times=4)
        if picture["notice"]:
            break
    json.dumps(picture, allow_nan=False)
    assert all(math.isfinite(one) for one in picture["bars"]["now"])


def test_questions_are_answered_by_the_model(real):
    visitor = Visitor(real)
    picture = visitor.enter("")
    found = {one["id"]: one for one in picture["questions"]}
    assert set(found) == {"most", "short", "closes"} and all(one["right"] is None for one in found.values())
    for name in found:
        picture = visitor.act("answer", id=name, answer=0)
    found = {one["id"]: one for one in picture["questions"]}
    assert all(one["answer"] and 0 <= one["right"] < len(one["options"]) for one in found.values())
    now = picture["bars"]["now"]
    worst = picture["tokens"][1 + now.index(max(now))]["piece"]
    assert worst in found["most"]["options"][found["most"]["right"]]
    assert f"{sum(now):.2f}" in found["short"]["answer"]


def test_the_code_of_the_screen_gives_its_numbers(real):
    visitor = Visitor(real)
    picture = visitor.enter("k=3")
    done = subprocess.run(
        [sys.executable, "-c", picture["code"]], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-800:]
    assert f"sum {picture['bars']['sum']:.2f}" in done.stdout
