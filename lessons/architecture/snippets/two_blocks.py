import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

text, block = "나는 오늘 그 곳에 간다", 2


def keep(kept, name):
    """A hook that remembers what went into a layer norm and what came out of it, (T, d) each."""
    return lambda module, inputs, output: kept.update({name: (inputs[0][0], output[0])})


for name in ("assets/models/tiny-gpt1", "assets/models/tiny-gpt2"):
    tokenizer = AutoTokenizer.from_pretrained(name)
    model = AutoModelForCausalLM.from_pretrained(name, dtype=torch.float32)
    ids = torch.tensor([tokenizer(text, add_special_tokens=False).input_ids])  # (1, T)
    part = model.transformer.h[min(block, model.config.n_layer - 1)]
    kept = {}
    for ln in ("ln_1", "ln_2"):
        getattr(part, ln).register_forward_hook(keep(kept, ln))
    with torch.no_grad():
        logits = model(ids[:, -model.config.n_positions :]).logits[0, -1]  # (V,)
    for ln, (before, after) in kept.items():
        stds = before.std(correction=0).item(), after.std(correction=0).item()
        print(f"{name} {ln} {list(after.shape)} {stds[0]:.4f} -> {stds[1]:.4f}")
    print(repr(tokenizer.decode(logits.argmax())), f"{logits.softmax(-1).max().item():.4f}")
