"""What a browser that trains is handed: which files, how large, under which addresses, and the runtime."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from app.browser import files, runtime
from app.browser import page as training
from app.doors.coding import encode
from app.models import load
from app.models.registry import EMBEDDED
from tests.doors import visitor

DATASETS = Path(__file__).parents[2] / "assets" / "datasets"
MOST_BYTES = 7_000_000  # compressed, without the runtime


@pytest.mark.parametrize("model", EMBEDDED)
def test_a_model_and_all_sets_are_small_on_the_way(model: str):
    """More than a learner loads: every set and every graph of a model."""
    sizes = {
        name: len(encode(make(), "gzip"))
        for name, make in files.files().items()
        if name.startswith(model) or name == "manifest.json"
    }
    assert len(sizes) > 15
    assert sum(sizes.values()) < MOST_BYTES


@pytest.mark.parametrize("model", EMBEDDED)
def test_a_set_is_the_text_of_the_dataset_as_tokens(model: str):
    encode_ = load(model).tokenizer.encode
    for name, facts in json.loads((DATASETS / "index.json").read_text(encoding="utf-8")).items():
        told = json.loads(files.task(model, name))
        assert (told["kind"], told["languages"]) == (facts["kind"], facts["languages"])
        assert {split: len(rows) for split, rows in told["splits"].items()} == facts["sizes"]
        for split, rows in told["splits"].items():
            lines = (DATASETS / name / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
            source = [json.loads(line) for line in lines]
            for row, one in list(zip(rows, source, strict=True))[::97]:
                lang, group, label, *fields = row
                assert told["languages"][lang] == one["lang"]
                assert (group, label) == (one["group"], one["label"])
                assert fields == [encode_(field) for field in one["fields"]]


@pytest.mark.parametrize("model", EMBEDDED)
def test_the_held_out_lines_are_short_and_of_each_language(model: str):
    tokenizer, told = load(model).tokenizer, json.loads(files.world(model))["held_out"]
    assert [one["lang"] for one in told] == ["ko"] * files.N_HELD_OUT + ["en"] * files.N_HELD_OUT
    lines = (DATASETS / "held_out.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    expected = [tokenizer.encode(text) for text in texts]
    for one in told:
        assert len(one["ids"]) <= 32 and one["ids"][0] == tokenizer.eot_id
        assert one["ids"][1:] in expected


def test_everything_told_is_served_kept_and_packed():
    client, behind, _ = visitor()
    told = training.told(offline=True)
    for name in ("manifest.json", "tiny-gpt1-8x1x32.onnx", "tiny-gpt1/choice.json", "tiny-gpt1/world.json"):
        answer = client.get("/" + told["files"] + name, headers={"accept-encoding": "gzip"})
        assert answer.status_code == 200 and "immutable" in answer.headers["cache-control"], name
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.content == files.files()[name]()
    for name in ("", "nothing.onnx", "../app.py", "tiny-gpt1/model.safetensors", "tiny-bert/world.json"):
        assert client.get("/" + told["files"] + name).status_code == 404
    assert client.get("/browser/0123456789abcdef/manifest.json").status_code == 404
    assert not behind.asked


def test_the_address_changes_with_what_it_is_made_of(monkeypatch, tmp_path):
    before = files.edition()
    changed = tmp_path / "browser"
    changed.mkdir()
    (changed / "manifest.json").write_text("{}")
    monkeypatch.setattr(files, "FOLDER", changed)
    assert files.edition.__wrapped__() != before
    assert re.fullmatch(r"[0-9a-f]{16}", before)


# ---- the runtime ----


def test_where_the_runtime_comes_from(tmp_path):
    """The local copy first; the CDN never with --offline; neither: the page is told so."""
    without = runtime.told(offline=True, folder=tmp_path)
    assert without["local"] is None and without["cdn"] is None
    assert not runtime.served(tmp_path)
    online = runtime.told(offline=False, folder=tmp_path)
    assert all(f"onnxruntime-web@{runtime.VERSION}/dist/" in address for address in online["cdn"].values())
    for name in runtime.FILES.values():
        (tmp_path / name).write_bytes(b"")
    assert runtime.told(offline=True, folder=tmp_path)["local"] == {
        part: f"browser/runtime/{runtime.VERSION}/{name}" for part, name in runtime.FILES.items()
    }
    assert len(runtime.served(tmp_path)) == 2


@pytest.mark.skipif(not runtime.is_here(), reason="no local copy of the runtime")
def test_the_local_copy_is_the_version_that_was_checked():
    for part, name in runtime.FILES.items():
        body = (runtime.FOLDER / name).read_bytes()
        assert runtime.integrity(body) == runtime.INTEGRITY[part]
    sizes = sum((runtime.FOLDER / name).stat().st_size for name in runtime.FILES.values())
    assert sizes == runtime.BYTES


def test_a_runtime_that_is_another_one_is_not_kept(monkeypatch, tmp_path):
    """What npm delivers is held against the hashes before a page can be given it."""
    import io
    import tarfile

    def pack(command: list[str], folder: Path) -> None:
        with tarfile.open(folder / "onnxruntime-web.tgz", "w:gz") as archive:
            for name in runtime.FILES.values():
                entry = tarfile.TarInfo(f"package/dist/{name}")
                entry.size = 3
                archive.addfile(entry, io.BytesIO(b"bad"))

    monkeypatch.setattr(runtime, "_run", pack)
    monkeypatch.setattr(runtime, "_npm", lambda workplace: ["npm"])
    with pytest.raises(runtime.NotFetched, match="not the one"):
        runtime.fetch(tmp_path / "vendor")
    assert not (tmp_path / "vendor").exists()


def test_without_a_network_one_sentence_is_said_and_nothing_fails(monkeypatch, capsys, tmp_path):
    def fail(*_) -> None:
        raise runtime.NotFetched("no network")

    monkeypatch.setattr(runtime, "is_here", lambda: False)
    monkeypatch.setattr(runtime, "fetch", fail)
    assert runtime.main() == 0
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "no network" in said


def test_make_waits_for_the_file_that_the_command_fetches(root: Path):
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    path = re.search(r"^RUNTIME\s*:=\s*(\S+)$", makefile, re.MULTILINE)[1]
    assert root / path == runtime.FOLDER / runtime.FILES["wasm"]
    assert subprocess.run(["git", "check-ignore", "-q", path], cwd=root).returncode == 0
