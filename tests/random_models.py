"""Untrained `LoadedModel`s of both architectures without files or tokenizer, and random examples for them."""

import random

import torch
from transformers import GPT2Config, GPT2LMHeadModel, OpenAIGPTConfig, OpenAIGPTLMHeadModel

from app.engine.inputs import Example, Kind, transform
from app.models import LoadedModel

torch.set_num_threads(1)  # models as small as these only wait for a second thread
N_FIELDS = {"classification": 1, "entailment": 2, "similarity": 2, "choice": 4}


def random_model(
    architecture: str, vocab_size: int = 340, n_ctx: int = 24, d_model: int = 24, n_layer: int = 2
) -> LoadedModel:
    """Three heads, eager attention, no dropout. Weights three times as large as at a real start, biases and
    gains not at their neutral values: what is left out or mixed up anywhere then shows.
    """
    sizes = {"n_positions": n_ctx, "n_embd": d_model, "n_layer": n_layer, "n_head": 3}
    ids = {"vocab_size": vocab_size, "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 1}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        if architecture == "gpt2":
            model = GPT2LMHeadModel(GPT2Config(**sizes, **ids, attn_implementation="eager"))
        else:
            model = OpenAIGPTLMHeadModel(OpenAIGPTConfig(**sizes, **ids))
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.dim() == 2:
                    parameter *= 3
                else:
                    parameter += 0.1 * torch.randn_like(parameter)
    return LoadedModel(f"random-{architecture}", architecture, model.eval(), tokenizer=None)


def our_name(transformers_name: str) -> str:
    """The name `app.engine.parameters` gives to a parameter of a `transformers` GPT-1 or GPT-2."""
    name = transformers_name.removeprefix("transformer.")
    return name.replace("tokens_embed", "wte").replace("positions_embed", "wpe")


def random_examples(
    kind: Kind, n: int, n_ctx: int = 24, n_labels: int = 2, n_soft_prompts: int = 0, seed: int = 0
) -> list[Example]:
    """Fields of one to seven random ordinary tokens, so the sequences differ in length; random labels."""
    generator = random.Random(seed)

    def encode(_: str) -> list[int]:
        return [generator.randrange(300, 340) for _ in range(generator.randint(1, 7))]

    fields = [""] * N_FIELDS[kind]
    labels = [generator.randrange(n_labels) for _ in range(n)]
    return [transform(kind, fields, label, encode, n_ctx, n_soft_prompts) for label in labels]
