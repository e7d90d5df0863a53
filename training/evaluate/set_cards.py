"""Write the card of every labelled set, assets/datasets/*/README.md: python -m training.evaluate.set_cards

What a set asks and how it is made stand in the docstring of its module; the lines are the first ones of its
training split, the figures are a word bag's, fitted here, and those of the record `fine_tuning`.
"""

import importlib
import json
from pathlib import Path
from statistics import mean

from training.evaluate import word_bag
from training.evaluate.downstream import DATASETS
from training.evaluate.tables import table
from training.paths import read_corpus, read_record

NOT_MEASURED = "Fine-tuning is not measured yet on this set."
N_LINES = 10  # of each label
COMMAND = "python -m training.corpus.datasets"
HEAD = """\
# {task}

{docstring}

Kind of input: {kind}. Labels: {labels}. Contrast groups of {group_size}. Made by
`{command}` from a seeded grammar; licence Apache-2.0, like the repository. No input is longer
than 32 tokens, special tokens included, in either tokenizer.

{sizes}
"""
SPLITS = """\
No sentence stands in two splits, and none of the test splits in the pre-training text of the last two stages
(the command looks, with `--read`). {more}"""
NEW_WORDS = """\
`test_new_words` is made of words that no training sentence holds: every fourth of those that decide."""
SHARED = "Questions and answers are common to all splits."
BAG = """\
A bag of words and pairs of neighbours (logistic regression on `train`) gets, in percent, where always giving
the same label gets {majority:.0f}:"""
MODELS = "Fine-tuned by the recipe, in percent, the mean of the seeds by language; `{command}` on {date}:"


def card(task: str, folder: Path = DATASETS) -> str:
    """The text of README.md."""
    facts = tasks(folder)[task]
    rows = {split: read_corpus(folder / task / f"{split}.jsonl") for split in facts["sizes"]}
    docstring = importlib.import_module(f"training.corpus.datasets.{task}").__doc__.strip()
    labels = [f"{i} {ko} / {en}" for i, (ko, en) in enumerate(zip(*facts["labels"].values(), strict=True))]
    head = HEAD.format(
        task=task,
        docstring=docstring,
        command=COMMAND,
        labels=", ".join(labels),
        sizes=table(["split", "examples"], [[split, f"{size:,}"] for split, size in facts["sizes"].items()]),
        kind=facts["kind"],
        group_size=facts["group_size"],
    )
    more = [NEW_WORDS] * ("test_new_words" in facts["sizes"]) + [SHARED] * (facts["kind"] == "choice")
    splits = SPLITS.format(more=" ".join(more)).strip()
    return "\n".join([head, splits, "", bag(facts, rows), "", models(task), "", lines(facts, rows["train"])])


def bag(facts: dict, rows: dict[str, list[dict]]) -> str:
    """What a word bag gets on each test split, by what it is shown."""
    seen = word_bag.views(facts["kind"], rows["train"])
    found = []
    for split in (split for split in rows if split.startswith("test")):
        asked = word_bag.views(facts["kind"], rows[split])
        found.append([split, *(f"{word_bag.accuracy(seen[view], asked[view]):.1f}" for view in seen)])
    majority = 100 / len(facts["labels"]["ko"])
    return BAG.format(majority=majority) + "\n\n" + table(["split", *seen], found)


def models(task: str) -> str:
    """What both GPTs get, everything or nothing transferred, each language by itself."""
    record = read_record("fine_tuning")
    if not record:
        return NOT_MEASURED
    found = []
    for row in (row for row in record["data"]["gain"] if row["task"] == task):
        seeds = list(row["by_seed"].values())
        transferred = "everything" if row["n_layers_transferred"] >= 0 else "nothing"
        for split, by_language in seeds[0].items():
            for lang in by_language:
                accuracy = mean(one[split][lang] for one in seeds)
                found.append([row["model"], transferred, split, lang, f"{accuracy:.1f}", len(seeds)])
    if not found:
        return NOT_MEASURED
    header = ["model", "transferred", "split", "language", "accuracy", "seeds"]
    return MODELS.format(command=record["command"], date=record["date"]) + "\n\n" + table(header, found)


def lines(facts: dict, train: list[dict]) -> str:
    """Ten lines of each label, the languages in turn as in the file."""
    parts = []
    for label, (ko, en) in enumerate(zip(*facts["labels"].values(), strict=True)):
        chosen = []
        for lang in facts["languages"]:
            of_label = [row for row in train if (row["label"], row["lang"]) == (label, lang)]
            chosen += of_label[: N_LINES // len(facts["languages"])]
        parts.append(f"Label {label}, {ko} / {en}:\n")
        parts += [f"* {' | '.join(filter(None, row['fields']))}" for row in chosen]
        parts.append("")
    return "\n".join(parts)


def tasks(folder: Path = DATASETS) -> dict[str, dict]:
    """index.json."""
    return json.loads((folder / "index.json").read_text(encoding="utf-8"))


def facts_and_train(task: str, folder: Path = DATASETS) -> tuple[dict, list[dict]]:
    return tasks(folder)[task], read_corpus(folder / task / "train.jsonl")


def main() -> None:
    for task in tasks():
        (DATASETS / task / "README.md").write_text(card(task), encoding="utf-8")


if __name__ == "__main__":
    main()
