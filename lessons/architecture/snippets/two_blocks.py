import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

text, block = "나는 오늘 그 곳에 간다", 2

for name in ("assets/models/tiny-gpt1", "assets/models/tiny-gpt2"):
    tokenizer = AutoTokenizer.from_pretrained(name)
    model = AutoModelForCausalLM.from_pretrained(name, dtype=torch.float32)
    ids = torch.tensor([tokenizer(text, add_special_tokens=False).input_ids])  # (1, T)
    part = model.transformer.h[min(block, model.config.n_layer - 1)]
    kept = {}
    for ln in ("ln_1", "ln_2"):
        getattr(part, ln).register_forward_hook(lambda _, x, y, ln=ln: kept.update({ln: (x[0][0], y[0])}))
    with torch.no_grad():
        logits = model(ids[:, -model.config.n_positions :]).logits[0, -1]  # (V,)
    for ln, (before, after) in kept.items():  # (T, d) each
        print(name, ln, list(after.shape), float(before.std(correction=0)), float(after.std(correction=0)))
    print(repr(tokenizer.decode(logits.argmax())), float(logits.softmax(-1).max()))
