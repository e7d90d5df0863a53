import torch
import torch.nn.functional as F
import transformers as hf

name, text, label, lambda_ = "assets/models/tiny-gpt2", "나는 오늘", 0, 0.5

tokenizer = hf.AutoTokenizer.from_pretrained(name)
model = hf.AutoModelForCausalLM.from_pretrained(name, dtype=torch.float32).eval()
wte = model.get_input_embeddings().weight.data
d, normal = (
    wte.shape[1],
    lambda rows, columns, seed: (
        torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed)) * 0.02
    ),
)
W_y = normal(d, 2, 0)  # the new output layer, (d, 2)
START, DELIM, EXTRACT = 3, 4, 5
wte[[START, DELIM, EXTRACT]] = normal(3, d, 1000)  # their embeddings begin anew

ids = [START, *tokenizer(text, add_special_tokens=False).input_ids, EXTRACT]
x = torch.tensor([ids])  # (1, T)
with torch.no_grad():
    h = model.transformer(x)[0]  # (1, T, d)
    L1 = F.cross_entropy((h @ wte.T)[0, :-1], x[0, 1:])  # the next token
    L2 = F.cross_entropy(h[:, -1] @ W_y, torch.tensor([label]))  # the label, read at Extract
L3 = L2 + lambda_ * L1
print(f"L1 {L1:.4f}, L2 {L2:.4f}, L3 {L3:.4f}, P(label) {(h[0, -1] @ W_y).softmax(-1)[label]:.4f}")
