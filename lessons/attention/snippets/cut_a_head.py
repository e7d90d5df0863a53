import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

name, text = "assets/models/tiny-gpt2", "나는 오늘 그 곳에 간다"
layer, head, off = 2, 3, [[2, 3]]

tokenizer = AutoTokenizer.from_pretrained(name)
model = AutoModelForCausalLM.from_pretrained(name, dtype=torch.float32, attn_implementation="eager")
ids = torch.tensor([tokenizer(text, add_special_tokens=False).input_ids])[:, -model.config.n_positions :]
d = model.config.n_embd // model.config.n_head


def without(heads):
    """A hook before the output projection: z of these heads becomes 0."""

    def change(module, inputs):
        z = inputs[0].clone()  # (1, T, h · d)
        for one in heads:
            z[..., one * d : (one + 1) * d] = 0
        return (z,)

    return change


with torch.no_grad():
    before = model(ids, output_attentions=True)
    print("weights:", before.attentions[layer][0, head, -1])  # of the last token, sum 1
    for number, block in enumerate(model.transformer.h):
        block.attn.c_proj.register_forward_pre_hook(without([h for at, h in off if at == number]))
    after = model(ids)
for run in (before, after):
    p = run.logits[0, -1].softmax(-1)  # (V,)
    print(repr(tokenizer.decode(p.argmax())), f"{p.max():.4f}")
