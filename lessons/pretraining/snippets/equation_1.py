import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

name, text = "assets/models/tiny-gpt2", "저는 지난 주말에 현우와 그 꽃집에 들렀습니다."
k, rate = 10, 0.01

tokenizer = AutoTokenizer.from_pretrained(name)
model = AutoModelForCausalLM.from_pretrained(name, dtype=torch.float32)
ids = torch.tensor(tokenizer(text, add_special_tokens=False).input_ids)[-min(model.config.n_positions, 128) :]


def log_p(i):
    """ln P of token i, given the k tokens before it, run alone."""
    window = ids[max(0, i - k) : i]
    return model(window[None]).logits[0, -1].log_softmax(-1)[ids[i]]


with torch.no_grad():
    each = torch.stack([log_p(i) for i in range(1, len(ids))])
print("-log P:", [f"{-one:.2f}" for one in each])
print(f"sum {-each.sum():.2f}  mean {-each.mean():.2f}  perplexity {(-each.mean()).exp():.2f}")

loss = model(ids[None], labels=ids[None]).loss  # the mean over the tokens, with the whole window
loss.backward()
torch.optim.SGD(model.parameters(), lr=rate).step()
with torch.no_grad():
    print(f"after one step: mean {loss:.2f} -> {model(ids[None], labels=ids[None]).loss:.2f}")
