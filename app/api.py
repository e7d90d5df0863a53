"""The named endpoints of the app, for gradio_client and curl. What they compute is in app/endpoints.py.

Gradio only lists and describes them; calls are answered by app/doors/calls.py, which runs the very same
functions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from app import endpoints
from app.models import Registry


def functions(registry: Registry) -> dict[str, Callable[..., Any]]:
    """{name: function of the arguments that a call gives}. One that generates is run step by step."""

    def tokenize(text: str, model: str) -> dict:
        return endpoints.tokenize(text, model, registry=registry)

    def next_token(
        text: str, model: str, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0
    ) -> dict:
        return endpoints.next_token(text, model, temperature, top_k, top_p, registry=registry)

    def generate(
        text: str,
        model: str,
        n: int = 20,
        strategy: str = "greedy",
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
        seed: int = 0,
    ) -> dict:
        return endpoints.generating(
            text, model, n, strategy, temperature, top_k, top_p, seed, registry=registry
        )

    def trace(text: str, model: str, name: str = "") -> dict:
        return endpoints.trace(text, model, name, registry=registry)

    return {function.__name__: function for function in (tokenize, next_token, generate, trace)}


def publish(registry: Registry) -> None:
    """List the endpoints in the gr.Blocks that is being built. Everything else of the page stays unlisted."""
    for name, function in functions(registry).items():
        gr.api(function, api_name=name, api_description=getattr(endpoints, name).__doc__)
