"""What a link may say: each field by type and range, everything else dropped and told."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

import pytest

from app.errors import InputError
from app.links import (
    SHARED_NAMES,
    Codec,
    accept_all,
    choice,
    codecs,
    flag,
    integer,
    is_foreign,
    number,
    read_fields,
    sliders,
    unlinked,
    words,
    write_fields,
)
from app.payload import Payload
from lessons import LESSONS
from lessons.next_token.state import MAX_PATH, Choice, State, read_choices, write_choices


@dataclass(frozen=True)
class Knobs:
    """One field of each kind, and one that is never in a link."""

    heat: float = field(default=0.8, metadata=number(0.1, 2.0))
    count: int = field(default=7, metadata=integer(-5, 100))
    on: bool = field(default=False, metadata=flag())
    kind: str = field(default="sample", metadata=choice("greedy", "sample"))
    secret: str = "kept"


GOOD = [
    ("heat", "0.1", 0.1),
    ("heat", "2", 2.0),
    ("heat", "1e-1", 0.1),
    ("heat", "0.123456789", 0.123456789),
    ("count", "-5", -5),
    ("count", "0", 0),
    ("count", "100", 100),
    ("count", "007", 7),
    ("on", "1", True),
    ("on", "0", False),
    ("kind", "greedy", "greedy"),
]
BAD = [
    *(("heat", text) for text in ("", " ", "warm", "nan", "NaN", "inf", "-inf", "1e999", "0.0999", "2.0001")),
    *(("heat", text) for text in ("-1", "0x1", "1,5", "١", "１", "0_1.5", "1" * 500, "[1]", "None", "True")),
    *(("count", text) for text in ("", "1.0", "1.5", "1e1", "+1", "--1", "-", "101", "-6", "9" * 5000)),
    *(("count", text) for text in ("٣", "³", "１", " 1", "1 ", "1_0", "0x1", "nan", "true", "1;2")),
    *(("on", text) for text in ("", "2", "-1", "true", "True", "on", "01", "１")),
    *(("kind", text) for text in ("", "Greedy", "beam", " greedy", "greedy\n")),
]


@pytest.mark.parametrize(("name", "text", "value"), GOOD)
def test_what_fits_is_read(name, text, value):
    assert read_fields(Knobs, {name: text}) == ({name: value}, [])
    assert type(read_fields(Knobs, {name: text})[0][name]) is type(value)


@pytest.mark.parametrize(("name", "text"), BAD, ids=lambda value: ascii(value[:20]))
def test_what_does_not_fit_is_dropped_and_told(name, text):
    """The good field beside it stays."""
    other = "on" if name != "on" else "kind"
    good = {"on": "1", "kind": "greedy"}[other]
    fields, dropped = read_fields(Knobs, {name: text, other: good})
    assert set(fields) == {other}
    assert dropped == [name]


@pytest.mark.parametrize(
    "name", ["colour", "secret", "Heat", "heat ", "", "_", "_heat", "heat__", "<script>"]
)
def test_unknown_names_are_dropped_and_told(name):
    """A field without a codec cannot be set from outside either."""
    assert read_fields(Knobs, {name: "1"}) == ({}, [name])


FOREIGN_NAMES = [
    "__theme",
    "__sign",
    "__",
    "fbclid",
    "gclid",
    "gbraid",
    "msclkid",
    "utm_source",
    "utm_",
    "_ga",
]
FOREIGN_NAMES += ["igshid", "mc_cid", "ref", "n_media", "n_keyword_id", "gad_source"]


def test_no_field_of_ours_has_a_foreign_name():
    for lesson in LESSONS:
        assert not [name for name in (*codecs(lesson.State), *SHARED_NAMES) if is_foreign(name)], lesson.id


@pytest.mark.parametrize(
    "name", ["text", "utm", "my__x", "clidx", "_", "refs", "n_", "n_layer", "fbclid\n", "ütm_x"]
)
def test_what_only_looks_foreign_is_not(name):
    assert not is_foreign(name)


@pytest.mark.parametrize("name", [*SHARED_NAMES, *FOREIGN_NAMES])
def test_names_of_the_page_and_the_platform_are_passed_over_in_silence(name):
    assert read_fields(Knobs, {name: "1"}) == ({}, [])


def test_only_fields_with_a_codec_take_part():
    assert set(codecs(Knobs)) == {"heat", "count", "on", "kind"}
    assert all(isinstance(codec, Codec) for codec in codecs(Knobs).values())


def test_a_link_holds_what_differs_and_nothing_else():
    base = Knobs(count=3)
    assert write_fields(base, base) == {}
    assert write_fields(replace(base, secret="other"), base) == {}
    assert write_fields(Knobs(heat=0.5, on=True), base) == {"heat": "0.5", "count": "7", "on": "1"}


def test_what_was_written_is_read_again():
    """Over many states: the link on top of its base is the state, to the last digit."""
    generator = random.Random(0)
    for _ in range(500):
        state, base = (
            Knobs(
                heat=generator.choice([0.1, 2.0, 1.0, 1 / 3, generator.uniform(0.1, 2.0)]),
                count=generator.randint(-5, 100),
                on=generator.random() < 0.5,
                kind=generator.choice(["greedy", "sample"]),
            )
            for _ in range(2)
        )
        fields, dropped = read_fields(Knobs, write_fields(state, base))
        assert replace(base, **fields) == state
        assert not dropped


# ---- the tokens after the text: `ids=12,7!,9@4` ----


def test_the_notation_of_tokens():
    """`!` by hand; a drawn token counts on from the one drawn before, unless `@` names its random number."""
    choices = (Choice(12, 0), Choice(7, None), Choice(9, 4), Choice(3, 5), Choice(8, 2))
    assert read_choices("12,7!,9@4,3,8@2") == choices
    assert write_choices(choices) == "12,7!,9@4,3,8@2"
    assert read_choices("") == () and write_choices(()) == ""


def test_any_path_survives_a_link():
    generator = random.Random(1)
    for _ in range(300):
        choices = tuple(
            Choice(generator.randrange(60_000), generator.choice([None, place, generator.randrange(9_999)]))
            for place in range(generator.randrange(MAX_PATH + 1))
        )
        written = write_choices(choices)
        assert read_choices(written) == choices
        assert written.isascii() and " " not in written
        assert read_fields(State, {"ids": written}) == ({"ids": choices}, [])


BAD_IDS = [
    "a",
    "1,",
    ",1",
    "1,,2",
    "-5!",
    "1.5",
    "1@",
    "@4",
    "1@-1",
    "1!@4",
    "1@4!",
    "1 2",
    "1, 2",
    "1;2",
    "!",
    "³",
]
BAD_IDS += ["٣", "１", "12345678", "1@12345678", "9" * 5000, "1@" + "9" * 5000, "NaN", "None"]
BAD_IDS += [",".join(["1"] * (MAX_PATH + 1)), "1@1000000"]


@pytest.mark.parametrize("text", BAD_IDS, ids=lambda text: text[:16])
def test_what_is_no_list_of_tokens_is_dropped(text):
    """The last one is a random number so far off that all before it would cost memory and time."""
    assert read_fields(State, {"ids": text}) == ({}, ["ids"])


def test_a_link_of_the_lesson_cannot_set_what_is_the_scenes_or_the_pages():
    query = {
        "chosen": "그",
        "presses": "3",
        "guess": "x",
        "history": "1",
        "cache": "1",
        "step": "1",
        "answers": "1",
    }
    assert read_fields(State, query) == ({}, list(query))


# ---- the same table for scenes, payloads and sliders ----


@dataclass(frozen=True)
class Told(Knobs):
    """As Knobs, with fields that only a scene sets, one with stops, one read as in a link."""

    steps: int = field(default=0, metadata=integer(0, 100, stops=(0, 1, 50)))
    presses: int = field(default=0, metadata=unlinked(integer(0, 4)))
    chosen: tuple[str, ...] = field(default=(), metadata=words(2, 3))
    ids: tuple = field(default=(), metadata={"link": Codec(read_choices, write_choices)})


ACCEPTED = [
    *(("heat", 0.5, 0.5), ("heat", 2, 2.0), ("count", -5, -5), ("count", 7.0, 7), ("on", True, True)),
    *(
        ("kind", "greedy", "greedy"),
        ("steps", 50, 50),
        ("presses", 4, 4),
        ("chosen", ["그", "곳"], ("그", "곳")),
    ),
    ("ids", "12!", (Choice(12, None),)),
]
REFUSED = [
    *(("heat", value) for value in ("0.5", 2.1, 0, True, None, float("nan"), float("inf"), [0.5])),
    *(("count", value) for value in ("8", 500, 1.5, True, None, float("nan"), float("inf"), {})),
    *(("on", value) for value in (1, 0, "1", "true", None)),
    *(("kind", value) for value in ("beam", 1, None, ["greedy"])),
    *(("steps", value) for value in (2, 101, "1")),
    *(("presses", value) for value in (-1, 5, "2")),
    *(("chosen", value) for value in ("그", ["네 글자로"], [""], [1], ["a", "b", "c"], None)),
    *(("ids", value) for value in ([12], 12, "x")),
    *(("secret", "kept"), ("nothing", 1), ("__class__", 1)),
]


@pytest.mark.parametrize(("name", "given", "value"), ACCEPTED)
def test_scenes_and_payloads_give_what_fits(name, given, value):
    for taken in (accept_all(Told, {name: given})[name], Payload({name: given}).field(name, Told)):
        assert taken == value and type(taken) is type(value)


@pytest.mark.parametrize(("name", "given"), REFUSED, ids=str)
def test_scenes_and_payloads_give_nothing_else(name, given):
    with pytest.raises(ValueError, match=name):
        accept_all(Told, {name: given})
    with pytest.raises(InputError) as raised:
        Payload({name: given}).field(name, Told)
    assert raised.value.code == "not_understood"


def test_a_payload_may_call_a_field_otherwise():
    assert Payload({"value": 1.5}).field("value", Told, "heat") == 1.5
    with pytest.raises(InputError):
        Payload({}).field("value", Told, "heat")


def test_a_slider_knows_the_same_range():
    assert sliders(Told) == {
        "heat": {"low": 0.1, "high": 2.0, "step": None},
        "count": {"low": -5, "high": 100, "step": 1},
        "steps": {"low": 0, "high": 100, "step": 1, "stops": [0, 1, 50]},
    }


def test_a_link_says_nothing_of_what_is_a_scene_s_alone():
    assert read_fields(Told, {"presses": "1", "chosen": "a"}) == ({}, ["presses", "chosen"])


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.id)
def test_the_defaults_and_the_scenes_of_a_lesson_fit(lesson):
    assert accept_all(lesson.State, {name: getattr(lesson.State(), name) for name in sliders(lesson.State)})
    for scene in lesson.scenes:
        own = {name: value for name, value in scene.state.items() if name not in ("text", "model")}
        assert set(accept_all(lesson.State, own)) == set(own)
        assert isinstance(scene.state.get("text", ""), str) and isinstance(scene.state.get("model", ""), str)


@pytest.mark.parametrize("window", ["8", 500])
def test_a_scene_with_a_value_that_does_not_fit_is_told(window):
    with pytest.raises(ValueError, match="top_k"):
        accept_all(State, {"top_k": window})
