"""Read a folder in the `transformers` format (config, safetensors) into a model, and refuse every other kind.

torch and transformers are imported inside the functions: the page imports this package before it has loaded
them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from app.errors import ModelError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Architecture = Literal["gpt1", "gpt2"]
ARCHITECTURES: dict[str, Architecture] = {"openai-gpt": "gpt1", "gpt2": "gpt2"}  # by `model_type`
TIED = {"lm_head.weight", "cls.predictions.decoder.weight", "cls.predictions.decoder.bias"}
PICKLES = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.ckpt")


def architecture(folder: Path, name: str) -> Architecture:
    """Which of the two architectures `config.json` describes.

    Raises ModelError: "not_a_model" (no readable config.json) or "wrong_architecture".
    """
    return ARCHITECTURES[read_config(folder, name, tuple(ARCHITECTURES))["model_type"]]


def read_config(folder: Path, name: str, allowed: tuple[str, ...]) -> dict[str, Any]:
    """config.json, whose `model_type` is one of `allowed`. Raises ModelError as `architecture`."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        model_type = config["model_type"]
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise ModelError("not_a_model", name=name) from error
    if model_type not in allowed:
        raise ModelError("wrong_architecture", name=name, architecture=str(model_type)[:80])
    return config


def check_weights(folder: Path, name: str) -> None:
    """There are weights as safetensors, none of them cut off; their numbers are not read.

    Raises ModelError: "unsafe_weights" (none, but pickles), "missing_weights" or "broken_weights".
    """
    from safetensors import SafetensorError, safe_open

    files = sorted(folder.glob("*.safetensors"))
    if not files:
        pickled = any(any(folder.glob(pattern)) for pattern in PICKLES)
        raise ModelError("unsafe_weights" if pickled else "missing_weights", name=name)
    try:
        for file in files:
            with safe_open(file, framework="numpy"):
                pass  # its header says how long the file must be
    except (SafetensorError, OSError) as error:
        raise ModelError("broken_weights", name=name) from error


def read_model(folder: Path, name: str, eager: bool) -> PreTrainedModel:
    """The model with its weights in float32, in evaluation mode.

    Raises ModelError: as `architecture`, "unsafe_weights" (none, but pickles), "missing_weights" or
    "broken_weights" (cut off, of other shapes, incomplete, or not finite).
    """
    return _read(folder, name, _model_class(architecture(folder, name)), eager)


def read_masked_model(folder: Path, name: str) -> PreTrainedModel:
    """A BertForMaskedLM, float32, in evaluation mode, with plain attention, so that its patterns can be seen.

    Raises ModelError as `read_model`.
    """
    from transformers import BertForMaskedLM

    read_config(folder, name, ("bert",))
    return _read(folder, name, BertForMaskedLM, eager=True)


def _read(folder: Path, name: str, model_class: type[PreTrainedModel], eager: bool) -> PreTrainedModel:
    import torch
    from safetensors import SafetensorError
    from transformers.utils.logging import disable_progress_bar

    check_weights(folder, name)
    disable_progress_bar()  # it would be drawn into the server's log; the page has its own
    try:
        model, report = model_class.from_pretrained(
            folder,
            dtype=torch.float32,
            attn_implementation="eager" if eager else None,
            use_safetensors=True,
            local_files_only=True,
            output_loading_info=True,
        )
    except (SafetensorError, OSError, RuntimeError, ValueError, LookupError) as error:
        raise ModelError("broken_weights", name=name) from error
    _check(model, report["missing_keys"], name)
    return model.eval()


def read_checkpoint(folder: Path, name: str, step: int, eager: bool) -> PreTrainedModel:
    """The model as it was after `step` updates of pre-training, from `checkpoints/step-000100.safetensors`.

    In float32, like a finished one.
    Raises ModelError: as `architecture`, "unknown_step" or "broken_weights".
    """
    import torch
    from safetensors import SafetensorError
    from transformers import AutoConfig

    from app.models.quantized import load_quantized

    model_class = _model_class(architecture(folder, name))
    path = folder / "checkpoints" / f"step-{step:06d}.safetensors"
    if not path.is_file():
        raise ModelError("unknown_step", name=name, step=step)
    model = model_class._from_config(
        AutoConfig.from_pretrained(folder),
        dtype=torch.float32,  # else that of the finished weights' file
        attn_implementation="eager" if eager else None,
    )
    try:
        report = model.load_state_dict(load_quantized(path), strict=False)
    except (SafetensorError, OSError, RuntimeError, LookupError) as error:
        raise ModelError("broken_weights", name=name) from error
    model.tie_weights()
    _check(model, report.missing_keys, name)
    return model.eval()


def _model_class(kind: Architecture) -> type[PreTrainedModel]:
    from transformers import GPT2LMHeadModel, OpenAIGPTLMHeadModel

    return GPT2LMHeadModel if kind == "gpt2" else OpenAIGPTLMHeadModel


def _check(model: PreTrainedModel, missing: list[str], name: str) -> None:
    """Every weight must have come from the file (the output layer may be the tied embedding) and be a
    number.
    """
    untold = set(missing) - TIED
    if untold or not all(parameter.isfinite().all() for parameter in model.parameters()):
        raise ModelError("broken_weights", name=name)
