"""Every sentence, number and token of 「GPT란?」, computed another way after each step of a walk.

What a learner has chosen is read from her link, probabilities come from `transformers`, on untrained models.
"""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from app import i18n, links, models
from app.languages import CODES
from app.lesson import Page
from app.models.registry import EMBEDDED
from app.views.tokens import visible
from lessons.next_token import preview
from lessons.next_token.lesson import LESSON
from lessons.next_token.state import TOP_K_STOPS, State, read_choices, write_choices
from tests.mounted import Mounted, Visitor, tiny_registry
from tests.reference import after_filters, values_in

N_CTX = 24
MODELS = ("tiny-gpt1", "tiny-gpt2")


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    with tiny_registry(tmp_path_factory.mktemp("words"), n_ctx=N_CTX) as registry:
        yield registry


@pytest.fixture(scope="module")
def pages(registry) -> dict[str, Mounted]:
    return {lang: Mounted(LESSON, LESSON.stage, registry, lang) for lang in CODES}


def percent(p: float, digits: int = 1) -> str:
    return f"{100 * p:.{digits}f}%" if p == 0 or round(100 * p, digits) > 0 else f"<{10**-digits:.{digits}f}%"


class Walker:
    """A learner whose every picture is checked."""

    def __init__(self, page: Mounted, registry, model: str, text: str = "나는 오늘"):
        self.visitor = Visitor(page)
        self.words = page.context.words
        self.loaded = models.load(registry.spec(model))
        self.visitor.enter(f"text={text}&model={model}")
        self.before: list[int] | None = None
        self.check()

    def act(self, type_: str, **payload) -> dict:
        picture = self.visitor.act(type_, **payload)
        assert not picture["notice"]
        self.check()
        return picture

    def said(self, key: str, **values) -> str:
        return i18n.fill(self.words[key], **values)

    # -- what is on show, from the link alone

    @property
    def picture(self) -> dict:
        return self.visitor.picture

    @property
    def choices(self) -> list[tuple[int, int | None]]:
        found, following = [], 0
        for one in filter(None, self.picture["link"].get("ids", "").split(",")):
            if one.endswith("!"):
                found.append((int(one[:-1]), None))
                continue
            token_id, _, index = one.partition("@")
            following = int(index) if index else following
            found.append((int(token_id), following))
            following += 1
        return found

    @property
    def pending(self) -> bool:
        return bool(self.choices) and self.picture["link"].get("landed") != "1"

    @property
    def prompt(self) -> list[int]:
        return self.loaded.tokenizer.encode(self.picture["text"])

    @property
    def input(self) -> list[int]:
        return [*self.prompt, *(token_id for token_id, _ in self.choices[: len(self.choices) - self.pending])]

    def p(self, ids: list[int]) -> torch.Tensor:
        with torch.no_grad():
            return self.loaded.model(torch.tensor([ids[-N_CTX:]])).logits[0, -1].double().softmax(-1)  # (V,)

    def left(self) -> dict[int, float]:
        knobs = self.picture["knobs"]
        return after_filters(self.p(self.input), knobs["temperature"], knobs["top_k"], knobs["top_p"])

    def reads(self, token_id: int, context: list[int] | None = None) -> str:
        if token_id == self.loaded.eot_id:
            return self.words["special.end"]
        shown = self.loaded.tokenizer.candidates(self.input if context is None else context, [token_id])[0]
        return visible(shown.piece.strip(" ") or " ")

    # -- the checks

    def check(self) -> None:
        self.check_strip()
        self.check_bars()
        self.check_say()
        self.check_look()
        self.check_notes()
        self.check_tree()

    def check_strip(self) -> None:
        picture, ids, choices = self.picture, self.input, self.choices
        shown = picture["tokens"]
        assert [token["id"] for token in shown] == ids[-12:]
        assert picture["offset"] == max(0, len(ids) - 12)
        by_hand = [False] * len(self.prompt) + [index is None for _, index in choices]
        assert [token["by_hand"] for token in shown] == by_hand[: len(ids)][-12:]
        assert (picture["n_input"], picture["n_typed"]) == (len(ids), len(self.prompt))
        assert (picture["n_context"], picture["n_ctx"]) == (min(len(ids), N_CTX), N_CTX)
        dropped = max(0, len(ids) - N_CTX)
        assert picture["n_dropped"] == dropped
        note = "window.full" if dropped else "window.free"
        assert picture["window_note"] == self.said(note, dropped=dropped, all=N_CTX)
        drawn = picture["drawn"]
        assert bool(drawn) == self.pending
        if drawn:
            assert (drawn["id"], drawn["by_hand"]) == (choices[-1][0], choices[-1][1] is None)
            label = self.words["special.end"] if drawn["id"] == self.loaded.eot_id else ""
            assert drawn["label"] == label
        ended = self.pending and choices[-1][0] == self.loaded.eot_id
        assert picture["ended"] is ended and picture["hidden"] is (picture["link"].get("hidden") == "1")
        assert picture["ids"] == picture["link"].get("ids", "")
        text = "".join((" " if token["space"] else "") + token["piece"] for token in shown).strip()
        output = self.said("alt.strip_drawn", piece=drawn["piece"]) if drawn else ""
        assert picture["alt"]["strip"] == self.said("alt.strip", input=text, output=output).strip()

    def check_bars(self) -> None:
        picture, before, left = self.picture, self.p(self.input), self.left()
        *single, rest = picture["rows"]
        assert rest["rest"] == self.loaded.vocab_size - len(single) and len(single) == 9
        for row in single:
            assert row["before"] == pytest.approx(before[row["id"]].item(), rel=1e-3, abs=1e-9)
            assert row["after"] == pytest.approx(left.get(row["id"], 0.0), rel=1e-3, abs=1e-7)
            assert (row["cut"] == "") == (row["id"] in left)
        drawn = picture["drawn"]
        hit = next((n for n, row in enumerate(single) if drawn and row["id"] == drawn["id"]), -1)
        assert picture["hit"] == hit and (hit >= 0) == bool(drawn)
        guess = self.guessed()
        assert [row["id"] for row in single if row["guess"]] == ([guess[0]] if guess else [])
        best = next(iter(left))
        told = self.said("alt.distribution", best=self.reads(best), best_p=percent(left[best]))
        assert picture["alt"]["distribution"] == ("" if picture["hidden"] else told)

    def guessed(self) -> tuple[int, float, int] | None:
        """The guess's first token, the probability of all of them in a row, the rank of the first from 1."""
        guess = self.picture["keep"].get("guess")
        if not guess or self.picture["hidden"]:
            return None
        context, whole = self.input, 1.0
        ids = self.loaded.tokenizer.encode(" " + guess)
        rank = 1 + int((self.p(context) > self.p(context)[ids[0]]).sum())
        for token_id in ids:
            whole *= self.p(context)[token_id].item()
            context = [*context, token_id]
        return ids[0], whole, rank

    def check_say(self) -> None:
        picture, choices = self.picture, self.choices
        if picture["ended"]:
            expected = self.words["say.ended"]
        elif self.pending:
            key = "say.by_hand" if choices[-1][1] is None else "say.drawn"
            expected = self.said(key, n=len(self.input) + 1, piece=picture["drawn"]["piece"])
        elif choices:
            piece = self.reads(self.input[-1], self.input[:-1])
            expected = self.said("say.landed", piece=piece, n=min(len(self.input), N_CTX))
        else:
            expected = self.words["say.none"]
        assert picture["say"] == expected

    def check_look(self) -> None:
        """Which sentence it is, and every value in it."""
        picture, left, choices = self.picture, self.left(), self.choices
        best = next(iter(left))
        first = {"best": self.reads(best), "best_p": percent(left[best])}
        guess = self.guessed()
        here = self.reads(choices[-1][0]) if self.pending else ""
        dropped, saved = max(0, len(self.input) - N_CTX), picture["kv_saved"]
        if picture["hidden"]:
            key, expected = "hidden", {}
        elif guess:
            rank, vocabulary = f"{guess[2]:,}", f"{self.loaded.vocab_size:,}"
            key, expected = "guess", {"guess": picture["keep"]["guess"].strip(), "p": percent(guess[1])}
            expected |= {"piece": self.reads(guess[0]), "rank": rank, "vocabulary": vocabulary}
        elif dropped and not saved:
            key, expected = "window", {"all": f"{N_CTX}", "dropped": f"{dropped}"}
        elif not self.pending:
            key, expected = "none", first
        elif choices[-1][1] is None:
            p = self.p(self.input)[choices[-1][0]].item()
            key, expected = "by_hand", {"piece": here, "before": percent(p)}
        else:
            seed, index = picture["knobs"]["seed"], choices[-1][1]
            stream = torch.rand(index + 1, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
            u = stream[-1].item()
            ends = list(itertools.accumulate(left.values()))
            now = next(token_id for token_id, end in zip(left, ends, strict=True) if u < end)
            place = list(left).index(now)
            low = ends[place - 1] if place else 0.0
            if now != choices[-1][0]:
                key, expected = "turned", {"piece": here, "now": self.reads(now)}
                assert picture["u"] is None
            else:
                key, expected = ("first", {}) if now == best else ("other", {**first, "piece": here})
                expected |= {"u": f"{u:.3f}"}
                expected |= {"span": f"{low:.2f}–{ends[place]:.2f}"} if now != best else {}
                assert picture["u"] == u
        assert values_in(self.words[f"look.{key}"], picture["look"]) == expected, key

    def check_notes(self) -> None:
        picture, knobs = self.picture, self.picture["knobs"]
        heat, off = knobs["temperature"], self.words["ui.off"]
        key = "note.plain" if heat == 1 else "note.hot" if heat > 1 else "note.cold"
        by_k = after_filters(self.p(self.input), heat, knobs["top_k"], 1.0)
        kept = {"top_k": (self.loaded.vocab_size, len(by_k)), "top_p": (len(by_k), len(self.left()))}
        assert picture["notes"] == {"temperature": self.words[key]} | {
            name: self.said("note.kept", all=f"{n_all:,}", kept=f"{n_kept:,}")
            for name, (n_all, n_kept) in kept.items()
        }
        assert picture["knobs_line"] == self.said(
            "knobs_line",
            temperature=f"{heat:g}",
            top_k=knobs["top_k"] or off,
            top_p=off if knobs["top_p"] == 1 else f"{knobs['top_p']:g}",
        )
        text = self.loaded.tokenizer.decode(self.input)[-40:].strip()
        assert picture["cover"] == self.said("cover", text=text)
        reused = min(len(self.input), N_CTX) - picture["kv_fresh"]
        width, layers = 24, 2
        assert picture["kv_saved"] == 2 * layers * width * reused >= 0
        numbers = {"reused": reused, "layers": layers, "width": width, "computed": picture["kv_fresh"]}
        saved = f"{picture['kv_saved']:,}"
        assert picture["cache_now"] == self.said("cache_now", saved=saved, **numbers)
        assert picture["board_note"] == self.words["board_note"]

    def check_tree(self) -> None:
        """Every branch ever tried is kept; those in view have the probabilities of their tokens."""
        kept, tree = self.picture["keep"]["tree"], self.picture["tree"]
        ends = set(range(len(kept))) - {parent for parent, *_ in kept}
        assert tree["paths"] == len(ends)
        assert self.picture["alt"]["tree"] == self.said("alt.tree", n=len(ends))

        def path(index: int | None) -> list[int]:
            return [] if index is None else [*path(kept[index][0]), index]

        here = next(
            index for index in [None, *range(len(kept))] if [kept[n][1:] for n in path(index)] == self.link()
        )
        top = path(here)[-3] if len(path(here)) > 2 else None
        below = [n for n in range(len(kept)) if top is None or top in path(n)]
        in_view = [node for node in tree["nodes"] if node["leaf"]]
        near = [n for n in below if len(path(n)) - len(path(top)) <= 2]
        leaves = [n for n in near if n in ends or len(path(n)) - len(path(top)) == 2] or [top]
        assert len(in_view) == min(6, len(leaves)) and tree["hidden_paths"] == len(leaves) - len(in_view)
        assert tree["nodes"][0]["index"] == top
        text = self.loaded.tokenizer.decode([*self.prompt, *(kept[n][1] for n in path(top))][:-1])
        assert tree["before"] == text[-24:].strip()
        for node in tree["nodes"]:
            index = node["index"]
            branch = [*self.prompt, *(kept[n][1] for n in path(index))]
            assert node["id"] == branch[-1]
            assert node["on"] == (index is None or index in path(here))
            assert node["now"] == (index == here and index is not None)
            assert node["depth"] == len(path(index)) - len(path(top)) and node["leaf"] == (index in leaves)
            if index is None:
                assert (node["p"], node["path_p"]) == (1.0, None)
                continue
            each = [
                self.p(branch[: len(self.prompt) + n])[branch[len(self.prompt) + n]].item()
                for n in range(len(path(index)))
            ]
            assert node["p"] == pytest.approx(each[-1], rel=1e-3)
            if len(branch) <= N_CTX:
                assert node["path_p"] == pytest.approx(math.prod(each), rel=1e-2)

    def link(self) -> list[list[int | None]]:
        return [list(one) for one in self.choices]


@pytest.mark.parametrize("lang", CODES)
@pytest.mark.parametrize("model", MODELS)
def test_a_walk_with_every_sentence(pages, registry, lang, model):
    walker = Walker(pages[lang], registry, model)
    for _ in range(3):
        walker.act("draw")
    for knob, value in (("top_k", 0), ("top_p", 1), ("temperature", 2), ("seed", 4)):
        walker.act("knob", knob=knob, value=value)
    for _ in range(2):
        walker.act("draw")
    walker.act("undo")
    walker.act("undo")
    walker.act("go", node=0)
    walker.act("pick", id=40)
    walker.act("hide", on=True)
    walker.act("guess", text=" 그 곳에 ")
    walker.act("draw")
    walker.act("knob", knob="temperature", value=1)
    walker.act("knob", knob="top_k", value=3)
    walker.act("undo")
    walker.act("pick", id=41)
    walker.act("pick", id=42)
    walker.act("go", node=None)
    for token_id in range(43, 50):  # more branches than there are rows
        walker.act("pick", id=token_id)
    walker.act("pick", id=walker.loaded.eot_id)
    walker.act("draw")
    assert not walker.choices, "the text starts over"


def test_what_is_said_of_pieces_and_of_the_world_have_each_their_place(pages, monkeypatch):
    monkeypatch.setattr("lessons.next_token.figures.outside", lambda context, page: "of the world")
    monkeypatch.setattr("lessons.next_token.figures.explained", lambda tokens, words: "of pieces")
    picture = Visitor(pages["ko"]).enter("text=나는 오늘 친구와&model=tiny-gpt2")
    assert (picture["pieces"], picture["outside"]) == ("of pieces", "of the world")


@pytest.mark.parametrize("model", MODELS)
def test_a_walk_past_the_end_of_the_window(pages, registry, model):
    words, text = itertools.cycle(["오늘", "그", "곳에", "간다", "the", "dog", "나는", "그"]), "나는"
    while len(models.load(registry.spec(model)).tokenizer.encode(text)) < N_CTX - 4:
        text += f" {next(words)}"
    walker = Walker(pages["en"], registry, model, text)
    while len(walker.input) <= N_CTX:
        walker.act("pick", id=40 + len(walker.input) % 9)
        walker.act("hide", on=True)
        walker.act("hide", on=False)
    walker.act("draw")
    walker.act("draw")


@pytest.mark.parametrize("lang", CODES)
def test_the_three_ways_of_decoding(pages, registry, lang):
    """Greedy takes the likeliest each time; the probability of a text is the product of its tokens'."""
    walker = Walker(pages[lang], registry, "tiny-gpt2")
    rows = walker.act("compare", on=True)["compare"]
    words = walker.words
    methods = ("greedy", "sample", "beam")
    assert [(row["name"], row["about"]) for row in rows] == [
        (words[f"compare.{method}"], words[f"compare.{method}_about"]) for method in methods
    ]
    for row in rows:
        context, whole = walker.input, 1.0
        assert 1 <= len(row["tokens"]) <= 8
        for token in row["tokens"]:
            p = walker.p(context)
            assert token["p"] == pytest.approx(p[token["id"]].item(), rel=1e-3)
            if row is rows[0]:
                assert token["id"] == int(p.argmax())
            assert (token["label"] or token["piece"]) == walker.reads(token["id"], context)
            whole *= token["p"]
            context = [*context, token["id"]]
        assert row["p"] == percent(whole, 2)
    probabilities = [math.prod(token["p"] for token in row["tokens"]) for row in rows]
    assert probabilities[2] >= 0.99 * probabilities[0], "four paths find no worse text than one"
    assert walker.act("compare", on=False)["compare"] is None


@pytest.mark.parametrize("lang", CODES)
def test_the_answers_tell_their_numbers(pages, registry, lang):
    walker = Walker(pages[lang], registry, "tiny-gpt2")
    walker.act("draw")
    p = walker.p(walker.input)
    heat = walker.picture["knobs"]["temperature"]
    now, cold = (after_filters(p, one, 0, 1.0) for one in (heat, 0.2))
    best = int(p.argmax())
    following = walker.p([*walker.input, best])
    expected = {
        "cold": {"now": percent(now[best]), "cold": percent(cold[best])},
        "single": {"distinct": "1", "pieces": f"‘{walker.reads(best)}’"},
    }
    for name, values in expected.items():
        picture = walker.act("answer", id=name, answer=1)
        question = next(one for one in picture["questions"] if one["id"] == name)
        found = values_in(walker.words[f"guess.{name}.answer"], question["answer"])
        assert found == {key: values[key] for key in found}
        asked = values_in(walker.words[f"guess.{name}.ask"], question["ask"])
        assert asked == ({"best": walker.reads(best)} if asked else {})
    picture = walker.act("answer", id="likelier", answer=0)
    question = next(one for one in picture["questions"] if one["id"] == "likelier")
    first = walker.reads(int(following.argmax()), [*walker.input, best])
    assert f"{first} {percent(following.max().item())}" in question["answer"]
    assert question["options"][int(question["right"])] == first
    assert values_in(walker.words["guess.likelier.ask"], question["ask"]) == {"best": walker.reads(best)}
    assert walker.act("hide", on=True)["questions"] == [], "they would tell what is covered"


# ---- what a browser keeps, and what stands in a link ----


def test_a_kept_tree_comes_back_whole(pages, registry):
    """Also a branch that grew from the newest node, and the guess and the fold with it."""
    walker = Walker(pages["ko"], registry, "tiny-gpt2")
    for token_id in (40, 41, 42):
        walker.act("pick", id=token_id)
        walker.act("hide", on=True)
    walker.act("go", node=0)
    walker.act("pick", id=50)
    walker.act("compare", on=True)
    kept = walker.act("guess", text="그 곳에")["keep"]
    assert kept["tree"] == [[None, 40, None], [0, 41, None], [1, 42, None], [None, 50, None]]
    other = Visitor(pages["ko"])
    picture = other.enter(walker.visitor.address(), kept=kept)
    assert sorted(node[1] for node in picture["keep"]["tree"]) == [40, 41, 42, 50]
    assert picture["tree"]["paths"] == 2 and picture["keep"]["guess"] == "그 곳에" and picture["compare"]
    for key in ("look", "say", "ids"):
        assert picture[key] == walker.picture[key]


@pytest.mark.parametrize(
    ("choices", "text"),
    [
        ((), ""),
        (((12, 0), (7, 1), (9, 2)), "12,7,9"),
        (((12, 3), (7, 4)), "12@3,7"),
        (((12, None), (7, 0), (5, None), (9, 1)), "12!,7,5!,9"),
        (((12, 5), (7, 5)), "12@5,7@5"),
    ],
)
def test_choices_as_a_link_writes_them(choices, text):
    assert write_choices(choices) == text
    assert read_choices(text) == choices


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("chosen", ["가" * 40] * 16, ["가" * 41]),
        ("chosen", ["x"], ["x"] * 17),
        ("presses", 16, 17),
        ("presses", 0, -1),
        ("draws", 9_999, 10_000),
        ("top_k", 100, 101),
    ],
)
def test_what_a_scene_may_ask_for(name, good, bad):
    links.accept(State, name, good)
    with pytest.raises(ValueError, match="no "):
        links.accept(State, name, bad)


def test_the_slider_of_top_k_goes_on_in_fives_after_twenty_and_ends_with_off():
    *stops, off = TOP_K_STOPS
    assert off == 0 and stops == sorted(set(stops)) and stops[:20] == list(range(1, 21))
    assert all(stop % 5 == 0 for stop in stops[20:]) and stops[-1] == 100
    assert State().top_k in stops and State().temperature < 1 and State().top_p < 1, "filters that show"


# ---- the first picture ----


@pytest.mark.parametrize("text", ["나는 오늘", "나는 오늘 그 곳에 간다. I like the small dog."])
@pytest.mark.parametrize("lang", CODES)
def test_the_first_picture_is_the_full_one_without_its_numbers(pages, registry, lang, text):
    context = pages[lang].context
    state = State(temperature=1.5, top_k=3, top_p=0.5, seed=9)
    first = preview.draw(context, Page(text, EMBEDDED[0]), state)
    visitor = Visitor(pages[lang])
    full = visitor.enter(f"text={text}&temperature=1.5&top_k=3&top_p=0.5&seed=9&model={EMBEDDED[0]}")
    same = (
        "offset",
        "n_input",
        "n_typed",
        "knobs",
        "board_note",
        "drawn",
        "u",
        "hit",
        "hidden",
        "ended",
        "grown",
        "compare",
    )
    assert {name: first[name] for name in same} == {name: full[name] for name in same}
    assert [token["id"] for token in first["tokens"]] == [token["id"] for token in full["tokens"]]
    assert first["n_context"] == first["n_input"] and first["n_dropped"] == 0
    words = context.words
    assert (first["say"], first["look"]) == (words["say.preview"], words["look.preview"])
    assert first["rows"] == [] and first["tree"] is None and first["notes"] == {}
    empty = ("window_note", "cover", "knobs_line", "cache_now")
    assert [first[name] for name in empty] == [""] * len(empty) and set(first["alt"].values()) == {""}
    assert (first["n_ctx"], first["kv_saved"], first["kv_fresh"]) == (None, None, 0)


def test_the_first_picture_of_a_model_whose_tokenizer_may_be_far_away_has_no_tokens(pages):
    context = pages["ko"].context
    hub = next(name for name in context.registry.names if context.registry.spec(name).source == "hub")
    first = preview.draw(context, Page("나는 오늘", hub), State())
    assert first["tokens"] == [] and (first["n_input"], first["offset"]) == (0, 0)
