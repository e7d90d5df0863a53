"""What the person who starts the app can choose -> one frozen `Settings` (long: one table, two languages).

It comes from the command line and the environment. A flag beats its environment variable, our variable beats
the one that Gradio or the Hugging Face libraries know. Nothing heavy is imported here, so `--help` and a
mistyped value answer at once.
"""

from __future__ import annotations

import argparse
import os
import re
import socket
import sys
import unicodedata
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, NamedTuple, NoReturn, TextIO
from urllib.parse import urlsplit

LANGUAGES = ("auto", "ko", "en")
BAD_VALUE = 2  # exit code, as argparse and most command line tools have it

_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
_HUB_ID = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)?")
_HOST = re.compile(r"[A-Za-z0-9._:-]+")
_ROOT_PATH = re.compile(r"(https?://[^\s/?#]+)?(/[^\s?#]*)?")


class SettingError(ValueError):
    """A value that cannot be used: what to write instead, in both languages."""

    def __init__(self, ko: str, en: str):
        super().__init__(en)
        self.ko, self.en = ko, en


def _host(text: str) -> str:
    if not _HOST.fullmatch(text):
        raise SettingError("이 컴퓨터의 주소나 이름을 써 주세요", "takes an address or name of this computer")
    return text


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535):
        raise SettingError("1부터 65535까지의 정수를 써 주세요", "takes a whole number from 1 to 65535")
    return int(text)


def _lang(text: str) -> str:
    if text not in LANGUAGES:
        raise SettingError("auto, ko, en 가운데 하나를 써 주세요", "takes one of auto, ko, en")
    return text


def _model(text: str) -> str:
    """A registry name or hub id as it is; what can only be a path must be a folder that exists."""
    folder = _folder(os.path.expanduser(text))
    if folder:
        return folder
    if text.startswith(".") or not _HUB_ID.fullmatch(text):
        raise SettingError(
            "모델 이름, 허브 id(예: openai-community/gpt2), 있는 폴더 가운데 하나를 써 주세요",
            "takes a model name, a hub id such as openai-community/gpt2, or a folder that exists",
        )
    return text


def _folder(path: str) -> str | None:
    """The folder at `path`, whichever Unicode form its names are typed in and lie on the disk in.

    A keyboard writes 모델 in two characters or in five; macOS stores the one, Linux what it was given.
    """
    if os.path.isdir(path) or path.isascii():
        return path if os.path.isdir(path) else None
    above, name = os.path.split(path.rstrip("/"))
    wanted, above = unicodedata.normalize("NFC", name), _folder(above or ".")
    try:
        beside = sorted(os.listdir(above)) if above else []
    except OSError:  # not ours to read
        return None
    alike = (os.path.join(above, found) for found in beside if unicodedata.normalize("NFC", found) == wanted)
    return next(filter(os.path.isdir, alike), None)


def _root_path(text: str) -> str:
    if not text or not _ROOT_PATH.fullmatch(text):
        raise SettingError(
            "/로 시작하는 경로나 전체 URL을 써 주세요", "takes a path starting with / or a full URL"
        )
    return text.rstrip("/")


def _megabytes(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 7):
        raise SettingError(
            "메가바이트 수를 0부터 9999999까지의 정수로 써 주세요", "takes whole megabytes from 0 to 9999999"
        )
    return int(text)


def _switch(text: str) -> bool:
    if text.lower() not in _YES + _NO:
        raise SettingError("1이나 0을 써 주세요", "takes 1 or 0")
    return text.lower() in _YES


class Option(NamedTuple):
    """One row of the command line. `environment` is in order of precedence; its first name is ours."""

    name: str
    metavar: str
    environment: tuple[str, ...]
    read: Callable[[str], Any]
    help_ko: str
    help_en: str

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")


OPTIONS = (
    Option(
        "host",
        "HOST",
        ("OTAT_HOST", "GRADIO_SERVER_NAME"),
        _host,
        "기다릴 주소예요. 기본은 127.0.0.1(이 컴퓨터만), 교실에서는 0.0.0.0이에요.",
        "Address to listen on: 127.0.0.1 (default, this computer only), 0.0.0.0 in a classroom.",
    ),
    Option(
        "port",
        "PORT",
        ("OTAT_PORT", "GRADIO_SERVER_PORT"),
        _port,
        "포트 번호예요. 안 쓰면 7860부터 빈 포트를 찾아요.",
        "Port; without it, the first free one from 7860.",
    ),
    Option(
        "lang",
        "LANG",
        ("OTAT_LANG",),
        _lang,
        "첫 방문의 언어예요: auto(기본, 브라우저의 언어), ko, en.",
        "Language of a first visit: auto (default, the browser's), ko, en.",
    ),
    Option(
        "model",
        "MODEL",
        ("OTAT_MODEL",),
        _model,
        "모델 목록에 더할 GPT-1, GPT-2 구조의 모델이에요: 허브 id나 폴더.",
        "One more model of GPT-1 or GPT-2 architecture for the picker: a hub id or a folder.",
    ),
    Option(
        "share",
        "",
        ("OTAT_SHARE", "GRADIO_SHARE"),
        _switch,
        "인터넷에서 들어올 수 있는 임시 주소를 만들어요.",
        "Make a temporary public address on the internet.",
    ),
    Option(
        "offline",
        "",
        ("OTAT_OFFLINE", "HF_HUB_OFFLINE"),
        _switch,
        "네트워크를 전혀 쓰지 않아요. 들어 있는 모델은 그대로 돼요.",
        "Never touch the network; the embedded models work as ever.",
    ),
    Option(
        "root_path",
        "PATH",
        ("OTAT_ROOT_PATH", "GRADIO_ROOT_PATH"),
        _root_path,
        "리버스 프록시 뒤에 둘 때의 경로예요(예: /gpt).",
        "Path behind a reverse proxy, such as /gpt.",
    ),
    Option(
        "memory",
        "MB",
        ("OTAT_MEMORY",),
        _megabytes,
        "계산한 텐서를 다시 쓰려고 갖고 있을 메모리예요(메가바이트, 기본 512).",
        "Memory for tensors that may be asked for again, in megabytes (512).",
    ),
    Option(
        "reload",
        "",
        ("OTAT_RELOAD",),
        _switch,
        "고친 스크립트, 스타일, 글을 새로 고침만으로 보여 줘요(만드는 사람용).",
        "Show changed scripts, styles and texts after a reload of the page (for contributors).",
    ),
)


@dataclass(frozen=True)
class Settings:
    """How the app was started.

    Args:
        host: address to listen on.
        port: 1 to 65535, or None for the first free one that Gradio finds from 7860.
        lang: "auto", "ko" or "en", for a visit whose link names no language.
        model: one more model for the picker (registry name, hub id or existing folder), or None.
        share: ask Gradio for a public address.
        offline: never touch the network.
        root_path: path or URL behind a proxy, without a slash at its end; "" for none.
        reload: look for changed scripts, styles and texts whenever a page is asked for.
        memory: megabytes of computed tensors that are kept for whoever asks for them again.
    """

    host: str = "127.0.0.1"
    port: int | None = None
    lang: str = "auto"
    model: str | None = None
    share: bool = False
    offline: bool = False
    root_path: str = ""
    reload: bool = False
    memory: int = 512

    @classmethod
    def from_args(
        cls, argv: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ
    ) -> Settings:
        """Settings from `argv` (None: the command line) and the environment.

        Exits with one sentence and code 2 for a value that cannot be used, an address that is not this
        computer's and a port that is taken; prints the help and exits with 0 for --help.
        """
        parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
        parser.add_argument("-h", "--help", action="store_true")
        for option in OPTIONS:
            # A missing value becomes "" (a bad value with its own sentence), a bare switch "1".
            parser.add_argument(option.flag, nargs="?", const="" if option.metavar else "1")
        arguments, unknown = parser.parse_known_args(argv)
        lang = terminal_language(environ)
        if arguments.help:
            can = _can_write(sys.stdout, help_text())
            print(help_text() if can else help_text("en"))
            raise SystemExit(0)
        if unknown:
            stop(
                f"모르는 인자예요: {unknown[0]} (--help로 볼 수 있어요).",
                f"Unknown argument {unknown[0]} (see --help).",
                lang,
            )
        given = {option.name: getattr(arguments, option.name) for option in OPTIONS}
        settings = cls(**_read(given, environ, lang))
        _check_address(settings, lang)
        return settings

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Settings from the environment alone, for a `demo` that somebody else launches (`gradio app.py`).

        Exits as `from_args` does, but leaves the address alone: there it is not ours to open.
        """
        return cls(**_read({}, environ, terminal_language(environ)))

    def export(self, environ: MutableMapping[str, str] = os.environ) -> None:
        """Tell the libraries, which read the environment once: call it before gradio is imported."""
        environ["GRADIO_ANALYTICS_ENABLED"] = "False"
        # Many visitors share the cores, and each answer is short: a second thread for one would only wait for
        # others.
        environ.setdefault("OMP_NUM_THREADS", "1")
        if self.offline:
            environ["HF_HUB_OFFLINE"] = "1"
        _pass_the_proxy_by(environ, self.host)


def _pass_the_proxy_by(environ: MutableMapping[str, str], host: str) -> None:
    """A proxy in the environment is for the hub: Gradio, which asks its own address as it starts, goes past
    it.

    One of a kind that httpx cannot use here, as SOCKS without its package, would end the import of gradio; it
    is left out.
    """
    named = [name for name in environ if name.lower() in ("http_proxy", "https_proxy", "all_proxy")]
    if not named:
        return  # a `no_proxy` alone would hide the proxies that the system itself knows
    schemes = {"", "http", "https"} | ({"socks5", "socks5h"} if find_spec("socksio") else set())
    for name in named:
        if urlsplit(environ[name] if "://" in environ[name] else "//").scheme.lower() not in schemes:
            del environ[name]
    past = [environ.get(name, "") for name in ("no_proxy", "NO_PROXY")]
    past = list(dict.fromkeys(entry for entry in [*past, "127.0.0.1", "localhost", "::1", host] if entry))
    environ["no_proxy"] = environ["NO_PROXY"] = ",".join(past)


def help_text(lang: str = "ko") -> str:
    """The answer to --help: Korean first, English under it; with lang "en" the English alone, in ASCII."""
    both = lang != "en"
    lines = [
        "한 토큰씩 · One Token at a Time" if both else "One Token at a Time",
        "",
        "  python app.py [--host HOST] [--port PORT] [--lang auto|ko|en] [--model MODEL]",
        "                [--share] [--offline] [--root-path PATH]",
        "                [--memory MB] [--reload]",
        "",
    ]
    for option in OPTIONS:
        usage = f"{option.flag} {option.metavar}".rstrip()
        told = [option.help_ko, option.help_en] if both else [option.help_en]
        lines += [f"  {start:<18}{text}" for start, text in zip((usage, ""), told, strict=False)]
    names = ", ".join(option.environment[0] for option in OPTIONS)
    lines += ["", f"  {'환경 변수로도 돼요 · ' if both else ''}as environment variables: {names}"]
    return "\n".join(lines)


def _can_write(stream: TextIO, text: str) -> bool:
    """The terminal, or what reads this output in its place, has letters for `text`."""
    try:
        text.encode(getattr(stream, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _read(given: Mapping[str, str | None], environ: Mapping[str, str], lang: str) -> dict[str, Any]:
    """{name: value} of all options that were set, by flag or by an environment variable that is not empty."""
    values = {}
    for option in OPTIONS:
        candidates = [(option.flag, given.get(option.name))]
        candidates += [(name, environ.get(name) or None) for name in option.environment]
        source, text = next(((name, text) for name, text in candidates if text is not None), ("", None))
        if text is None:
            continue
        try:
            values[option.name] = option.read(text)
        except SettingError as error:
            got = repr(text if len(text) <= 80 else text[:80] + "…")
            stop(f"{source}에는 {error.ko} (받은 값: {got}).", f"{source} {error.en} (got {got}).", lang)
    return values


def _check_address(settings: Settings, lang: str) -> None:
    """Try to listen once, so that a taken port is one sentence here and not a traceback from the server."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port or 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            if os.name == "posix":  # as the server does it: a port in TIME_WAIT counts as free
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError:
        where = settings.host if settings.port is None else f"{settings.host}:{settings.port}"
        stop(
            f"이 주소에서는 열 수 없어요: {where} (다른 프로그램이 쓰고 있거나 이 컴퓨터의 주소가 아니에요).",
            f"Cannot listen on {where} (in use by another program, or not an address of this computer).",
            lang,
        )


def terminal_language(environ: Mapping[str, str]) -> str:
    """Korean first; English where the terminal's locale is English."""
    locale = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
    return "en" if locale.startswith("en") else "ko"


def stop(ko: str, en: str, lang: str) -> NoReturn:
    """Say the sentence in `lang`, or in English where the terminal has no Hangul, and end the program."""
    print(en if lang == "en" or not _can_write(sys.stderr, ko) else ko, file=sys.stderr)
    raise SystemExit(BAD_VALUE)
