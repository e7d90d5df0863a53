"""Write the recorded figures: python -m training.records [name …], or `make records`.

Each recorder measures one record and can measure a small part of it again, so that a test can tell whether
the record still holds. Without names all are written.
"""

from __future__ import annotations

import argparse
import json
from datetime import date
from pathlib import Path
from typing import Any

import torch

from training.paths import RECORDS, weights_sha256
from training.records import fine_tuning, in_context, ln_training, pretraining, three_ways, world

RECORDERS = {
    "fine_tuning": fine_tuning.RECORDER,
    "in_context": in_context.RECORDER,
    "ln_training": ln_training.RECORDER,
    "pretraining": pretraining.RECORDER,
    "three_ways": three_ways.RECORDER,
    "world": world.RECORDER,
}


def write(name: str, folder: Path = RECORDS) -> None:
    """Measure one record and write its file."""
    recorder = RECORDERS[name]
    record: dict[str, Any] = {
        "record": name,
        "command": f'make records ARGS="{name}"',
        "date": date.today().isoformat(),
        "seeds": list(recorder.seeds),
        "weights": {model: weights_sha256(model) for model in recorder.models},
        "settings": recorder.settings,
        "data": recorder.measure(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(record, ensure_ascii=False, allow_nan=False, indent=1)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.records", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(RECORDERS)}; all by default")
    names = parser.parse_args().names
    if unknown := sorted(set(names) - set(RECORDERS)):
        parser.error(f"no such record: {', '.join(unknown)}")
    torch.set_num_threads(1)
    for name in names or RECORDERS:
        write(name)
        print(f"{name}: written", flush=True)
