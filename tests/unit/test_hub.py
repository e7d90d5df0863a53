"""A model of the hub: one that was broken off goes on, and one that cannot be had is asked for once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from app.errors import ModelError
from app.models import hub

WHOLE = ("config.json", "tokenizer.json", "model.safetensors")
OLDER = ("config.json", "vocab.json", "merges.txt", "model.safetensors")


def lay(folder: Path, names: tuple[str, ...]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text("{}")
    return folder


@pytest.fixture
def cache(tmp_path: Path, monkeypatch) -> tuple[Path, list[bool], Callable]:
    """(what lies in the cache, for each asking of the hub whether only for what is there, what it does)."""
    asked, does = [], {"download": lambda: lay(tmp_path / "snapshot", WHOLE)}

    def download(hub_id: str, local_files_only: bool = False, **how) -> str:
        asked.append(local_files_only)
        if not local_files_only:
            does["download"]()
        return str(tmp_path / "snapshot")

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    monkeypatch.setattr(hub, "_failures", {})
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    return lay(tmp_path / "snapshot", ()), asked, does


@pytest.mark.parametrize("names", [WHOLE, OLDER])
def test_what_is_whole_is_taken_from_the_cache(cache, names):
    folder, asked, _ = cache
    lay(folder, names)
    assert hub.fetch("some/model") == folder and asked == [True]


@pytest.mark.parametrize(("names", "missing"), [(names, gone) for names in (WHOLE, OLDER) for gone in names])
def test_a_download_that_was_broken_off_goes_on_at_the_next_try(cache, monkeypatch, names, missing):
    """The hub's library gives the folder of such a one as if it were all there."""
    folder, asked, _ = cache
    lay(folder, tuple(name for name in names if name != missing))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError) as raised:
        hub.fetch("some/model")
    assert raised.value.code == "model_offline" and asked == [True]
    monkeypatch.delenv("HF_HUB_OFFLINE")
    assert hub.fetch("some/model") == folder and asked == [True, True, False]


@pytest.mark.parametrize(
    ("index", "parts", "whole"),
    [
        (
            {"weight_map": {"a": "1.safetensors", "b": "2.safetensors"}},
            ("1.safetensors", "2.safetensors"),
            True,
        ),
        ({"weight_map": {"a": "1.safetensors", "b": "2.safetensors"}}, ("1.safetensors",), False),
        ({"weight_map": []}, ("1.safetensors",), False),
        ([], ("1.safetensors",), False),
        ("cut off", ("1.safetensors",), False),
    ],
)
def test_weights_in_parts_are_whole_when_all_parts_are_there(tmp_path, index, parts, whole):
    folder = lay(tmp_path, ("config.json", "tokenizer.json", *parts))
    told = json.dumps(index) if index != "cut off" else '{"weight_map": {'
    (folder / "model.safetensors.index.json").write_text(told)
    assert hub.is_whole(folder) is whole


def test_a_file_that_the_cache_only_points_to_is_not_there(tmp_path):
    folder = lay(tmp_path, ("config.json", "tokenizer.json"))
    (folder / "model.safetensors").symlink_to(tmp_path / "blob that never came")
    assert not hub.is_whole(folder)


def test_a_hub_that_cannot_be_reached_is_asked_once_for_one_press(cache, monkeypatch):
    """News of the loading and the answer both ask for the model; the second must not wait for the network."""
    folder, asked, does = cache

    def unreachable():
        raise ConnectionError("no route")

    does["download"] = unreachable
    now = [100.0]
    monkeypatch.setattr(hub.time, "monotonic", lambda: now[0])
    for _ in range(2):
        with pytest.raises(ModelError) as raised:
            hub.fetch("some/model")
        assert raised.value.code == "model_unavailable" and raised.value.details == {"name": "some/model"}
    assert asked.count(False) == 1
    with pytest.raises(ModelError):
        hub.fetch("another/model")
    assert asked.count(False) == 2, "it is one model that could not be had"
    now[0] += hub.TRIED_JUST_NOW + 0.1
    does["download"] = lambda: lay(folder, WHOLE)
    assert hub.fetch("some/model") == folder, "a press after that tries again"
