"""The whole way from nothing to measured models, in small: every stage fits the next."""

import json
import subprocess
import sys

import pytest

from training.paths import ROOT
from training.recreate import commands


def test_stages_come_in_order_and_stay_inside_the_folder_given(tmp_path):
    found = commands(tmp_path, tmp_path / "models", n_documents=10, smoke=True, reviews=None)
    stages = [command[2].removeprefix("training.") for command in found]
    assert stages[:3] == ["corpus", "corpus", "pretrain.train_tokenizers"]
    assert stages.index("pretrain.export") > stages.index("pretrain.gpt")
    assert stages[-2:] == ["evaluate.gpt", "evaluate.gpt"]
    paths = [part for command in found for part in command[3:] if "/" in part]
    assert paths and all(part.startswith(str(tmp_path)) for part in paths)


@pytest.mark.slow
def test_smoke_run_makes_and_measures_all_models(tmp_path):
    """Two minutes are promised for one idle core; the limit here leaves room for a busy machine."""
    command = [sys.executable, "-m", "training.recreate", "--smoke", "--out", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=600)
    for name in ("tiny-gpt1", "tiny-gpt2"):
        scores = json.loads((tmp_path / "models" / name / "scores.json").read_text(encoding="utf-8"))
        assert scores["model"] == name
        for group in ("grammar_ko", "grammar_en"):
            assert 0 < scores["text"][group]["bits_per_byte"]["model"] < 8
        assert (tmp_path / "pretrain" / name / "snapshot.pt").exists()
    blanks = json.loads((tmp_path / "models" / "tiny-bert" / "scores.json").read_text(encoding="utf-8"))[
        "blanks"
    ]
    assert all(0 <= found["tiny-bert"]["accuracy"] <= 100 for found in blanks.values()) and len(blanks) == 2
