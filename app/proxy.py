"""A proxy in the environment, which must not come between the app and its own address."""

from __future__ import annotations

from collections.abc import MutableMapping
from importlib.util import find_spec
from urllib.parse import urlsplit


def pass_by(environ: MutableMapping[str, str], host: str) -> None:
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
