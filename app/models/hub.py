"""A model of the Hugging Face hub as a local folder: from the cache when it is there, else downloaded."""

from __future__ import annotations

import os
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
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, RepositoryNotFoundError

    try:
        return Path(snapshot_download(hub_id, allow_patterns=FILES, local_files_only=True))
    except HFValidationError:
        raise ModelError("model_not_found", name=hub_id) from None
    except FileNotFoundError:
        if is_offline():
            raise ModelError("model_offline", name=hub_id) from None
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
