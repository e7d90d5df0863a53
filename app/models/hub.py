"""A model of the Hugging Face hub as a local folder: from the cache when it is there, else downloaded."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from app.errors import ModelError

Progress = Callable[[float | None, str], None]  # (fraction done or None when unknown, stage)

# Weights as safetensors only: no pickle is ever downloaded, let alone loaded.
FILES = [
    "config.json",
    "tokenizer*.json",
    "vocab.json",
    "merges.txt",
    "*.safetensors",
    "*.safetensors.index.json",
]

TRIED_JUST_NOW = (
    3.0  # seconds in which a failure is told again without asking: the page asks twice for one press
)
_failures: dict[str, tuple[float, ModelError]] = {}  # {hub id: (when, what was told)}


def is_offline() -> bool:
    """Whether the network must not be touched. Read at each call: the hub's own constant is fixed at its
    import.
    """
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")


def fetch(hub_id: str, progress: Progress | None = None) -> Path:
    """Folder with the files of `hub_id`. Stage "download" is reported with the fraction of bytes.

    Raises:
        ModelError: "model_offline" (not in the cache, and the network may not be used), "model_not_found" (no
            such public model) or "model_unavailable" (no network, or the hub does not answer).
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    try:
        folder = Path(snapshot_download(hub_id, allow_patterns=FILES, local_files_only=True))
        if is_whole(folder):  # the hub's own word for it would be the same after an interrupted download
            return folder
    except HFValidationError:
        raise ModelError("model_not_found", name=hub_id) from None
    except FileNotFoundError:
        pass
    if is_offline():
        raise ModelError("model_offline", name=hub_id)
    failed = _failures.get(hub_id)
    if failed and time.monotonic() - failed[0] < TRIED_JUST_NOW:
        raise failed[1].with_traceback(None)
    try:
        return _download(hub_id, progress)
    except ModelError as error:
        _failures[hub_id] = time.monotonic(), error
        raise


def is_whole(folder: Path) -> bool:
    """All that a model is read from is there: config, tokenizer, and every file of its weights."""
    there = {path.name for path in folder.iterdir() if path.is_file()}  # not what only points to a blob
    if "config.json" not in there or not ("tokenizer.json" in there or {"vocab.json", "merges.txt"} <= there):
        return False
    indices = list(folder.glob("*.safetensors.index.json"))
    try:
        parts = {part for index in indices for part in json.loads(index.read_bytes())["weight_map"].values()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return False
    if not indices:
        return any(name.endswith(".safetensors") for name in there)
    return parts <= there


def _download(hub_id: str, progress: Progress | None) -> Path:
    """What is missing of `hub_id`, and the rest of what was broken off."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

    try:
        return Path(snapshot_download(hub_id, allow_patterns=FILES, tqdm_class=_reporter(progress)))
    except RepositoryNotFoundError:
        raise ModelError("model_not_found", name=hub_id) from None
    except (HfHubHTTPError, OSError) as error:
        raise ModelError("model_unavailable", name=hub_id) from error


def _reporter(progress: Progress | None) -> type:
    """A silent tqdm class that passes the bytes written so far to `progress`."""
    from tqdm.auto import tqdm

    class Reporter(tqdm):
        def __init__(self, *args, **kwargs):
            self.counts_bytes = kwargs.get("unit") == "B"
            self.written = 0
            super().__init__(*args, **{**kwargs, "disable": True})
            self.total = kwargs.get("total")  # a disabled bar does not keep it, and the hub adds to it

        def update(self, n: float | None = 1) -> None:
            self.written += n or 0
            if progress and self.counts_bytes and self.total:
                progress(min(1.0, self.written / self.total), "download")

    return Reporter
