"""Write the model card of an embedded model from its own files: python -m training.evaluate.card tiny-gpt2

Every figure comes from scores.json (written by `training.evaluate.gpt`), checkpoints.json (by
`training.evaluate.checkpoints`), training.json (by `training.pretrain.export`), config.json and the record
`fine_tuning`, so a card cannot say other numbers than were measured. The words are in card.md.
"""

import argparse
import json
from pathlib import Path

from training.evaluate import card_tasks
from training.evaluate.tables import table
from training.paths import MODELS, ROOT
from training.pretrain.trainer import RECIPES

TEMPLATE, BERT_TEMPLATE = (Path(__file__).with_name(file) for file in ("card.md", "card_bert.md"))
BERT = "tiny-bert"
DIFFERENCES = {
    "tiny-gpt1": (
        "Post-LN, no final layer norm (GPT-1). BPE with `</w>` over lower-cased jamo: `decode` gives NFD\n"
        "text, which this repository composes to NFC. Case and runs of white space are lost; a character\n"
        "it does not know is shown as `<unk>`."
    ),
    "tiny-gpt2": (
        "Pre-LN with a final layer norm, residual weights initialised smaller by depth (GPT-2).\n"
        "Byte-level BPE: every text comes back exactly."
    ),
}


def card(name: str, folder: Path) -> str:
    """The text of README.md in `folder`."""
    if name == BERT:
        return bert_card(folder)
    scores, training, config = (
        json.loads((folder / file).read_text(encoding="utf-8"))
        for file in ("scores.json", "training.json", "config.json")
    )
    progress, recipe = training["progress"], training["recipe"]
    return TEMPLATE.read_text(encoding="utf-8").format(
        name=name,
        class_name=config["architectures"][0],
        difference=DIFFERENCES[name],
        sizes=f"{config['n_layer']} layers, width {config['n_embd']}, {config['n_head']} heads, "
        f"vocabulary {config['vocab_size']:,}, context {config['n_positions']}",
        n_parameters=f"{n_parameters(config):,}",
        steps=f"{progress['step_number']:,}",
        tokens=f"{progress['tokens_seen'] / 1e6:.1f}",
        documents=f"{progress['documents_read']:,}",
        hours=f"{progress['seconds'] / 3600:.1f}",
        windows_per_step=recipe["windows_per_step"],
        learning_rate=recipe["peak_learning_rate"],
        seed=recipe["seed"],
        list_share=round(100 * recipe["list_share"]),
        corpus_table=table(["kind", "documents"], [[kind, f"{n:,}"] for kind, n in scores["corpus"].items()]),
        text_table=text_table(scores["text"]),
        head_table=head_table(scores["heads"]),
        in_context_tables=in_context_tables(scores["in_context"]),
        grammar=grammar(scores["grammar"]),
        fine_tuning=card_tasks.fine_tuning(name, scores["weights_sha256"]),
        zero_shot=card_tasks.zero_shot(folder, scores["weights_sha256"]),
        reads=reads(folder / "reads" / "scores.json", scores["weights_sha256"]),
        date=scores["date"],
        command=scores["command"],
    )


def bert_card(folder: Path) -> str:
    """The text of README.md of the model that fills blanks."""
    scores, training, config = (
        json.loads((folder / file).read_text(encoding="utf-8"))
        for file in ("scores.json", "training.json", "config.json")
    )
    progress, recipe = training["progress"], training["recipe"]
    lines = [
        [lang, found["texts"]]
        + [f"{found[name]['accuracy']} ± {found[name]['spread']}" for name in (BERT, "tiny-gpt2")]
        for lang, found in scores["blanks"].items()
    ]
    return BERT_TEMPLATE.read_text(encoding="utf-8").format(
        name=BERT,
        class_name=config["architectures"][0],
        sizes=f"{config['num_hidden_layers']} layers, width {config['hidden_size']}, "
        f"{config['num_attention_heads']} heads, vocabulary {config['vocab_size']:,}, "
        f"context {config['max_position_embeddings']}",
        n_parameters=f"{training['n_parameters']:,}",
        context=config["max_position_embeddings"],
        tokens_per_batch=f"{recipe['tokens_per_batch']:,}",
        learning_rate=recipe["peak_learning_rate"],
        seed=recipe["seed"],
        steps=f"{progress['step_number']:,}",
        tokens=f"{progress['tokens_seen'] / 1e6:.1f}",
        tokens_plain=training["tokens"],
        hours=f"{progress['seconds'] / 3600:.1f}",
        date=scores["date"],
        command=scores["command"],
        blank_table=table(["language", "texts", "tiny-bert, %", "tiny-gpt2 from the left, %"], lines),
    )


def n_parameters(config: dict) -> int:
    """Embeddings, positions, layers, and in GPT-2 the final layer norm; the output layer is the embedding
    table."""
    d = config["n_embd"]
    final_norm = 2 * d if config["model_type"] == "gpt2" else 0
    return (
        (config["vocab_size"] + config["n_positions"]) * d
        + config["n_layer"] * (12 * d * d + 13 * d)
        + final_norm
    )


def text_table(text: dict) -> str:
    """Bits per byte, and bits per token of later mentions, each beside the 5-gram."""
    lines = []
    for group, scores in text.items():
        line = [group, scores["documents"]]
        for measure in ("bits_per_byte", "later_mentions_bits_per_token"):
            of_model, of_5gram = (scores[measure].get(key) for key in ("model", "kneser_ney_5gram"))
            line += (
                [of_model, of_5gram, f"{100 * (of_model / of_5gram - 1):+.0f} %"]
                if of_model
                else ["", "", ""]
            )
        lines.append(line)
    header = [
        "held-out text",
        "documents",
        "bits/byte",
        "5-gram",
        "",
        "later mentions, bits/token",
        "5-gram",
        "",
    ]
    return table(header, lines)


def head_table(heads: dict) -> str:
    """The best head of each pattern, layers and heads counted from 0."""
    return table(
        ["pattern", "best head", "score"],
        [[key, best["head"], best["score"]] for key, best in heads["best"].items()],
    )


def in_context_tables(in_context: dict) -> str:
    """Accuracy by number of examples, for both kinds of list."""
    names = {
        "a": "Which task is it (facts seen in pre-training)",
        "b": "A new rule (categories and labels never seen)",
    }
    parts = []
    for kind, by_shots in in_context.items():
        lines = [
            [shots, f"{one['accuracy']} ± {one['spread']}", one["copy_baseline"]]
            for shots, one in by_shots.items()
        ]
        parts.append(
            f"{names[kind]}:\n\n"
            + table(["examples", "accuracy in %", "copying the most frequent answer"], lines)
        )
    return "\n\n".join(parts)


def grammar(size: dict[str, int]) -> str:
    """How large the grammar is, and how many different documents it wrote."""
    return (
        f"The grammar: {size['plots']} plots of {size['templates']:,} lines ({size['wordings']:,} with\n"
        f"their choices of words), {size['words']:,} words and phrases; {size['documents']:,} documents,\n"
        "no two alike."
    )


def reads(path: Path, weights_sha256: str) -> str:
    """What two readers found, or that nobody has read these weights' texts."""
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if found.get("weights_sha256") != weights_sha256:
        return "not made on these weights."
    lines = [
        [
            reader,
            *(f"{one[source]['good']} % of {one[source]['lines']}" for source in ("continuation", "corpus")),
            one["continuation"]["unsafe"] + one["corpus"]["unsafe"],
            f"{one['damaged_missed']} of 10" + ("" if one["counts"] else ", so it does not count"),
        ]
        for reader, one in found["readers"].items()
    ]
    header = ["reader", "continuations good", "corpus good", "unsafe", "damaged lines missed"]
    return (
        "continuations (temperature 0.8, top-k 40, five of each of twenty beginnings) and samples of the\n"
        "corpus, grammatical and on topic; with ten damaged lines among them (`reads/`). The readers were\n"
        "language models who saw neither the source of a line nor each other's verdicts. "
        f"They differ on {found['disagreement']} %\nof the lines.\n\n" + table(header, lines)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=(*RECIPES, BERT))
    options = parser.parse_args()
    path = MODELS / options.name / "README.md"
    path.write_text(card(options.name, MODELS / options.name), encoding="utf-8")
    print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
