"""The named endpoints of the app, for gradio_client and curl. What they compute is in app/endpoints.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from app import endpoints, i18n
from app.doors import preferred_language
from app.errors import UserError
from app.models import Registry
from app.settings import Settings


def publish(registry: Registry, settings: Settings) -> None:
    """Add the endpoints to the gr.Blocks that is being built. Everything else of the page stays unlisted."""

    def answer(request: gr.Request | None, endpoint: Callable[..., dict], *arguments: Any) -> dict:
        try:
            return endpoint(*arguments, registry=registry)
        except UserError as error:
            accepted = request.headers.get("accept-language", "") if request else ""
            lang = preferred_language(accepted) if settings.lang == "auto" else settings.lang
            raise gr.Error(i18n.sentence(error, lang), print_exception=False) from error

    def tokenize(text: str, model: str, request: gr.Request = None) -> dict:
        return answer(request, endpoints.tokenize, text, model)

    def next_token(
        text: str,
        model: str,
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
        request: gr.Request = None,
    ) -> dict:
        return answer(request, endpoints.next_token, text, model, temperature, top_k, top_p)

    def generate(
        text: str,
        model: str,
        n: int = 20,
        strategy: str = "greedy",
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
        seed: int = 0,
        request: gr.Request = None,
    ) -> dict:
        return answer(request, endpoints.generate, text, model, n, strategy, temperature, top_k, top_p, seed)

    def trace(text: str, model: str, name: str = "", request: gr.Request = None) -> dict:
        return answer(request, endpoints.trace, text, model, name)

    for function in (tokenize, next_token, generate, trace):
        described = getattr(endpoints, function.__name__).__doc__
        gr.api(function, api_name=function.__name__, api_description=described, concurrency_limit=8)
