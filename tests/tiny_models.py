"""Model folders of both architectures with random weights, small enough to write and load in milliseconds.

Nothing in `tests/` but the tests of a lesson's promise may depend on the trained weights in `assets/models/`,
so the others write folders like these. The tokenizers are trained on a few sentences: GPT-2's byte-level BPE,
and GPT-1's BPE with `</w>` over jamo (NFD inside), which cuts Korean syllables in two as often as possible.
"""

import itertools
from collections import Counter
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from app.models import ModelSpec

SENTENCES = [
    "나는 오늘 그 곳에 간다.",
    "오늘 나는 학교에 갔다. 그 곳에 강아지가 있었다.",
    "나는 오늘 그 책을 읽었다.",
    "I like the small dog. I like the old book.",
    "The dog went to the river, and the cat went home.",
]
SPECIAL = ["<|endoftext|>", "<|pad|>", "<|mask|>", "<|start|>", "<|delim|>", "<|extract|>"]
SPECIAL += [f"<|soft{i}|>" for i in range(16)]


def byte_level_tokenizer(vocab_size: int = 330) -> Tokenizer:
    """GPT-2's kind: whole bytes, so 「곳」 may come in two or three tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=SPECIAL,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    return tokenizer


def jamo_tokenizer(vocab_size: int = 110) -> Tokenizer:
    """GPT-1's kind, over jamo: lower case, `</w>` where a word ends, `<unk>` for a letter it has never
    met. The same in every process, which the library's trainer of this kind is not.
    """
    normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.Lowercase()])
    cut = [normalizer.normalize_str(sentence).split() for sentence in SENTENCES]
    words = [[*word[:-1], f"{word[-1]}</w>"] for sentence in cut for word in sentence]
    names = [*SPECIAL, "<unk>", *sorted({symbol for word in words for symbol in word})]
    merges: list[tuple[str, str]] = []
    while len(names) < vocab_size:
        pairs = Counter(pair for word in words for pair in itertools.pairwise(word))
        left, right = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append((left, right))
        if left + right not in names:  # the same letters may come together in two ways
            names.append(left + right)
        for word in words:
            for place in range(len(word) - 2, -1, -1):
                if word[place : place + 2] == [left, right]:
                    word[place : place + 2] = [left + right]
    vocabulary = {name: number for number, name in enumerate(names)}
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>", end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.decoder = decoders.BPEDecoder(suffix="</w>")
    tokenizer.add_special_tokens([AddedToken(name, special=True) for name in (*SPECIAL, "<unk>")])
    return tokenizer


def write_folder(folder: Path, architecture: str, n_ctx: int = 24, seed: int = 0, **config) -> ModelSpec:
    """Write config, random weights and tokenizer of a 2-layer model with 3 heads -> its spec (source
    "local").

    config: further fields of the `transformers` configuration, e.g. n_embd.
    """
    import torch

    torch.set_num_threads(1)  # models as small as these only wait for a second thread
    from transformers import GPT2Config, GPT2LMHeadModel, OpenAIGPTConfig, OpenAIGPTLMHeadModel

    tokenizer = byte_level_tokenizer() if architecture == "gpt2" else jamo_tokenizer()
    fields = {
        "n_positions": n_ctx,
        "n_embd": 24,
        "n_layer": 2,
        "n_head": 3,
        "vocab_size": tokenizer.get_vocab_size(),
    }
    fields |= {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 1, **config}
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        if architecture == "gpt2":
            model = GPT2LMHeadModel(GPT2Config(**fields))
        else:
            model = OpenAIGPTLMHeadModel(OpenAIGPTConfig(**fields))
        # Larger than at a real start, so that the distributions are far from uniform; gains and biases not
        # neutral, so that a test notices one left out.
        for parameter in model.parameters():
            if parameter.dim() == 2:
                parameter.data *= 10 if parameter.shape[0] < 100 else 3
            else:
                parameter.data += 0.1 * torch.randn_like(parameter)
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return ModelSpec(f"local/{folder.name}", "local", str(folder))
