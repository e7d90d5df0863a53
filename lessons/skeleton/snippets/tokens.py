import transformers as hf

name, text, lit = "assets/models/tiny-gpt2", "나는 오늘", 2

tokenizer = hf.AutoTokenizer.from_pretrained(name)
ids = tokenizer(text, add_special_tokens=False).input_ids
characters = len(tokenizer.decode(ids[:lit]))
print(len(ids), characters)
