"""Measure an embedded model and write its scores.json: python -m training.evaluate.gpt tiny-gpt2

Bits per byte on held-out text beside a Kneser-Ney 5-gram trained on the same tokens, the patterns of the
attention heads, in-context learning. With `--samples PATH` it also writes continuations of given beginnings
for somebody to read.
"""

import argparse
import json
import shlex
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from app.engine.head_scores import head_scores
from app.models import LoadedModel, ModelSpec, load
from training.cpu import be_gentle
from training.evaluate.bits import bits_per_byte, log_probabilities, n_bytes, tokens_inside
from training.evaluate.few_shot import few_shot_scores
from training.evaluate.kneser_ney import KneserNey
from training.paths import BUILD, MODELS, read_corpus, training_texts, weights_sha256
from training.pretrain.tokenizers import END_OF_TEXT_ID, read_tokenizer
from training.pretrain.train_tokenizers import LISTS
from training.pretrain.trainer import RECIPES
from training.pretrain.windows import encode_documents

MAX_HELDOUT = 600  # documents of each group


def evaluate(
    name: str, corpus: Path, models: Path = MODELS, quick: bool = False, read: Sequence[Path] = ()
) -> dict:
    """All figures of one model, as they go into scores.json. `quick` leaves out in-context learning and
    most of the text. read: training files of corpora that the model has read before; their documents do not
    count as held out."""
    loaded = load(ModelSpec(name, "local", str(models / name)), eager=True)
    tokenizer = read_tokenizer(models / name)
    documents = encode_documents(training_texts(corpus / "train.jsonl"), tokenizer)
    five_gram = KneserNey(documents.ids, documents.starts, loaded.vocab_size)
    heldout = groups(unread(corpus / "heldout.jsonl", read), 20 if quick else MAX_HELDOUT)
    scores = {
        "model": name,
        "command": shlex.join(["python", "-m", "training.evaluate.gpt", *sys.argv[1:]]),
        "date": date.today().isoformat(),
        "corpus": dict(
            Counter(document["kind"] for document in read_corpus(corpus / "train.jsonl")).most_common()
        ),
        "grammar": grammar_of(corpus),
        "weights_sha256": weights_sha256(name, models),
        "text": {key: text_scores(loaded, five_gram, group, tokenizer) for key, group in heldout.items()},
        "heads": pattern_scores(loaded),
    }
    if not quick:
        scores["in_context"] = {kind: few_shot_scores(loaded, kind) for kind in ("a", "b")}
    return scores


def grammar_of(corpus: Path) -> dict[str, int]:
    """Size of the grammar, and how many documents the corpus command wrote with it."""
    summary = json.loads((corpus / "summary.json").read_text(encoding="utf-8"))
    counts = (count["documents"] for count in summary["counts"].values())
    return summary["grammar"] | {"documents": sum(counts)}


def unread(heldout: Path, read: Sequence[Path]) -> list[dict]:
    """The documents of `heldout` whose text stands in none of the training files `read`."""
    known = {document["text"] for path in read for document in read_corpus(path)}
    return [document for document in read_corpus(heldout) if document["text"] not in known]


def groups(documents: Iterable[dict], n_each: int = MAX_HELDOUT) -> dict[str, list[dict]]:
    """At most `n_each` held-out documents of a group: grammar by language, and reviews."""
    found: dict[str, list[dict]] = defaultdict(list)
    for document in documents:
        if document["kind"] not in LISTS:
            name = "reviews" if document["kind"] == "film_review" else f"grammar_{document['lang']}"
            found[name].append(document)
    return {name: of_group[:n_each] for name, of_group in sorted(found.items())}


def text_scores(loaded: LoadedModel, five_gram: KneserNey, group: list[dict], tokenizer: Tokenizer) -> dict:
    """Bits per byte of the model and of the 5-gram; bits per token where a name or thing is mentioned
    again."""
    texts = [document["text"] for document in group]
    documents = encode_documents(texts, tokenizer)
    size = n_bytes(texts, lower_case=loaded.architecture == "gpt1")
    again = np.zeros(len(documents.ids), bool)
    for start, document in zip(documents.starts, group, strict=False):
        inside = tokens_inside(
            tokenizer.encode(document["text"]).offsets, document.get("second_mentions", [])
        )
        again[start : start + len(inside)] = inside
    scored = slice(1, None)  # nothing stands before the very first token, so nobody predicts it
    scores = {"documents": len(group), "bits_per_byte": {}, "later_mentions_bits_per_token": {}}
    for name, log_p in (
        ("model", log_probabilities(loaded.model, documents.ids, loaded.n_ctx)),
        ("kneser_ney_5gram", five_gram.log_probabilities(documents.ids, documents.starts)),
    ):
        scores["bits_per_byte"][name] = round(bits_per_byte(log_p[scored], size), 4)
        if again.any():
            bits = -log_p[again].mean() / np.log(2)
            scores["later_mentions_bits_per_token"][name] = round(float(bits), 4)
    return scores


def pattern_scores(loaded: LoadedModel) -> dict:
    """The best head of each pattern, and every head's label."""
    heads = head_scores(loaded)
    patterns = ("previous", "first", "same", "induction")
    best = {pattern: max(heads, key=lambda head: getattr(head, pattern)) for pattern in patterns}
    return {
        "best": {
            pattern: {"head": f"{head.layer}.{head.head}", "score": round(getattr(head, pattern), 3)}
            for pattern, head in best.items()
        },
        "labels": {f"{head.layer}.{head.head}": head.label for head in heads},
    }


@torch.no_grad()
def continuations(
    loaded: LoadedModel, beginnings: list[str], n_each: int, n_tokens: int = 60
) -> list[tuple[str, str]]:
    """(beginning, continuation) at temperature 0.8, top-k 40, seed 0; each ends at end-of-text or after
    `n_tokens`."""
    torch.manual_seed(0)
    found = []
    for beginning in beginnings:
        prompt = torch.tensor([loaded.tokenizer.encode(beginning)] * n_each)  # (n, T)
        room = min(n_tokens, loaded.n_ctx - prompt.shape[1])
        rows_ = loaded.model.generate(
            input_ids=prompt,
            attention_mask=torch.ones_like(prompt),
            max_new_tokens=room,
            do_sample=True,
            temperature=0.8,
            top_k=40,
        )
        for row in rows_.tolist():
            new = row[prompt.shape[1] :]
            end = new.index(END_OF_TEXT_ID) if END_OF_TEXT_ID in new else len(new)
            found.append((beginning, loaded.tokenizer.decode(row[: prompt.shape[1] + end])))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=RECIPES)
    parser.add_argument("--corpus", type=Path, default=BUILD / "corpus")
    parser.add_argument("--models", type=Path, default=MODELS)
    parser.add_argument(
        "--read",
        type=Path,
        nargs="*",
        default=(),
        help="training files read in earlier runs; what stands there is not held out",
    )
    parser.add_argument("--quick", action="store_true", help="no in-context learning, little text")
    parser.add_argument(
        "--samples", type=Path, help="write continuations there, one a line, and nothing else"
    )
    parser.add_argument("--beginnings", type=Path, help="one beginning a line, for --samples")
    parser.add_argument("--each", type=int, default=5, help="continuations of each beginning")
    options = parser.parse_args()
    be_gentle()
    if options.samples:
        spec = ModelSpec(options.name, "local", str(options.models / options.name))
        beginnings = options.beginnings.read_text(encoding="utf-8").split("\n")
        found = continuations(load(spec), [line for line in beginnings if line], options.each)
        lines = [f"{number}\t{' '.join(text.split())}" for number, (_, text) in enumerate(found)]
        options.samples.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return
    scores = evaluate(options.name, options.corpus, options.models, options.quick, options.read)
    (options.models / options.name / "scores.json").write_text(
        json.dumps(scores, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
    )
    print(json.dumps(scores["text"], indent=1), json.dumps(scores["heads"]["best"]))


if __name__ == "__main__":
    main()
