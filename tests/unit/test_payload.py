"""Lists of whole numbers from a browser: what is none, or too long, is one sentence."""

import math

import pytest

from app.errors import InputError
from app.payload import Payload


@pytest.mark.parametrize(
    ("sent", "most"),
    [
        ([], (3,)),
        ([0, 7, 7], (3,)),
        ([[1, 2], [], [3]], (3, 2)),
        ([[[1], [2, 3]], [[4]]], (2, 2, 2)),
    ],
)
def test_lists_come_as_they_are(sent: list, most: tuple[int, ...]):
    found = Payload({"a": sent}).wholes("a", most, 7)
    assert found == sent and found is not sent


@pytest.mark.parametrize(
    ("sent", "most"),
    [
        (None, (3,)),
        (1, (3,)),
        ("123", (3,)),
        ({}, (3,)),
        ({"0": 1, "length": 1}, (3,)),
        ([1, 2, 3, 4], (3,)),
        ([8], (3,)),
        ([-1], (3,)),
        ([1.0], (3,)),
        ([True], (3,)),
        ([None], (3,)),
        (["1"], (3,)),
        ([math.nan], (3,)),
        ([[1]], (3,)),
        ([1], (3, 3)),
        ([[1, 2, 3]], (3, 2)),
        ([[1], "2"], (3, 2)),
        ([[[1]]], (3, 2)),
    ],
    ids=str,
)
def test_what_is_no_such_list_is_not_understood(sent, most: tuple[int, ...]):
    with pytest.raises(InputError, match="not_understood"):
        Payload({"a": sent}).wholes("a", most, 7)
    with pytest.raises(InputError, match="not_understood"):
        Payload({}).wholes("a", most, 7)
