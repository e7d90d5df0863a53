"""Command line and environment: precedence, and one sentence with exit code 2 for every bad value."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from app.i18n import ASSETS, fill, load_text
from app.languages import CODES
from app.settings import OPTIONS, Settings, help_text
from tests.harness.matrix import quick

NOTHING: dict[str, str] = {}


def test_defaults_are_for_one_person_on_this_computer():
    assert Settings.from_args([], NOTHING) == Settings()
    assert Settings() == Settings("127.0.0.1", None, "auto", None, False, False, "", False)


def test_every_flag_reaches_its_field(tmp_path: Path):
    arguments = ["--host", "localhost", "--port", "54321", "--lang", "en", "--model", str(tmp_path)]
    arguments += ["--share", "--offline", "--root-path", "/gpt/", "--reload", "--memory", "64"]
    expected = Settings("localhost", 54321, "en", str(tmp_path), True, True, "/gpt", True, 64)
    assert Settings.from_args(arguments, NOTHING) == expected


def test_every_option_has_an_environment_variable():
    environ = {"OTAT_HOST": "0.0.0.0", "OTAT_PORT": "7861", "OTAT_LANG": "ko", "OTAT_MODEL": "a/b"}
    environ |= {"OTAT_SHARE": "yes", "OTAT_OFFLINE": "TRUE", "OTAT_ROOT_PATH": "https://example.org/gpt"}
    environ |= {"OTAT_RELOAD": "1", "OTAT_MEMORY": "0"}
    expected = Settings("0.0.0.0", 7861, "ko", "a/b", True, True, "https://example.org/gpt", True, 0)
    assert Settings.from_environment(environ) == expected
    assert {option.environment[0] for option in OPTIONS} == set(environ)


def test_flag_beats_our_variable_beats_the_library_s():
    environ = {"GRADIO_SERVER_PORT": "7001"}
    assert Settings.from_environment(environ).port == 7001
    environ |= {"OTAT_PORT": "7002"}
    assert Settings.from_environment(environ).port == 7002
    assert Settings.from_args(["--port", "7003"], environ).port == 7003
    assert Settings.from_args(["--offline", "0"], {"HF_HUB_OFFLINE": "1"}).offline is False


def test_an_empty_variable_is_as_if_not_set():
    assert Settings.from_environment({"OTAT_PORT": "", "OTAT_MODEL": ""}) == Settings()


@pytest.mark.parametrize("name", ["tiny-gpt2", "openai-community/gpt2"])
def test_names_and_hub_ids_pass_as_they_are(name: str):
    assert Settings.from_args(["--model", name], NOTHING).model == name


@pytest.mark.parametrize(
    "arguments",
    [
        ["--port", "abc"],
        ["--port", "0"],
        ["--port", "65536"],
        ["--port", "٣٣٣٣"],
        ["--port", "-1"],
        ["--port"],
        ["--port", ""],
        ["--lang", "fr"],
        ["--lang", ""],
        ["--host", "http://localhost"],
        ["--host", "two words"],
        ["--host", ""],
        ["--host", "192.0.2.1"],  # a documentation address (RFC 5737): nobody's computer
        ["--model", "./nowhere"],
        ["--model", "../nowhere"],
        ["--model", "/nowhere/at/all"],
        ["--model", "~/no such folder"],
        ["--model", "a/b/c"],
        ["--model", "a\0b"],
        ["--model", "m" * 5000 + "/" + "/"],
        ["--model", ""],
        ["--share", "perhaps"],
        ["--offline=maybe"],
        ["--root-path", "gpt"],
        ["--root-path", "/a?b"],
        ["--root-path", ""],
        ["--unknown"],
        ["stray"],
    ],
)
@pytest.mark.parametrize("locale", ["ko_KR.UTF-8", "en_US.UTF-8"])
def test_a_bad_value_is_one_sentence_and_code_2(arguments, locale, capsys):
    with pytest.raises(SystemExit) as stopped:
        Settings.from_args(arguments, {"LANG": locale})
    printed = capsys.readouterr()
    assert stopped.value.code == 2
    assert printed.out == ""
    assert len(printed.err.strip().splitlines()) == 1
    korean = any("가" <= character <= "힣" for character in printed.err)
    assert korean == locale.startswith("ko")
    assert arguments[0].split("=")[0] in printed.err or arguments[-1] in printed.err


def test_a_bad_variable_is_named_in_the_sentence(capsys):
    with pytest.raises(SystemExit) as stopped:
        Settings.from_environment({"GRADIO_SERVER_PORT": "x"})
    assert stopped.value.code == 2
    assert capsys.readouterr().err.startswith("GRADIO_SERVER_PORT에는 ")


def test_a_taken_port_is_one_sentence(capsys):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SystemExit) as stopped:
            Settings.from_args(["--port", str(port)], NOTHING)
    assert stopped.value.code == 2
    assert f"127.0.0.1:{port}" in capsys.readouterr().err


def test_help_names_every_flag_and_variable_in_every_language():
    text = help_text()
    assert "--lang auto|" + "|".join(CODES) in text
    for option in OPTIONS:
        assert option.flag in text
        for lang in CODES:
            told = load_text(ASSETS / f"settings.{lang}.md")[f"{option.name}.help"]
            assert fill(told, languages=", ".join(CODES)) in text
        assert option.environment[0] in text


def test_export_tells_the_libraries():
    environ: dict[str, str] = {}
    Settings(offline=True).export(environ)
    assert environ == {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}


def test_reading_settings_imports_neither_torch_nor_gradio(root: Path):
    """Otherwise `--help` would take seconds."""
    code = "import sys, app.settings; print({'torch', 'gradio', 'transformers'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


ENCODINGS = [
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONIOENCODING": "latin-1"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
]


@pytest.mark.parametrize("environ", ENCODINGS, ids=lambda environ: ",".join(environ.values()))
@pytest.mark.parametrize(("arguments", "code"), [(["--help"], 0), (["--lang", "한국어"], 2), (["--ㄱ"], 2)])
def test_a_terminal_without_hangul_gets_english(root, environ, arguments, code):
    command = [sys.executable, "app.py", *arguments]
    done = subprocess.run(command, cwd=root, env=os.environ | environ, capture_output=True, timeout=60)
    told = done.stderr if code else done.stdout
    assert done.returncode == code and b"Traceback" not in done.stderr, done.stderr
    assert told.isascii() and b"?" * 3 not in told and len(told.split()) > 3


def test_help_is_in_the_languages_that_can_be_written():
    both, english = help_text(), help_text(("en",))
    assert english.isascii() and len(both.splitlines()) == len(english.splitlines()) + len(OPTIONS)
    korean = load_text(ASSETS / "settings.ko.md")["port.help"]
    assert both.index(korean) < both.index(load_text(ASSETS / "settings.en.md")["port.help"])
    assert korean not in english


DEAD = "http://127.0.0.1:9"
PROXIES = [
    {},
    {"http_proxy": DEAD, "HTTPS_PROXY": DEAD, "ALL_PROXY": DEAD},
    {"ALL_PROXY": "socks5://127.0.0.1:9", "all_proxy": "socks4://127.0.0.1:9", "HTTP_PROXY": "127.0.0.1:9"},
    {"HTTP_PROXY": DEAD, "NO_PROXY": "example.org"},
    {"HTTP_PROXY": DEAD, "no_proxy": "*"},
]


@pytest.mark.parametrize("environ", PROXIES)
@pytest.mark.parametrize("host", quick(["127.0.0.1", "0.0.0.0", "classroom.local"]))
def test_the_app_reaches_itself_past_any_proxy(environ, host):
    """As httpx, through which Gradio asks, reads the environment."""
    exported = dict(environ)
    Settings(host=host).export(exported)
    code = "import sys, httpx; client = httpx.Client()\n"
    code += "for name in sys.argv[1:]:\n"
    code += "    used = client._transport_for_url(httpx.URL(f'http://{name}:7860/'))\n"
    code += "    assert not isinstance(used._pool, __import__('httpcore').HTTPProxy), name\n"
    names = ["127.0.0.1", "localhost", "[::1]", "127.0.0.1" if host == "0.0.0.0" else host]
    clean = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    subprocess.run([sys.executable, "-c", code, *names], env=clean | exported, check=True, timeout=60)
    kept = [name for name, value in environ.items() if value == DEAD]
    assert all(exported[name] == DEAD for name in kept), "the hub is still reached through it"
    assert environ.get("NO_PROXY", "") in exported.get("NO_PROXY", "")
    assert environ or not {"no_proxy", "NO_PROXY"} & set(exported), "the system's own proxies stay"
