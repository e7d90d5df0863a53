"""Careful reads: is what a model writes grammatical, on topic and fit for a classroom? A reader must say.

    python -m training.evaluate.reading sheet tiny-gpt2 --beginnings FILE   writes sheet.tsv and key.json
    python -m training.evaluate.reading score tiny-gpt2                     reads reads-a.tsv and reads-b.tsv

in assets/models/<name>/reads/. The sheet (id, text) holds continuations, samples of the corpus, and ten lines
damaged here, in random order; the key says which is which and is not shown to the readers. Two readers work
apart from each other and write a file each: id, verdict (good, bad or unsafe) and reason. A read that takes
more than two of the damaged lines for good does not count.
"""

import argparse
import csv
import json
import random
from collections.abc import Callable
from pathlib import Path

from app.models import ModelSpec, load
from training.cpu import be_gentle
from training.evaluate.damage import wrong_form
from training.evaluate.gpt import continuations
from training.paths import BUILD, MODELS, read_corpus, weights_sha256
from training.pretrain.tokenizers import expected_text
from training.pretrain.train_tokenizers import LISTS
from training.pretrain.trainer import RECIPES

READERS = ("a", "b")
VERDICTS = ("good", "bad", "unsafe")
N_EACH, N_SAMPLES = 5, 100
MOST_MISSED = 2
SOURCES = ("continuation", "corpus", "damaged")


def wrong_particle(text: str, other: str, rng: random.Random) -> str | None:
    """One Korean particle in the form that does not fit the word before it."""
    return wrong_form(text, rng)


def broken_ending(text: str, other: str, rng: random.Random) -> str | None:
    """The last word of one sentence lacks its end: 갔습니. and wen."""
    sentences = text.split(". ")
    if len(sentences) < 2:
        return None
    place = rng.randrange(len(sentences) - 1)
    words = sentences[place].split(" ")
    if len(words[-1]) < 2 or not words[-1].isalpha():
        return None
    return ". ".join([*sentences[:place], sentences[place][:-1], *sentences[place + 1 :]])


def changed_topic(text: str, other: str, rng: random.Random) -> str | None:
    """The second half of the sentences comes from another text."""
    mine, theirs = text.split(". "), other.split(". ")
    if len(mine) < 3 or len(theirs) < 3:
        return None
    return ". ".join([*mine[: len(mine) // 2], *theirs[len(theirs) // 2 :]])


# damage, language, how often
DAMAGES: tuple[tuple[Callable[[str, str, random.Random], str | None], str, int], ...] = (
    (wrong_particle, "ko", 4),
    (broken_ending, "ko", 2),
    (broken_ending, "en", 1),
    (changed_topic, "ko", 2),
    (changed_topic, "en", 1),
)


def damaged(documents: list[dict], rng: random.Random) -> list[tuple[str, str]]:
    """(name of the damage, text), ten of them, from prose that the sheet does not show otherwise."""
    pool, found = list(documents), []
    rng.shuffle(pool)
    for damage, lang, n in DAMAGES:
        texts = [document["text"] for document in pool if document["lang"] == lang]
        of_this: list[str] = []
        while len(of_this) < n:
            text, other = rng.sample(texts, 2)
            made = damage(text, other, rng)
            if made and made != text:
                of_this.append(made)
        found += [(damage.__name__, made) for made in of_this]
    return found


def make_sheet(
    of_model: list[str], documents: list[dict], rng: random.Random
) -> tuple[list[tuple[str, str]], dict[str, str]]:
    """Continuations and held-out documents -> the lines (id, text) in random order, and id -> source."""
    prose = [document for document in documents if document["kind"] not in LISTS]
    samples = rng.sample(prose, N_SAMPLES)
    shown = {document["text"] for document in samples}
    rest = [d for d in prose if d["text"] not in shown and d["kind"] not in ("facts", "claims", "qa")]
    lines = [("continuation", text) for text in of_model]
    lines += [("corpus", document["text"]) for document in samples]
    lines += [(f"damaged: {name}", text) for name, text in damaged(rest, rng)]
    rng.shuffle(lines)
    sheet = [(f"{number:03d}", " ".join(text.split())) for number, (_, text) in enumerate(lines, 1)]
    return sheet, {id_: source for (id_, _), (source, _) in zip(sheet, lines, strict=True)}


def read_verdicts(path: Path) -> dict[str, str]:
    """id -> verdict. Raises ValueError for a line that is none of the verdicts."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if row]
    verdicts = {row[0]: row[1] for row in rows if row[0] != "id"}
    if wrong := {id_: verdict for id_, verdict in verdicts.items() if verdict not in VERDICTS}:
        raise ValueError(f"{path.name}: not a verdict: {wrong}")
    return verdicts


def score(key: dict[str, str], reads: dict[str, dict[str, str]]) -> dict:
    """Per reader and source: lines, percent good, unsafe; whether the read counts; and the disagreement in
    percent of the lines that were not damaged. Raises ValueError when a reader has left lines out.
    """
    facts: dict = {"readers": {}}
    for reader, verdicts in reads.items():
        if set(verdicts) != set(key):
            raise ValueError(f"reads-{reader}.tsv: other lines than the sheet's")
        by_source = {
            source: [verdicts[id_] for id_ in key if key[id_].startswith(source)] for source in SOURCES
        }
        missed = by_source.pop("damaged").count("good")
        facts["readers"][reader] = {"damaged_missed": missed, "counts": missed <= MOST_MISSED} | {
            source: {
                "lines": len(of_source),
                "good": round(100 * of_source.count("good") / len(of_source), 1),
                "unsafe": of_source.count("unsafe"),
            }
            for source, of_source in by_source.items()
        }
    judged = [id_ for id_ in key if not key[id_].startswith("damaged")]
    first, second = (reads[reader] for reader in READERS)
    differ = sum(first[id_] != second[id_] for id_ in judged)
    return facts | {"disagreement": round(100 * differ / len(judged), 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=("sheet", "score"))
    parser.add_argument("name", choices=RECIPES)
    parser.add_argument("--beginnings", type=Path, help="for sheet: one beginning a line")
    parser.add_argument("--corpus", type=Path, default=BUILD / "corpus")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    be_gentle()
    folder = MODELS / options.name / "reads"
    if options.action == "sheet":
        if not options.beginnings:
            parser.error("sheet needs --beginnings")
        beginnings = [line for line in options.beginnings.read_text(encoding="utf-8").split("\n") if line]
        loaded = load(ModelSpec(options.name, "local", str(MODELS / options.name)))
        texts = [text for _, text in continuations(loaded, beginnings, N_EACH)]
        rng = random.Random(f"{options.seed} {options.name}")
        # tiny-gpt1 writes lower case: so does its whole sheet, or the case would tell the source
        heldout = [
            document | {"text": expected_text(options.name, document["text"])}
            for document in read_corpus(options.corpus / "heldout.jsonl")
        ]
        sheet, key = make_sheet(texts, heldout, rng)
        folder.mkdir(exist_ok=True)
        lines = "".join(f"{id_}\t{text}\n" for id_, text in sheet)
        (folder / "sheet.tsv").write_text("id\ttext\n" + lines, encoding="utf-8")
        (folder / "key.json").write_text(json.dumps(key, indent=0) + "\n", encoding="utf-8")
        return
    key = json.loads((folder / "key.json").read_text(encoding="utf-8"))
    found = score(key, {reader: read_verdicts(folder / f"reads-{reader}.tsv") for reader in READERS})
    found = {"weights_sha256": weights_sha256(options.name)} | found
    (folder / "scores.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
