import torch
import transformers as hf

name, text, ids = "assets/models/tiny-gpt2", "나는 오늘", []  # ids: the tokens after the text
temperature, top_k, top_p, seed, index = 0.8, 7, 0.9, 1, 0  # index: of the random number

tokenizer = hf.AutoTokenizer.from_pretrained(name)
model = hf.AutoModelForCausalLM.from_pretrained(name, dtype=torch.float32)
context = torch.tensor([tokenizer(text, add_special_tokens=False).input_ids + ids])  # (1, T)
logits = model(context[:, -model.config.n_positions :]).logits[:, -1].detach()  # (1, V)
before = logits.softmax(-1)[0]  # (V,)
logits = hf.TemperatureLogitsWarper(temperature)(context, logits)
logits = hf.TopKLogitsWarper(top_k or len(before))(context, logits)
after = hf.TopPLogitsWarper(top_p)(context, logits).softmax(-1)[0].double()  # (V,)

u = torch.rand(index + 1, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)[index]
order = before.argsort(descending=True, stable=True)
chosen = order[(after[order].cumsum(0) <= u).sum()]
print(repr(tokenizer.decode(chosen)), float(before[chosen]), float(after[chosen]), float(u))
