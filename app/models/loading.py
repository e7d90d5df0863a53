"""The one loader: a name in, a model ready to run out. Cached, thread-safe, float32, safetensors only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from app.errors import ModelError
from app.models.folder import (
    ARCHITECTURES,
    Architecture,
    check_weights,
    read_checkpoint,
    read_config,
    read_masked_model,
    read_model,
)
from app.models.hub import Progress, fetch
from app.models.registry import MASKED, ModelSpec, Registry
from app.models.tokens import ReadableTokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A model and its tokenizer, shared by everybody: never train `model` in place, copy its weights.

    name: as in the registry. architecture: "gpt1" (post-LN) or "gpt2" (pre-LN).
    model: OpenAIGPTLMHeadModel or GPT2LMHeadModel, float32, eval(). step: the pre-training update of a
        checkpoint.
    """

    name: str
    architecture: Architecture
    model: PreTrainedModel
    tokenizer: ReadableTokenizer
    step: int | None = None

    @cached_property
    def n_ctx(self) -> int:
        """The context window, in tokens."""
        return self.model.config.n_positions

    @cached_property
    def n_layer(self) -> int:
        return self.model.config.n_layer

    @cached_property
    def n_head(self) -> int:
        return self.model.config.n_head

    @cached_property
    def d_model(self) -> int:
        return self.model.config.n_embd

    @cached_property
    def vocab_size(self) -> int:
        return self.model.config.vocab_size

    @property
    def eot_id(self) -> int | None:
        """The end-of-text token, None where the vocabulary has none."""
        return self.tokenizer.eot_id


@dataclass(frozen=True, eq=False)
class MaskedModel:
    """A model that fills blanks, from both sides, and its tokenizer. Shared: never train it in place.

    model: BertForMaskedLM, float32, eval(), with plain attention. mask_id: stands for what is hidden. eot_id:
        the end-of-text token, which the model expects after a text.
    """

    name: str
    model: PreTrainedModel
    tokenizer: ReadableTokenizer
    mask_id: int = 2
    eot_id: int = 0

    @cached_property
    def n_ctx(self) -> int:
        """The longest text, in tokens; its last one is end-of-text."""
        return self.model.config.max_position_embeddings


class _Cache:
    """Values made once each, however many threads ask at the same time; a failure is not kept."""

    def __init__(self):
        self._values: dict = {}
        self._locks: dict = {}
        self._guard = Lock()

    def __contains__(self, key) -> bool:
        return key in self._values

    def get(self, key, make):
        with self._guard:
            lock = self._locks.setdefault(key, Lock())
        with lock:
            if key not in self._values:
                self._values[key] = make()
            return self._values[key]


_models = _Cache()
_tokenizers = _Cache()
_reading = Lock()  # transformers patches torch while it builds a model, so one at a time


def load(
    spec_or_name: ModelSpec | str,
    step: int | None = None,
    eager: bool = False,
    progress: Progress | None = None,
) -> LoadedModel:
    """Load a model, or give the one loaded before.

    spec_or_name: a ModelSpec, or a name of the default registry.
    step: of a pre-training checkpoint (`assets/models/<name>/checkpoints/`), None for the finished model.
    eager: plain attention, which `output_attentions=True` needs.
    progress: called with (fraction or None, stage); stages are "download" (hub only), "read" and "ready".

    Raises:
        ModelError: unknown_model, model_offline, model_not_found, model_unavailable, not_a_model,
            wrong_architecture, unsafe_weights, missing_weights, broken_weights, unknown_step,
            missing_tokenizer, broken_tokenizer, unsupported_tokenizer or tokenizer_mismatch. HF_HUB_OFFLINE=1
            keeps the network untouched.
    """
    spec = _spec(spec_or_name)
    loaded = _models.get((spec, step, eager), lambda: _load(spec, step, eager, progress))
    if progress:
        progress(1.0, "ready")
    return loaded


def read_step(spec_or_name: ModelSpec | str, step: int) -> LoadedModel:
    """A pre-training checkpoint that only the caller keeps: read anew each time. Raises as `load`."""
    return _load(_spec(spec_or_name), step, eager=False, progress=None)


def is_loaded(spec: ModelSpec) -> bool:
    """The finished model is in memory."""
    return (spec, None, False) in _models


def check_folder(folder: Path, name: str) -> None:
    """Whether the folder can be what `load` takes, found out without torch and without reading its weights.

    Raises:
        ModelError: as `load` would, called `name`. Weights of a wrong shape or that are no numbers show only
            when they are read.
    """
    config = read_config(folder, name, tuple(ARCHITECTURES))
    check_weights(folder, name)
    tokenizer = _read_tokenizer(folder, name)
    if tokenizer.vocab_size > config.get("vocab_size", tokenizer.vocab_size):
        raise ModelError("tokenizer_mismatch", name=name)


def load_masked(spec: ModelSpec = MASKED) -> MaskedModel:
    """The model for fill-in-the-blank, or any folder of its kind. Cached; raises as `load`."""

    def read() -> MaskedModel:
        with _reading:
            model = read_masked_model(Path(spec.location), spec.name)
        return MaskedModel(spec.name, model, load_tokenizer(spec))

    return _models.get(spec, read)


def load_tokenizer(spec_or_name: ModelSpec | str, progress: Progress | None = None) -> ReadableTokenizer:
    """The tokenizer alone, without torch where the folder has a `tokenizer.json`. Raises as `load`."""
    spec = _spec(spec_or_name)
    return _tokenizers.get(spec, lambda: _read_tokenizer(_folder(spec, progress), spec.name))


def _spec(spec_or_name: ModelSpec | str) -> ModelSpec:
    return spec_or_name if isinstance(spec_or_name, ModelSpec) else Registry().spec(spec_or_name)


def _folder(spec: ModelSpec, progress: Progress | None) -> Path:
    return fetch(spec.location, progress) if spec.source == "hub" else Path(spec.location)


def _load(spec: ModelSpec, step: int | None, eager: bool, progress: Progress | None) -> LoadedModel:
    folder = _folder(spec, progress)
    if progress:
        progress(None, "read")
    with _reading:
        if step is None:
            model = read_model(folder, spec.name, eager)
        else:
            model = read_checkpoint(folder, spec.name, step, eager)
    tokenizer = load_tokenizer(spec)
    if tokenizer.vocab_size > model.config.vocab_size:
        raise ModelError("tokenizer_mismatch", name=spec.name)
    return LoadedModel(spec.name, ARCHITECTURES[model.config.model_type], model, tokenizer, step)


def _read_tokenizer(folder: Path, name: str) -> ReadableTokenizer:
    if (folder / "tokenizer.json").is_file() or not (folder / "vocab.json").is_file():
        return ReadableTokenizer.from_folder(folder, name)
    # The older format, vocab.json and merges.txt, which transformers converts.
    from transformers import AutoTokenizer

    try:
        converted = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, LookupError) as error:
        raise ModelError("broken_tokenizer", name=name) from error
    return ReadableTokenizer(converted.backend_tokenizer, name)
