"""Write a pre-trained model the way everybody reads it: transformers config and float16 safetensors.

    python -m app.training.export tiny-gpt2

takes build/pretrain/tiny-gpt2/snapshot.pt and writes into assets/models/tiny-gpt2, beside the tokenizer.
"""

import argparse
from pathlib import Path

import torch
from transformers import GPT2Config, GPT2LMHeadModel, OpenAIGPTConfig, OpenAIGPTLMHeadModel, PreTrainedModel
from transformers.utils.logging import disable_progress_bar

from app.training.model import Parameters, Shape
from app.training.paths import BUILD, MODELS
from app.training.tokenizers import END_OF_TEXT_ID, SPECIAL_TOKENS
from app.training.trainer import RECIPES


def to_transformers(parameters: Parameters, shape: Shape) -> PreTrainedModel:
    """The same model as a `transformers` one, float32, in evaluation mode. No dropout: fine-tuning should
    see what was trained."""
    sizes = {
        "vocab_size": shape.vocab_size,
        "n_positions": shape.n_ctx,
        "n_embd": shape.d_model,
        "n_layer": shape.n_layer,
        "n_head": shape.n_head,
        "attn_pdrop": 0.0,
        "embd_pdrop": 0.0,
        "resid_pdrop": 0.0,
        "bos_token_id": END_OF_TEXT_ID,
        "eos_token_id": END_OF_TEXT_ID,
        "pad_token_id": SPECIAL_TOKENS.index("<|pad|>"),
    }
    if shape.architecture == "gpt2":
        model = GPT2LMHeadModel(GPT2Config(**sizes))
    else:
        model = OpenAIGPTLMHeadModel(OpenAIGPTConfig(**sizes))
    missing, unexpected = model.load_state_dict(parameters, strict=False)
    if unexpected or any(name != "lm_head.weight" for name in missing):
        raise ValueError(f"parameters do not fit: missing {missing}, unexpected {unexpected}")
    model.tie_weights()
    return model.eval()


def from_folder(folder: Path, shape: Shape) -> Parameters:
    """The float32 parameters of an exported model, for going on with its training."""
    from safetensors.torch import load_file

    saved = load_file(folder / "model.safetensors")
    names = [name for name in saved if name != "lm_head.weight"]
    return {
        name if name.startswith("transformer.") else "transformer." + name: saved[name].float()
        for name in names
    }


def export(name: str, snapshot: Path, folder: Path) -> PreTrainedModel:
    """Write config.json, generation_config.json and model.safetensors (float16) of `snapshot` into
    `folder`."""
    parameters = torch.load(snapshot, weights_only=True)["parameters"]
    model = to_transformers(parameters, RECIPES[name].shape).half()
    disable_progress_bar()
    model.save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)  # transformers writes it for its owner alone
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=RECIPES)
    parser.add_argument("--runs", type=Path, default=BUILD / "pretrain")
    parser.add_argument("--out", type=Path, default=MODELS)
    options = parser.parse_args()
    export(options.name, options.runs / options.name / "snapshot.pt", options.out / options.name)


if __name__ == "__main__":
    main()
