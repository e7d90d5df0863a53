"""`--model` with a folder: what is wrong with it is one sentence at the start, and what is right is found."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import i18n, start
from app.errors import ModelError
from app.languages import CODES
from app.models import ModelSpec, Registry, check_folder, load
from app.settings import Settings
from app.shell import _shell_words
from app.views import snippet
from lessons.next_token.lesson import LESSON
from tests.mounted import Mounted, Visitor, tiny_registry
from tests.tiny_models import byte_level_tokenizer, write_folder

ROOT = Path(__file__).parents[2]
NAMES = ["모델", "my-gpt", "é", "모델 둘/가나"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good one."""
    folder = tmp_path_factory.mktemp("models") / "small"
    write_folder(folder, "gpt2")
    return folder


def _other_architecture(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "llama"}))


def _cut_off(folder: Path) -> None:
    data = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(data[: len(data) // 2])


def _more_tokens(folder: Path) -> None:
    tokenizer = byte_level_tokenizer()
    tokenizer.add_tokens(["one token too many"])
    tokenizer.save(str(folder / "tokenizer.json"))


FAULTS = {
    "not_a_model": lambda folder: (folder / "config.json").unlink(),
    "wrong_architecture": _other_architecture,
    "missing_weights": lambda folder: (folder / "model.safetensors").unlink(),
    "unsafe_weights": lambda folder: (folder / "model.safetensors").rename(folder / "pytorch_model.bin"),
    "broken_weights": _cut_off,
    "missing_tokenizer": lambda folder: (folder / "tokenizer.json").unlink(),
    "broken_tokenizer": lambda folder: (folder / "tokenizer.json").write_text("{"),
    "tokenizer_mismatch": _more_tokens,
}


@pytest.fixture
def faulty(folder: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A copy of the good folder with the fault of that code."""
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    FAULTS[request.param](copy)
    return copy


@pytest.fixture
def faulty_folder(tmp_path: Path) -> Path:
    """One that is empty."""
    (tmp_path / "empty").mkdir()
    return tmp_path / "empty"


@pytest.mark.parametrize(("faulty", "code"), [(code, code) for code in FAULTS], indirect=["faulty"])
def test_a_fault_is_found_at_once_and_is_what_loading_would_say(faulty: Path, code: str):
    with pytest.raises(ModelError) as found:
        check_folder(faulty, "it")
    assert found.value.code == code
    if code != "wrong_architecture":
        with pytest.raises(ModelError) as loaded:
            load(ModelSpec("local/it", "local", str(faulty)))
        assert loaded.value.code == code


@pytest.mark.parametrize("lang", CODES)
@pytest.mark.parametrize(("faulty", "code"), [(code, code) for code in FAULTS], indirect=["faulty"])
def test_it_is_one_sentence_and_code_2(faulty: Path, code: str, lang: str, capsys):
    settings = Settings(model=str(faulty))
    with pytest.raises(SystemExit) as stopped:
        start.check_model(settings, {"LANG": f"{lang}_XX.UTF-8"})
    assert stopped.value.code == 2
    more = {"architecture": "llama"} if code == "wrong_architecture" else {}
    told = i18n.sentence(ModelError(code, name=str(faulty), **more), lang)
    assert capsys.readouterr() == ("", told + "\n")


@pytest.mark.parametrize("how", ["flag", "variable"])
def test_the_app_looks_before_it_imports_anything_large(faulty_folder: Path, how: str):
    """A host who mistypes something waits for nothing. `gradio app.py` reads the variable."""
    command, environ = [sys.executable, "-X", "importtime", "app.py"], dict(os.environ)
    if how == "flag":
        command += ["--model", str(faulty_folder)]
    else:
        command[-1:] = ["-c", "import app as _; exec(open('app.py').read(), {'__name__': 'app_py'})"]
        environ["OTAT_MODEL"] = str(faulty_folder)
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60)
    said = [line for line in done.stderr.splitlines() if not line.startswith("import time:")]
    assert done.returncode == 2 and len(said) == 1 and str(faulty_folder) in said[0]
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert not {"torch", "transformers", "gradio"} & imported


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("on_disk", ["NFC", "NFD"])
@pytest.mark.parametrize("typed", ["NFC", "NFD"])
def test_a_folder_is_found_in_whichever_form_it_is_typed(folder, tmp_path, name, on_disk, typed):
    lies = tmp_path / unicodedata.normalize(on_disk, name)
    shutil.copytree(folder, lies)
    asked = str(tmp_path / unicodedata.normalize(typed, name))
    settings = Settings.from_args(["--model", asked], {})
    assert Path(settings.model).samefile(lies)
    registry = Registry(settings.model)
    last = name.split("/")[-1]
    assert registry.default == unicodedata.normalize("NFC", f"local/{last}"), "links are in NFC"
    for form in ("NFC", "NFD"):
        assert registry.spec(unicodedata.normalize(form, f"local/{last}")).location == str(lies)


@pytest.mark.parametrize("path", ["/없는/곳", "없어요", "./가", ""])
def test_what_is_no_folder_is_still_none(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "가").write_text("a file")
    with pytest.raises(SystemExit) as stopped:
        Settings.from_args(["--model", path], {})
    assert stopped.value.code == 2


def test_what_from_pretrained_takes(tmp_path, monkeypatch):
    """From where the app was started; the rest of a path is nobody's business."""
    folder = tmp_path / "home" / "my models" / "one"
    folder.mkdir(parents=True)
    spec = ModelSpec("local/one", "local", str(folder))
    monkeypatch.chdir(tmp_path / "home")
    assert snippet.loadable(spec) == "my models/one"
    monkeypatch.chdir(ROOT)
    assert snippet.loadable(spec) == "./one"
    assert snippet.loadable(Registry().spec("openai-community/gpt2")) == "openai-community/gpt2"
    assert snippet.loadable(Registry().spec("tiny-gpt1")) == "assets/models/tiny-gpt1"
    assert (ROOT / "assets/models/tiny-gpt1/config.json").is_file()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mounted]:
    """「GPT란?」 on a server that may not use the network."""
    with (
        tiny_registry(tmp_path_factory.mktemp("embedded")) as registry,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("HF_HUB_CACHE", "/nowhere")
        yield Mounted(LESSON, LESSON.stage, registry)


def test_the_embedded_model_goes_on_only_where_it_says_so(page: Mounted):
    """It took the place of a link's model; a press on another one leaves whichever was there."""
    visitor = Visitor(page)
    followed = visitor.enter("model=distilbert/distilgpt2")
    assert followed["model"] == "tiny-gpt2" and followed["notice"].endswith("tiny-gpt2로 계속할게요.")
    visitor.act("model", name="tiny-gpt1")
    pressed = visitor.act("model", name="distilbert/distilgpt2")
    assert pressed["model"] == "tiny-gpt1" and pressed["notice"] and "계속" not in pressed["notice"]
    offline = ModelError("model_offline", name="x")
    assert "계속" not in page.host.refuse(offline, "ko"), "an endpoint goes on with nothing"


def test_the_picker_calls_a_model_as_the_endpoints_do(folder: Path):
    """The three of the hub go by their short names, which nothing else can have."""
    registry = Registry(str(folder))
    shown = {entry["name"]: entry["label"] for entry in _shell_words(registry, "ko")["models"]}
    assert shown["local/small"] == "local/small" and shown["tiny-gpt1"] == "tiny-gpt1"
    assert shown["openai-community/gpt2"] == "gpt2"
    labels = list(_shell_words(Registry("somebody/gpt2"), "ko")["models"])
    assert len({entry["label"] for entry in labels}) == len(labels)
