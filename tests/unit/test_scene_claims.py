"""What a scene says is what its picture shows: one small check beside each scene, in both languages.

On the landed weights, through the same door as the browser. A check is a function (picture, visitor) that
asserts; a scene without one fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from statistics import mean
from typing import Any

import pytest
import torch

from app import languages, models, records
from app.engine import few_shot, tasks
from app.engine.finetune import FineTuning, Plan, StepReport
from app.engine.inputs import grouped_batches
from app.engine.recipe import RECIPE
from app.lesson import Lesson
from app.models import Registry
from lessons import LESSONS
from tests import plain_attention
from tests.mounted import Mounted, Visitor

Picture = dict[str, Any]
Claim = Callable[[Picture, Visitor], None]
LANGS = languages.CODES
CLAIMS: dict[tuple[str, str], Claim] = {}


def claim(lesson: str, *scenes: str) -> Callable[[Claim], Claim]:
    def keep(check: Claim) -> Claim:
        CLAIMS.update({(lesson, scene): check for scene in scenes})
        return check

    return keep


@pytest.fixture(scope="module")
def pages() -> dict[str, Mounted]:
    registry = Registry()
    return {f"{lang}/{one.id}": Mounted(one, one.stage, registry, lang) for one in LESSONS for lang in LANGS}


SCENES = [(one, index) for one in LESSONS for index in range(len(one.scenes))]


def check_of(lesson: Lesson, scene: str) -> Claim:
    """Written here, or in the CLAIMS of the lesson's own test file."""
    if (lesson.id, scene) in CLAIMS:
        return CLAIMS[lesson.id, scene]
    file = Path(__file__).with_name(f"test_{lesson.folder.name}.py")
    own = import_module(f"tests.unit.{file.stem}").CLAIMS if file.exists() else {}
    assert scene in own, f"scene {scene} of {lesson.id}: its check belongs into CLAIMS of {file.name}"
    return own[scene]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(
    ("lesson", "index"), SCENES, ids=lambda value: value if isinstance(value, int) else value.id
)
def test_the_picture_shows_what_the_scene_says(pages, lesson, index: int, lang: str):
    visitor = Visitor(pages[f"{lang}/{lesson.id}"])
    picture = visitor.act("scene", to=index)
    check_of(lesson, lesson.scenes[index].id)(picture, visitor)
    hangul = any("가" <= character <= "힣" for character in picture["text"])
    assert hangul == (lang == "ko"), "a scene is in the language of its page"


def test_every_check_is_of_a_scene():
    assert {(one.id, scene.id) for one in LESSONS for scene in one.scenes} == set(CLAIMS)


def first_words(visitor: Visitor) -> str:
    """What the lesson begins with, in the language of the page."""
    context = visitor.mounted.context
    return context.words["first_text"]


def chosen(visitor: Visitor, scene: str) -> list[str]:
    """The words that a scene of 「GPT란?」 puts in by hand."""
    context = visitor.mounted.context
    one = next(one for one in context.lesson.scenes if one.id == scene)
    return list(one.state_in(context.words)["chosen"])


def read(tokens: list[Picture]) -> str:
    return "".join((" " if token["space"] else "") + token["piece"] for token in tokens).strip()


# ---- 「GPT란?」 ----


@claim("next-token", "name", "input")
def the_text_is_the_input(picture: Picture, visitor: Visitor) -> None:
    assert read(picture["tokens"]) == picture["text"] == first_words(visitor)
    assert picture["drawn"] is None and picture["hit"] == -1
    assert sum(row["after"] for row in picture["rows"]) == pytest.approx(1)


def assert_in_output(picture: Picture, visitor: Visitor, words: list[str]) -> None:
    """The last of `words` has been chosen, and has not come down; its bar can be found."""
    assert picture["drawn"]["by_hand"] and picture["drawn"]["piece"] == words[-1]
    assert read(picture["tokens"]) == " ".join([first_words(visitor), *words[:-1]])
    row = picture["rows"][picture["hit"]]
    assert row["piece"] == words[-1] and row["before"] > 0.01, "its bar can be seen"


@claim("next-token", "output")
def one_token_comes_out(picture: Picture, visitor: Visitor) -> None:
    assert_in_output(picture, visitor, chosen(visitor, "output"))
    assert f"‘{picture['drawn']['piece']}’" in visitor.mounted.context.words["scene.output.say"]


@claim("next-token", "again")
def the_chip_has_come_down(picture: Picture, visitor: Visitor) -> None:
    (word,) = chosen(visitor, "again")
    assert picture["drawn"] is None and picture["tokens"][-1]["piece"] == word
    assert picture["tokens"][-1]["by_hand"] and not picture["tokens"][-2]["by_hand"]
    assert f"‘{word}’" in visitor.mounted.context.words["scene.again.say"]


@claim("next-token", "place")
def the_next_one_is_chosen_too(picture: Picture, visitor: Visitor) -> None:
    assert_in_output(picture, visitor, chosen(visitor, "place"))
    assert f"‘{picture['drawn']['piece']}’" in visitor.mounted.context.words["scene.place.say"]


@claim("next-token", "longer")
def only_the_new_token_is_computed(picture: Picture, visitor: Visitor) -> None:
    assert picture["drawn"] is None and picture["tokens"][-1]["piece"] == chosen(visitor, "longer")[-1]
    assert picture["kv_fresh"] == 1
    loaded = models.load(visitor.mounted.context.registry.spec(picture["model"]))
    reused = picture["n_input"] - 1
    assert picture["kv_saved"] == 2 * loaded.n_layer * loaded.d_model * reused > 0


@claim("next-token", "sentence")
def a_sentence_has_come_about(picture: Picture, visitor: Visitor) -> None:
    words = chosen(visitor, "sentence")
    assert_in_output(picture, visitor, words)
    whole = [first_words(visitor), *words]
    told = visitor.mounted.context.words["scene.sentence.say"].replace(",", "")
    assert " ".join(whole) in told


@claim("next-token", "draw")
def the_leader_did_not_win(picture: Picture, visitor: Visitor) -> None:
    row = picture["rows"][picture["hit"]]
    (low, high) = row["spans"][0]
    assert low <= picture["u"] < high and not picture["drawn"]["by_hand"]
    assert row["after"] < max(one["after"] for one in picture["rows"] if not one["rest"])


def drawn_path(picture: Picture, visitor: Visitor) -> tuple[list[int], list[int]]:
    """The drawn tokens and the rank, from 0, that plain `transformers` gives each of them."""
    loaded = models.load(visitor.mounted.context.registry.spec(picture["model"]))
    prompt = loaded.tokenizer.encode(picture["text"])
    drawn = [int(one.split("@")[0]) for one in picture["ids"].split(",")]
    with torch.no_grad():
        logits = loaded.model(torch.tensor([[*prompt, *drawn]])).logits[0]  # (T, V)
    ranks = [
        int((logits[len(prompt) - 1 + n] > logits[len(prompt) - 1 + n, token_id]).sum())
        for n, token_id in enumerate(drawn)
    ]
    return drawn, ranks


@claim("next-token", "cold")
def only_leaders_were_drawn(picture: Picture, visitor: Visitor) -> None:
    drawn, ranks = drawn_path(picture, visitor)
    assert len(drawn) == 6 and ranks == [0] * 6
    leader = picture["rows"][0]
    assert leader["after"] > leader["before"], "the longest bar takes more than the model gave it"


@claim("next-token", "hot")
def the_text_loses_its_way(picture: Picture, visitor: Visitor) -> None:
    """A third of its tokens are none that a reader would expect; the seed is that of the scene before."""
    drawn, ranks = drawn_path(picture, visitor)
    assert len(drawn) == 6 and sum(rank >= 50 for rank in ranks) >= 2
    assert all(row["cut"] == "" for row in picture["rows"]), "no filter is on"
    lesson = visitor.mounted.context.lesson
    words = visitor.mounted.context.words
    cold = next(one for one in lesson.scenes if one.id == "cold")
    assert cold.state_in(words)["seed"] == picture["knobs"]["seed"]


@claim("next-token", "guess")
def the_bars_are_covered(picture: Picture, visitor: Visitor) -> None:
    assert picture["hidden"] and picture["drawn"] is None and picture["alt"]["distribution"] == ""


# ---- 「GPT-1 vs GPT-2」: tensors are computed again from the weights, by hooks that are not ours ----


def both(visitor: Visitor) -> dict[str, models.LoadedModel]:
    registry = visitor.mounted.context.registry
    return {side: models.load(registry.spec(f"tiny-{side}")) for side in ("gpt1", "gpt2")}


def column(picture: Picture, side: str) -> Picture:
    return next(one for one in picture["columns"] if one["side"] == side)


def stream(loaded: models.LoadedModel, text: str) -> torch.Tensor:
    """`transformers`' own hidden states -> (blocks + 1, T, d): what goes into each block, and comes out."""
    ids = torch.tensor([loaded.tokenizer.encode(text)])
    with torch.no_grad():
        shown = loaded.model(ids, output_hidden_states=True).hidden_states
    return torch.stack([one[0].double() for one in shown])


@claim("architecture", "whole")
def one_text_in_both(picture: Picture, visitor: Visitor) -> None:
    for one in picture["columns"]:
        assert read(one["tokens"]).lower().replace(" ", "") == picture["text"].lower().replace(" ", "")
        assert 0 < one["next"]["p"] <= 1
    assert [one["side"] for one in picture["columns"]] == ["gpt1", "gpt2"]


def patterns(picture: Picture, visitor: Visitor, block: int) -> torch.Tensor:
    """GPT-1's patterns in one block, as `transformers` gives them -> (heads, T, T)."""
    loaded = both(visitor)["gpt1"]
    loaded.model.set_attn_implementation("eager")
    with torch.no_grad():
        ids = torch.tensor([loaded.tokenizer.encode(picture["text"])])
        return loaded.model(ids, output_attentions=True).attentions[block][0]


@claim("architecture", "mask")
def later_tokens_are_hidden(picture: Picture, visitor: Visitor) -> None:
    panel = picture["panel"]
    assert panel["kind"] == "heads" and panel["side"] == "gpt1" and panel["pattern"]["rows"] >= 4
    for pattern in patterns(picture, visitor, 2):
        assert not pattern.triu(1).any() and pattern.tril().gt(0).float().mean() > 0.3


@claim("architecture", "heads")
def heads_look_at_different_places(picture: Picture, visitor: Visitor) -> None:
    assert picture["panel"]["kind"] == "heads"
    found = patterns(picture, visitor, 2)
    far = [(one - other).abs().max() for n, one in enumerate(found) for other in found[n + 1 :]]
    assert min(far) > 0.2, "two heads that look the same"


def lit(picture: Picture, term: str) -> Picture:
    assert picture["lit"] == term and picture["panel"]["kind"] == "term"
    return picture["panel"]


@claim("architecture", "embed")
def a_row_of_the_table(picture: Picture, visitor: Visitor) -> None:
    panel = lit(picture, "embed")
    for one, loaded in zip(panel["columns"], both(visitor).values(), strict=True):
        table = loaded.model.get_input_embeddings().weight.detach()
        ids = loaded.tokenizer.encode(picture["text"])
        assert one["places"][0]["std"] == f"{table[ids].double().std(correction=0):.2f}"


@claim("architecture", "position")
def the_sum_is_h0(picture: Picture, visitor: Visitor) -> None:
    panel = lit(picture, "position")
    for one, loaded in zip(panel["columns"], both(visitor).values(), strict=True):
        h0 = stream(loaded, picture["text"])[0]
        assert one["places"][-1]["symbol"] == "h₀"
        assert one["places"][-1]["std"] == f"{h0.std(correction=0):.2f}"


@claim("architecture", "blocks")
def the_shape_stays(picture: Picture, visitor: Visitor) -> None:
    for one in lit(picture, "blocks")["columns"]:
        assert len({place["shape"] for place in one["places"]}) == 1
    assert picture["open"] in range(picture["blocks"]), "one is unfolded"


@claim("architecture", "unembed")
def the_same_table_gives_scores(picture: Picture, visitor: Visitor) -> None:
    panel = lit(picture, "unembed")
    for one, (side, loaded) in zip(panel["columns"], both(visitor).items(), strict=True):
        table = loaded.model.get_input_embeddings().weight.detach()
        assert loaded.model.get_output_embeddings().weight.data_ptr() == table.data_ptr()
        places = {place["symbol"]: place for place in one["places"]}
        last = "LN_f(hₙ)" if side == "gpt2" else "hₙ"
        scored = stream(loaded, picture["text"])[
            -1
        ]  # transformers' last hidden state has passed the final LN
        assert places[last]["std"] == f"{scored.std(correction=0):.2f}"
        assert set(places) == ({"hₙ", "LN_f(hₙ)", "LN_f(hₙ)Wₑᵀ"} if side == "gpt2" else {"hₙ", "hₙWₑᵀ"})


@claim("architecture", "post")
def what_goes_in_and_comes_out(picture: Picture, visitor: Visitor) -> None:
    panel = picture["panel"]
    assert panel["side"] == "gpt1" and panel["layer_norm"] and panel["x"] and panel["y"]


@claim("architecture", "tasks")
def the_drawing_stays(picture: Picture, visitor: Visitor) -> None:
    text = picture["text"]
    assert text != first_words(visitor)
    other = visitor.act("text", text=first_words(visitor))
    for one, another in zip(picture["columns"], other["columns"], strict=True):
        assert one["tensors"].keys() == another["tensors"].keys()


@claim("architecture", "moved")
def ln_is_at_the_input(picture: Picture, visitor: Visitor) -> None:
    """GPT-1's block gives out what an LN gave it; GPT-2's stream is the sum of what was added to it."""
    assert picture["lit"] == "ln"
    loaded = both(visitor)
    inside = "blocks.2."
    second = column(picture, "gpt2")["tensors"]
    assert second[inside + "hook_resid_post"]["std"] == pytest.approx(
        stream(loaded["gpt2"], picture["text"])[3].std(correction=0).item(), abs=5e-3
    )
    block = loaded["gpt1"].model.transformer.h[2]
    out = stream(loaded["gpt1"], picture["text"])[3]
    hat = (out - block.ln_2.bias.detach()) / block.ln_2.weight.detach()
    assert hat.mean(-1).abs().max() < 1e-3 and (hat.std(-1, correction=0) - 1).abs().max() < 1e-3


@claim("architecture", "final")
def the_final_ln_sets_it_once(picture: Picture, visitor: Visitor) -> None:
    assert picture["panel"]["name"] == "ln_final.hook_normalized" and picture["panel"]["layer_norm"]
    assert "ln_final.hook_normalized" not in column(picture, "gpt1")["tensors"]


@claim("architecture", "init")
def less_is_added(picture: Picture, visitor: Visitor) -> None:
    assert picture["lit"] == "init"
    n = 2 * both(visitor)["gpt2"].n_layer
    assert f"1/√{n}" in picture["panel"]["rows"][2][2] and f"{n**-0.5:.3f}" in picture["panel"]["rows"][2][2]


@claim("architecture", "vocabulary")
def both_cut_differently(picture: Picture, visitor: Visitor) -> None:
    loaded = both(visitor)
    ids = [one.tokenizer.encode(picture["text"]) for one in loaded.values()]
    assert len(ids[0]) != len(ids[1])
    assert loaded["gpt1"].tokenizer.decode(ids[0]) != picture["text"], "GPT-1 has no 🙂"
    assert loaded["gpt2"].tokenizer.decode(ids[1]) == picture["text"]
    cuts = [[chip["piece"] for chip in cut["tokens"]] for cut in picture["panel"]["cuts"]]
    assert [len(cut) for cut in cuts] == [len(one) for one in ids] and cuts[0] != cuts[1]


@claim("architecture", "context")
def twice_as_long(picture: Picture, visitor: Visitor) -> None:
    (_, first, second), *_ = picture["panel"]["rows"]
    assert (first, second) == ("512", "1,024")


@claim("architecture", "sizes")
def only_larger(picture: Picture, visitor: Visitor) -> None:
    """The counts again from the sizes: GPT-2 has 50257d + 1024d + L(12d² + 13d) + 2d, table 2."""
    *sizes, here = picture["panel"]["rows"]
    expected = [
        50_257 * d + 1024 * d + layers * (12 * d * d + 13 * d) + 2 * d
        for layers, d in ((12, 768), (24, 1024), (36, 1280), (48, 1600))
    ]
    assert [row[2] for row in sizes] == [f"{count:,}" for count in expected]
    assert [row[1] for row in sizes] == ["116,534,784", "–", "–", "–"]
    weights = [sum(one.numel() for one in loaded.model.parameters()) for loaded in both(visitor).values()]
    assert here[1:] == [f"{count:,}" for count in weights]


@claim("architecture", "zero-shot")
def the_sizes_stand_there(picture: Picture, visitor: Visitor) -> None:
    only_larger(picture, visitor)


# ---- 「미세조정」 ----


@cache
def tuned(lambda_: float, n_steps: int) -> list[StepReport]:
    """A run with the lesson's recipe on the Korean half, as the browser would make it."""
    loaded = models.load("tiny-gpt2")
    run = FineTuning(loaded, Plan("classification", 2, 4), lambda_)
    examples = tasks.examples(loaded, "sentiment", "train", "ko")
    batches = grouped_batches(examples, RECIPE.batch_size, n_steps, 0)
    found = []
    for index, batch in enumerate(batches):
        run.learning_rate = RECIPE.learning_rate_at(index, RECIPE.steps)
        found += run.steps([batch])
    return found


def ends(reports: list[StepReport], name: str) -> tuple[float, float]:
    """The mean of a loss over the first and the last ten steps."""
    values = [getattr(report, name) for report in reports]
    return mean(values[:10]), mean(values[-10:])


def pieces(picture: Picture, row: int = 0) -> list[str]:
    return [token["label"] or token["piece"] for token in picture["sequences"][row]["tokens"]]


@claim("fine-tuning", "labels", "extract")
def start_before_and_extract_behind(picture: Picture, visitor: Visitor) -> None:
    assert pieces(picture)[0] == "Start" and pieces(picture)[-1] == "Extract"
    assert len(picture["labels"]) == picture["n_out"] == 2 and picture["d"] == 192


@claim("fine-tuning", "label-loss")
def only_l2_falls(picture: Picture, visitor: Visitor) -> None:
    assert picture["settings"]["lambda"] == 0
    (l2, l2_after), (l1, l1_after) = ends(tuned(0.0, 60), "l2"), ends(tuned(0.0, 60), "l1")
    assert l2_after < 0.75 * l2 and abs(l1_after - l1) < 0.15 * l1


@claim("fine-tuning", "joint")
def l1_falls_with_l2(picture: Picture, visitor: Visitor) -> None:
    assert picture["settings"]["lambda"] == 0.5
    reports = tuned(0.5, 60)
    assert all(one.l3 == one.l2 + 0.5 * one.l1 for one in reports)
    assert ends(reports, "l1")[1] < 0.5 * ends(reports, "l1")[0]


@claim("fine-tuning", "midway", "language")
def it_starts_without_lambda(picture: Picture, visitor: Visitor) -> None:
    assert picture["settings"]["lambda"] == 0 and picture["view"] == "train"
    assert ends(tuned(0.5, 60), "l1")[1] < ends(tuned(0.0, 60), "l1")[1], "λ bends L1"


@claim("fine-tuning", "extra")
def four_small_things_are_new(picture: Picture, visitor: Visitor) -> None:
    assert picture["counts"]["new"] == 192 * 2 + 3 * 192
    assert "960" in picture["say_new"]


@claim("fine-tuning", "entailment")
def joined_by_delim(picture: Picture, visitor: Visitor) -> None:
    assert len(picture["sequences"]) == 1 and pieces(picture).count("Delim") == 1


@claim("fine-tuning", "similarity")
def both_orders(picture: Picture, visitor: Visitor) -> None:
    first, second = ([token["id"] for token in row["tokens"]] for row in picture["sequences"])
    cut = first.index(4)
    assert second == [3, *first[cut + 1 : -1], 4, *first[1:cut], 5]


@claim("fine-tuning", "choice")
def a_row_for_each_answer(picture: Picture, visitor: Visitor) -> None:
    assert len(picture["sequences"]) == 2 and picture["n_out"] == 1
    first, second = (pieces(picture, row) for row in range(2))
    assert first[: first.index("Delim")] == second[: second.index("Delim")] and first != second


@claim("fine-tuning", "layers")
def the_start_matters(picture: Picture, visitor: Visitor) -> None:
    points = {point["k"]: point["mean"] for point in picture["layers"]["points"]}
    assert picture["view"] == "layers" and max(points.values()) - min(points.values()) > 20


@claim("fine-tuning", "point")
def three_layers_are_picked(picture: Picture, visitor: Visitor) -> None:
    assert picture["settings"]["layers"] == 3 and picture["settings"]["steps"] == 150


@claim("fine-tuning", "numbers")
def fewer_numbers_less_accuracy(picture: Picture, visitor: Visitor) -> None:
    rows = {row["id"]: row for row in picture["parts_table"]["rows"]}
    assert rows["head"]["n"] < rows["full"]["n"] / 1000
    assert rows["head"]["mean"] < rows["full"]["mean"] - 20


@claim("fine-tuning", "own")
def her_own_lines(picture: Picture, visitor: Visitor) -> None:
    assert picture["task"] == "own" and picture["view"] == "own" and picture["kind"] == "classification"


# ---- 「어텐션」: patterns and probabilities by `transformers` and hooks of its own modules ----


def picked(picture: Picture, visitor: Visitor) -> tuple[models.LoadedModel, list[int]]:
    """The model of the picture, and the tokens of its text."""
    loaded = models.load(visitor.mounted.context.registry.spec(picture["model"]))
    return loaded, loaded.tokenizer.encode(picture["text"])


def head_score(
    picture: Picture, visitor: Visitor, head: tuple[int, int], name: str, cut: tuple = ()
) -> float:
    loaded, ids = picked(picture, visitor)
    return plain_attention.score(plain_attention.patterns(loaded, ids, cut)[head], ids, name)


def shown_score(picture: Picture, name: str) -> float:
    """That of the head on show, which the sentence names."""
    return picture["scores"][picture["at"]["layer"] * picture["heads"] + picture["at"]["head"]][name]


@claim("attention", "many")
def heads_look_elsewhere(picture: Picture, visitor: Visitor) -> None:
    assert picture["layers"] * picture["heads"] == 24
    found = plain_attention.patterns(*picked(picture, visitor)).flatten(0, 1)  # (24, T, T)
    far = [(one - other).abs().max() > 0.2 for n, one in enumerate(found) for other in found[n + 1 :]]
    assert mean(map(float, far)) > 0.8, "most pairs look somewhere else"
    labels = {one["label"] for one in picture["scores"]}
    assert {"previous", "induction", "first"} <= labels


@claim("attention", "previous", "row")
def it_looks_one_back(picture: Picture, visitor: Visitor) -> None:
    assert picture["at"]["layer"] == 2 and picture["at"]["head"] == 3
    loaded, ids = picked(picture, visitor)
    pattern = plain_attention.patterns(loaded, ids)[2, 3]
    assert min(pattern[t, t - 1] for t in range(1, len(ids))) > 0.5, "from almost every token"
    assert shown_score(picture, "previous") == pytest.approx(
        plain_attention.score(pattern, ids, "previous"), abs=1e-4
    )
    assert picture["row"]["strongest"] == picture["at"]["query"] - 1


@claim("attention", "first")
def it_rests_on_the_first(picture: Picture, visitor: Visitor) -> None:
    assert head_score(picture, visitor, (1, 0), "first") > 0.6
    assert shown_score(picture, "first") == pytest.approx(
        head_score(picture, visitor, (1, 0), "first"), abs=1e-4
    )
    assert sum(one["label"] == "first" for one in picture["scores"]) >= 8, "many heads do"


@claim("attention", "mask")
def it_would_look_ahead(picture: Picture, visitor: Visitor) -> None:
    query, unmasked = picture["at"]["query"], picture["unmasked"]
    assert query < picture["at"]["last"] - 1 and sum(unmasked["weights"]) == pytest.approx(1, abs=1e-3)
    assert sum(unmasked["weights"][query + 1 :]) > 0.5
    assert len(picture["row"]["weights"]) == query + 1


@claim("attention", "find")
def it_looks_right_after_the_same_token(picture: Picture, visitor: Visitor) -> None:
    loaded, ids = picked(picture, visitor)
    pattern = plain_attention.patterns(loaded, ids)[3, 2]
    earlier = ids.index(ids[-1])
    assert earlier < len(ids) - 1 and int(pattern[-1].argmax()) == earlier + 1
    assert (
        picture["row"]["strongest"] == earlier + 1 and picture["row"]["relations"][earlier + 1] == "induction"
    )
    word = picture["tokens"][-1]["piece"]
    assert word in visitor.mounted.context.words["scene.find.say"]
    best = max(range(24), key=lambda index: picture["scores"][index]["induction"])
    assert divmod(best, picture["heads"]) == (3, 2)


@claim("attention", "lists")
def it_is_first_without_meaning(picture: Picture, visitor: Visitor) -> None:
    assert picture["lists"]
    for _ in range(200):
        if visitor.mounted.answers(visitor.session, {"ask": "lists", "seq": 1})[-1]["reply"]["share"] == 1:
            break
    picture = visitor.act("set", name="lists", value=True)
    assert picture["lists_done"]
    scores = [one["induction"] for one in picture["scores"]]
    assert divmod(scores.index(max(scores)), picture["heads"]) == (3, 2) and max(scores) > 0.9


def fallen(picture: Picture, visitor: Visitor, cut: tuple) -> float:
    """How far log P of the likeliest token falls, which is what the picture says."""
    loaded, ids = picked(picture, visitor)
    before, after = plain_attention.log_p(loaded, ids), plain_attention.log_p(loaded, ids, cut)
    token = int(before.argmax())
    assert picture["effect"]["target"] == token and token in ids, "it is being copied"
    assert picture["effect"]["before"] == pytest.approx(float(before[token]), abs=1e-3)
    assert picture["effect"]["after"] == pytest.approx(float(after[token]), abs=1e-3)
    return float(before[token] - after[token])


@claim("attention", "cut")
def the_copy_becomes_less_likely(picture: Picture, visitor: Visitor) -> None:
    assert fallen(picture, visitor, ((3, 2),)) > 1


@claim("attention", "weaker")
def the_induction_head_weakens(picture: Picture, visitor: Visitor) -> None:
    cut = ((2, 3),)
    before, after = (head_score(picture, visitor, (3, 2), "induction", one) for one in ((), cut))
    assert 0.2 < after < before - 0.2
    assert shown_score(picture, "induction") == pytest.approx(after, abs=1e-4)
    assert fallen(picture, visitor, cut) > 0.1


@claim("attention", "fails")
def the_induction_head_fails(picture: Picture, visitor: Visitor) -> None:
    cut = ((2, 0), (2, 3))
    before, after = (head_score(picture, visitor, (3, 2), "induction", one) for one in ((), cut))
    assert after < 0.35 * before and after < 0.2
    assert shown_score(picture, "induction") == pytest.approx(after, abs=1e-4)
    assert fallen(picture, visitor, cut) > 2
    others = ((2, 1), (2, 4))  # two heads of the same block that do not look back
    assert head_score(picture, visitor, (3, 2), "induction", others) > 0.9 * before


@claim("attention", "exchange")
def the_answer_goes_over(picture: Picture, visitor: Visitor) -> None:
    loaded, ids = picked(picture, visitor)
    other = loaded.tokenizer.encode(picture["exchange"]["other"])
    assert len(ids) == len(other) and sum(one != two for one, two in zip(ids, other, strict=True)) == 1
    on_text, on_other = plain_attention.log_p(loaded, ids), plain_attention.log_p(loaded, other)
    mine, theirs = int(on_text.argmax()), int(on_other.argmax())
    after = plain_attention.log_p_exchanged(loaded, ids, other, ((3, 1), (3, 2)))
    assert int(after.argmax()) == theirs != mine
    lead = [float(one[mine] - one[theirs]) for one in (on_text, on_other, after)]
    carried = (lead[2] - lead[0]) / (lead[1] - lead[0])
    assert carried > 0.9 and picture["exchange"]["carried"] == pytest.approx(carried, abs=1e-2)


@pytest.mark.parametrize("lang", LANGS)
def test_every_example_of_an_exchange_moves_a_name_through_a_few_heads(pages, lang):
    """Of the examples in 「어텐션」 one token differs, and two heads of 24 carry it all."""
    words = pages[f"{lang}/attention"].context.words
    examples = [[half.strip() for half in line.split("|")] for line in words["ui.pairs"].splitlines()]
    assert len(examples) >= 2
    loaded = models.load("tiny-gpt2")
    for text, other in examples:
        ids, changed = loaded.tokenizer.encode(text), loaded.tokenizer.encode(other)
        assert sum(one != two for one, two in zip(ids, changed, strict=True)) == 1, "the name"
        name, new_name = next(pair for pair in zip(ids, changed, strict=True) if len(set(pair)) == 2)
        ends = [plain_attention.log_p(loaded, one) for one in (ids, changed)]
        assert [int(one.argmax()) for one in ends] == [name, new_name], "each is continued by its own name"

        def carried(*heads: tuple, of=(ids, changed), names=(name, new_name), ends=ends) -> float:
            after = plain_attention.log_p_exchanged(loaded, *of, heads)
            lead = [float(one[names[0]] - one[names[1]]) for one in (*ends, after)]
            return (lead[2] - lead[0]) / (lead[1] - lead[0])

        alone = {divmod(n, 6): carried(divmod(n, 6)) for n in range(24)}
        few = sorted(alone, key=alone.__getitem__)[-2:]
        assert min(alone[head] for head in few) > 0.3 and carried(*few) > 0.9
        assert max(abs(share) for head, share in alone.items() if head not in few) < 0.1


@claim("attention", "gpt1")
def gpt1_has_such_a_pair(picture: Picture, visitor: Visitor) -> None:
    assert picture["model"] == "tiny-gpt1"
    for head in ((1, 2), (2, 3)):
        assert head_score(picture, visitor, head, "previous") > 0.8
    cut = ((1, 2), (2, 3))
    before, after = (head_score(picture, visitor, (3, 2), "induction", one) for one in ((), cut))
    assert before > 0.5 and after < 0.3 * before
    assert shown_score(picture, "induction") == pytest.approx(after, abs=1e-4)


# ---- 「사전학습」 ----

OF_THE_BARS = 2e-4  # nats between a bar and transformers


def bars_of_transformers(picture: Picture, visitor: Visitor) -> list[float]:
    """−ln P of the text's tokens, each with the window on show run alone, by the model that is picked."""
    loaded = models.load(visitor.mounted.context.registry.spec(picture["model"]))
    ids, k, found = [token["id"] for token in picture["tokens"]], picture["at"]["k"], []
    with torch.no_grad():
        for place in range(1, len(ids)):
            window = torch.tensor([ids[max(0, place - k) : place]])
            found.append(-loaded.model(window).logits[0, -1].log_softmax(-1)[ids[place]].item())
    return found


def assert_finished_model(picture: Picture, visitor: Visitor) -> None:
    assert picture["view"] == "stage" and picture["at"]["step"] == 0
    assert picture["bars"]["now"] == pytest.approx(bars_of_transformers(picture, visitor), abs=OF_THE_BARS)
    assert picture["bars"]["sum"] == pytest.approx(sum(picture["bars"]["now"]), abs=1e-4)


@claim("pretraining", "tasks")
def labels_alone_teach_little(picture: Picture, visitor: Visitor) -> None:
    rows = picture["background"]["rows"]
    assert len(rows) == 6 and {row["labels"] for row in rows} == {2000}
    assert sum(row["scratch"] < 62 for row in rows) == 5 and min(row["scratch"] for row in rows) > 49


@claim("pretraining", "labels")
def text_is_plenty(picture: Picture, visitor: Visitor) -> None:
    found = picture["background"]
    assert found["documents"] > 100 * max(one["n"] for one in found["sets"])


@claim("pretraining", "goal")
def every_token_is_an_answer(picture: Picture, visitor: Visitor) -> None:
    found = picture["background"]
    assert found["targets"] == len(found["surprise"]) == len(picture["tokens"]) - 1 > 1
    assert found["example"]["label"] and found["example"]["text"]


@claim("pretraining", "transfer")
def little_is_added_for_a_task(picture: Picture, visitor: Visitor) -> None:
    found = picture["background"]
    assert all(one["numbers"] < found["numbers"] / 1000 for one in found["heads"])
    assert len(found["activation"]) == found["d"]


@claim("pretraining", "plan")
def step_two_begins_with_step_one(picture: Picture, visitor: Visitor) -> None:
    found = picture["background"]
    assert found["means"][-1] < found["means"][0] / 2
    assert all(row["tuned"] > row["scratch"] + 10 for row in found["rows"])


@claim("pretraining", "hope")
def reading_has_shortened_the_bars(picture: Picture, visitor: Visitor) -> None:
    assert_finished_model(picture, visitor)
    assert picture["at"]["since"] == 200 and picture["bars"]["mean"] < picture["bars"]["was_mean"] / 2


@claim("pretraining", "equation", "network")
def all_bars_are_l1(picture: Picture, visitor: Visitor) -> None:
    assert_finished_model(picture, visitor)
    assert picture["at"]["k"] == len(picture["tokens"]) - 1 and picture["bars"]["was"] is None


@claim("pretraining", "window")
def a_short_memory_costs(picture: Picture, visitor: Visitor) -> None:
    assert picture["at"]["k"] == 3
    assert_finished_model(picture, visitor)
    bars, chosen = picture["bars"], picture["at"]["token"]
    words = visitor.mounted.context.words
    assert f"‘{picture['tokens'][chosen]['piece']}’" in words["scene.window.say"]
    assert bars["now"][chosen - 1] > bars["full"][chosen - 1] + 3 and sum(bars["now"]) > sum(bars["full"])
    unseen = read(picture["tokens"][: chosen - 3])
    quoted = {"ko": "지난 주말에", "en": "One cold Saturday"}[visitor.mounted.context.lang]
    assert quoted in unseen and f"‘{quoted}’" in words["scene.window.say"]
    assert f"‘{picture['tokens'][chosen]['piece']}’" in picture["look"], "caption and look name one token"


@claim("pretraining", "prior")
def the_prior_is_a_small_part_of_the_step(picture: Picture, visitor: Visitor) -> None:
    found = visitor.mounted.answers(visitor.session, {"ask": "ahead", "seq": 1})[-1]["reply"]
    assert picture["at"]["prior"] and 0 < found["share"] < 0.2
    loaded = models.load(visitor.mounted.context.registry.spec(picture["model"]))
    size = sum(
        float((one.detach().double() ** 2).sum()) for one in loaded.model.parameters() if one.dim() == 2
    )
    assert found["prior"] == pytest.approx(0.01 / 2 * size, rel=1e-4)


def assert_stepped(picture: Picture) -> tuple[float, float]:
    """(the mean before the steps, after them)."""
    bars = picture["bars"]
    assert picture["at"]["taken"] and picture["world"] and bars["was"]
    return bars["was_mean"], bars["mean"]


@claim("pretraining", "step")
def one_step_shortens_the_bars(picture: Picture, visitor: Visitor) -> None:
    before, after = assert_stepped(picture)
    assert len(picture["at"]["taken"]) == 1 and after < before - 0.3


@claim("pretraining", "over")
def too_far_lengthens_them(picture: Picture, visitor: Visitor) -> None:
    before, after = assert_stepped(picture)
    assert picture["at"]["taken"] == [100] and after > before + 0.3
    assert picture["world"]["after"] > picture["world"]["before"]
    in_return = {"ko": "대신", "en": "In return"}[visitor.mounted.context.lang]
    assert in_return not in picture["look"], "nothing was won for it"


@claim("pretraining", "heart")
def by_heart_and_others_lost(picture: Picture, visitor: Visitor) -> None:
    _, after = assert_stepped(picture)
    assert len(picture["at"]["taken"]) == 20 and after < 0.1
    assert picture["world"]["after"] > picture["world"]["before"] + 0.05
    assert len(picture["world"]["rows"]) == 10


@claim("pretraining", "road")
def the_checkpoints_are_real(picture: Picture, visitor: Visitor) -> None:
    assert picture["at"]["step"] == 3200 and picture["at"]["since"] == 200
    assert picture["bars"]["mean"] < picture["bars"]["was_mean"]
    assert [stop["step"] for stop in picture["axis"]["stops"]][:-1] == [100 * 2**n for n in range(1, 9)]


@claim("pretraining", "induction")
def a_head_appears(picture: Picture, visitor: Visitor) -> None:
    stops = {stop["step"]: stop["induction"] for stop in picture["axis"]["stops"]}
    assert stops[3200] < 0.1 and stops[6400] > stops[3200] + 0.4
    assert picture["at"]["since"] == 3200 and picture["at"]["step"] == 12800
    ids, bars = [token["id"] for token in picture["tokens"]], picture["bars"]
    again = [
        place
        for place in range(1, len(ids))
        if ids[place] in ids[:place] and ids[place - 1] in ids[: place - 1]
    ]
    assert len(again) >= 2
    assert mean(bars["now"][one - 1] for one in again) < mean(bars["was"][one - 1] for one in again) - 1
    chosen, say = picture["at"]["token"], visitor.mounted.context.words["scene.induction.say"]
    assert chosen in again and bars["now"][chosen - 1] < bars["was"][chosen - 1] - 3
    assert (
        f"‘{picture['tokens'][chosen]['piece']}’" in say
        and f"‘{picture['tokens'][chosen]['piece']}’" in picture["look"]
    )
    assert ids[:chosen].count(ids[chosen]) == 1, "it is the second one"
    assert "3,200" in say and "12,800" in say


@claim("pretraining", "zero")
def some_scores_rise_without_labels(picture: Picture, visitor: Visitor) -> None:
    curves = {curve["task"]: curve for curve in picture["zero"]["curves"]}
    choice, sentiment = curves["choice"], curves["sentiment"]
    assert choice["values"][-1] > choice["values"][0] + 0.3
    assert abs(sentiment["values"][-1]) < 0.2 and "make records" in picture["zero"]["say"]
    first = [stop["step"] for stop in picture["axis"]["stops"]].index(200)
    for curve in (choice, sentiment):
        assert all(f"**{curve['accuracy'][place]:.1f}%**" in picture["look"] for place in (first, -1))
    grammar = curves["acceptability"]
    lang, name = visitor.mounted.context.lang, visitor.mounted.context.words["task.acceptability"]
    alone = records.read("pretraining")["data"]["final"]["zero_shot"]["acceptability"][
        f"{lang} one threshold"
    ]
    assert grammar["values"][-1] > 1 and alone < grammar["tuned"] < grammar["accuracy"][-1]
    assert (
        name in visitor.mounted.context.words["ui.zero_above"] and f"{alone:.1f}" in picture["zero"]["alone"]
    )


# ---- 「용어」 ----


def hidden(picture: Picture, who: str) -> float:
    (row,) = [row for row in picture["blank"][who] if row["hidden"]]
    return row["p"]


@claim("glossary", "upstream")
def two_tasks_on_one_sentence(picture: Picture, visitor: Visitor) -> None:
    assert picture["term"] == "upstream"
    for who in ("gpt", "bert"):
        assert sum(row["p"] for row in picture["blank"][who]) == pytest.approx(1, abs=1e-5)
    assert picture["blank"]["who"] == "bert", "of two tasks, each is shown where it is at home"


@claim("glossary", "blank")
def the_right_side_tells_bert_more(picture: Picture, visitor: Visitor) -> None:
    blank, say = picture["blank"], visitor.mounted.context.words["scene.blank.say"]
    assert not re.search(r"[‘“]", say), "the words stay when the blank moves on"
    assert picture["blank"]["who"] == "bert" and hidden(picture, "bert") > 5 * hidden(picture, "gpt")
    model = models.load_masked()
    ids = model.tokenizer.encode(picture["text"])[: blank["position"] + 1]
    given = torch.tensor([[*ids[:-1], model.mask_id, 0]])
    with torch.no_grad():
        alone = model.model(given).logits[0, len(ids) - 1].softmax(-1)[ids[-1]]
    assert float(alone) < 0.5 * hidden(picture, "bert"), "it is the right side that tells it"


@claim("glossary", "masks")
def at_the_end_both_see_the_left(picture: Picture, visitor: Visitor) -> None:
    blank = picture["blank"]
    assert blank["position"] == len(blank["tokens"]) - 1
    assert hidden(picture, "gpt") > 1.25 * hidden(picture, "bert") and blank["who"] == "gpt"


@claim("glossary", "transfer")
def so_many_cells(picture: Picture, visitor: Visitor) -> None:
    n = sum(one.numel() for one in models.load("tiny-gpt2").model.parameters())
    assert picture["counts"]["n"] == n and -(-n // 10_000) == 277
    assert "277" in visitor.mounted.context.words["scene.transfer.say"]


@claim("glossary", "finetune")
def every_number_and_a_new_layer(picture: Picture, visitor: Visitor) -> None:
    counts = picture["counts"]
    assert counts["full"] == counts["n"] + 2 * counts["d"]


@claim("glossary", "prompt")
def eight_vectors(picture: Picture, visitor: Visitor) -> None:
    counts = picture["counts"]
    assert counts["prompt"] == 8 * counts["d"] < 10_000 and counts["vectors"] == 8
    assert "8" in visitor.mounted.context.words["scene.prompt.say"]


@claim("glossary", "in-context")
def without_an_example_another_answer_leads(picture: Picture, visitor: Visitor) -> None:
    few = picture["few"]
    assert few["shots"] == 0 and few["examples"] == [] and few["prompt"] == f"{few['asked']} ="
    assert not few["answers"][0]["right"] and few["relation"].endswith("category")


@claim("glossary", "shots")
def eight_examples_tell_the_answer(picture: Picture, visitor: Visitor) -> None:
    few = picture["few"]
    assert few["shots"] == len(few["examples"]) == 8 and few["kind"] == "a"
    assert few["answers"][0]["right"] and few["answers"][0]["p"] > 0.95


@claim("glossary", "rule")
def copying_does_better(picture: Picture, visitor: Visitor) -> None:
    few = picture["few"]
    assert few["kind"] == "b" and few["shots"] == 8
    (row,) = [
        row
        for row in records.read("in_context")["data"]["by_relation"]
        if (row["relation"], row["shots"]) == (few["relation"], 8)
    ]
    assert row["mean"] < row["copied"] and row["mean"] < 0.5
    category = dict(few_shot.relation_named(few["relation"]).pairs)
    for word, label in [*few["examples"], (few["asked"], few["right"])]:
        assert re.search(rf"{category[word]}\D{{1,6}}{label}\W", few["about"]), (word, label, few["about"])


@claim("glossary", "table")
def three_ways_side_by_side(picture: Picture, visitor: Visitor) -> None:
    table = picture["ways"]
    assert picture["table"] and all(row["stored"][-1] in picture["look"] for row in table["rows"])
    assert not visitor.act("set", name="term", value="fine-tuning")["table"], "a card shows one way"
    assert len(table["sentences"]) == 20 and "20" in visitor.mounted.context.words["scene.table.say"]
    assert all(row["recorded"] for row in table["rows"])
    labels = [one["label"] for one in table["sentences"]]
    assert labels.count(0) == labels.count(1)
