"""Write a pre-trained model the way everybody reads it: transformers config and float16 safetensors.

    python -m training.pretrain.export tiny-gpt2

takes build/pretrain/tiny-gpt2/snapshot.pt and writes into assets/models/tiny-gpt2, beside the tokenizer.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import GPT2Config, GPT2LMHeadModel, OpenAIGPTConfig, OpenAIGPTLMHeadModel, PreTrainedModel
from transformers.utils.logging import disable_progress_bar

from training.paths import BUILD, MODELS
from training.pretrain.model import Parameters, Shape
from training.pretrain.tokenizers import END_OF_TEXT_ID, SPECIAL_TOKENS
from training.pretrain.trainer import RECIPES


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


def export(name: str, snapshot: Path, folder: Path) -> PreTrainedModel:
    """Write the weights of `snapshot` (float16) with their config, and training.json: how far the run has
    come."""
    state = torch.load(snapshot, weights_only=True)
    model = to_transformers(state["parameters"], RECIPES[name].shape).half()
    disable_progress_bar()
    model.save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)  # transformers writes it for its owner alone
    facts = {"recipe": asdict(RECIPES[name]), "progress": state["progress"]}
    (folder / "training.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    return model


def exported_state(folder: Path) -> dict:
    """What `Trainer.restore` needs to go on from an exported model: float16 weights, the place in the
    corpus, no moments."""
    weights = load_file(folder / "model.safetensors")
    progress = json.loads((folder / "training.json").read_text(encoding="utf-8"))["progress"]
    parameters = {name: value.float() for name, value in weights.items() if name != "lm_head.weight"}
    return {"parameters": parameters, "progress": progress}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=RECIPES)
    parser.add_argument("--runs", type=Path, default=BUILD / "pretrain")
    parser.add_argument("--out", type=Path, default=MODELS)
    options = parser.parse_args()
    export(options.name, options.runs / options.name / "snapshot.pt", options.out / options.name)


if __name__ == "__main__":
    main()
