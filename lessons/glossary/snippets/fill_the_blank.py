import torch
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer

text, position = "비가 와서 나는 우산을 들고 집에 갔다.", 3

tokenizer = AutoTokenizer.from_pretrained("assets/models/tiny-bert")  # tiny-gpt2 has the same tokens
gpt = AutoModelForCausalLM.from_pretrained("assets/models/tiny-gpt2", dtype=torch.float32)
bert = AutoModelForMaskedLM.from_pretrained("assets/models/tiny-bert", dtype=torch.float32)
ids = tokenizer(text, add_special_tokens=False).input_ids
left, hidden, right = ids[:position], ids[position], ids[position + 1 :]
END, MASK = 0, 2

with torch.no_grad():
    from_left = gpt(torch.tensor([left or [END]])).logits[0, -1]  # sees what stands before the blank
    both_sides = bert(torch.tensor([[*left, MASK, *right, END]])).logits[0, position]
for name, logits in (("GPT", from_left), ("BERT", both_sides)):
    p = logits.softmax(-1)  # (V,)
    print(name, repr(tokenizer.decode([hidden])), f"{p[hidden]:.4f}", repr(tokenizer.decode(p.argmax())))
