"""What the person who starts the app can choose -> one frozen `Settings`.

It comes from the command line and the environment. A flag beats its environment variable, our variable beats
the one that Gradio or the Hugging Face libraries know. What it says stands in assets/settings.<lang>.md.
Nothing heavy is imported here, so `--help` and a mistyped value answer at once.
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
from typing import Any, NamedTuple

from app import i18n, proxy
from app.languages import CODES
from app.terminal import bad_value, can_write, stop, stop_with, terminal_language, words

AUTO = "auto"

_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
_HUB_ID = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)?")
_HOST = re.compile(r"[A-Za-z0-9._:-]+")
_ROOT_PATH = re.compile(r"(https?://[^\s/?#]+)?(/[^\s?#]*)?")


class SettingError(ValueError):
    """A value that cannot be used; `kind` names the string `<kind>.wanted`: what to write instead."""

    def __init__(self, kind: str):
        super().__init__(kind)
        self.kind = kind


def _host(text: str) -> str:
    if not _HOST.fullmatch(text):
        raise SettingError("host")
    return text


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535):
        raise SettingError("port")
    return int(text)


def _lang(text: str) -> str:
    if text not in (AUTO, *CODES):
        raise SettingError("lang")
    return text


def _model(text: str) -> str:
    """A registry name or hub id as it is; what can only be a path must be a folder that exists."""
    folder = _folder(os.path.expanduser(text))
    if folder:
        return folder
    if text.startswith(".") or not _HUB_ID.fullmatch(text):
        raise SettingError("model")
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
        raise SettingError("root_path")
    return text.rstrip("/")


def _megabytes(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 7):
        raise SettingError("megabytes")
    return int(text)


def _switch(text: str) -> bool:
    if text.lower() not in _YES + _NO:
        raise SettingError("switch")
    return text.lower() in _YES


class Option(NamedTuple):
    """One row of the command line. `environment` is in order of precedence; its first name is ours."""

    name: str
    metavar: str
    environment: tuple[str, ...]
    read: Callable[[str], Any]

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")


OPTIONS = (
    Option("host", "HOST", ("OTAT_HOST", "GRADIO_SERVER_NAME"), _host),
    Option("port", "PORT", ("OTAT_PORT", "GRADIO_SERVER_PORT"), _port),
    Option("lang", "LANG", ("OTAT_LANG",), _lang),
    Option("model", "MODEL", ("OTAT_MODEL",), _model),
    Option("share", "", ("OTAT_SHARE", "GRADIO_SHARE"), _switch),
    Option("offline", "", ("OTAT_OFFLINE", "HF_HUB_OFFLINE"), _switch),
    Option("root_path", "PATH", ("OTAT_ROOT_PATH", "GRADIO_ROOT_PATH"), _root_path),
    Option("memory", "MB", ("OTAT_MEMORY",), _megabytes),
    Option("reload", "", ("OTAT_RELOAD",), _switch),
)


@dataclass(frozen=True)
class Settings:
    """How the app was started.

    Args:
        host: address to listen on.
        port: 1 to 65535, or None for the first free one that Gradio finds from 7860.
        lang: "auto" or a code of app/languages.py, for a visit whose link names no language.
        model: one more model for the picker (registry name, hub id or existing folder), or None.
        share: ask Gradio for a public address.
        offline: never touch the network.
        root_path: path or URL behind a proxy, without a slash at its end; "" for none.
        reload: look for changed scripts, styles and texts whenever a page is asked for.
        memory: megabytes of computed tensors that are kept for whoever asks for them again.
    """

    host: str = "127.0.0.1"
    port: int | None = None
    lang: str = AUTO
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
            codes = [code for code in CODES if can_write(sys.stdout, help_text((code,)))]
            print(help_text(codes or CODES[-1:]))
            raise SystemExit(0)
        if unknown:
            stop_with(lang, "unknown", argument=unknown[0])
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
        proxy.pass_by(environ, self.host)


def help_text(codes: Sequence[str] = CODES) -> str:
    """The answer to --help: each line in those languages, one under the other."""
    said = [words(lang) for lang in codes]
    lines = [
        " · ".join(i18n.shared_text(lang)["ui.name"] for lang in codes),
        "",
        f"  python app.py [--host HOST] [--port PORT] [--lang {'|'.join((AUTO, *CODES))}] [--model MODEL]",
        "                [--share] [--offline] [--root-path PATH]",
        "                [--memory MB] [--reload]",
        "",
    ]
    for option in OPTIONS:
        usage = f"{option.flag} {option.metavar}".rstrip()
        told = [i18n.fill(one[f"{option.name}.help"], languages=", ".join(CODES)) for one in said]
        lines += [f"  {usage if n == 0 else '':<18}{text}" for n, text in enumerate(told)]
    names = ", ".join(option.environment[0] for option in OPTIONS)
    return "\n".join([*lines, "", f"  {' · '.join(one['variables'] for one in said)}: {names}"])


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
            stop(lang, {code: bad_value(code, error.kind, source, got) for code in CODES})
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
        stop_with(lang, "cannot_listen", where=where)
