"""The named endpoints of the app, for gradio_client and curl. What they compute is in app/endpoints.py,
app/task_endpoints.py, app/attention_endpoints.py, app/pretraining_endpoints.py and app/glossary_endpoints.py.

Gradio only lists and describes them; calls are answered by app/doors/calls.py, which runs the very same
functions. Their last argument `lang` is read there: it is the language of a sentence that says what is wrong.
"""

# No `from __future__ import annotations`: Gradio describes what a function returns by its annotation itself.
from collections.abc import Callable
from typing import Any, Literal

import gradio as gr

from app import attention_endpoints, endpoints, glossary_endpoints, pretraining_endpoints, task_endpoints
from app.models import Registry
from app.returns import (
    Attention,
    BuiltInput,
    FewShot,
    FilledBlank,
    Generated,
    Intervened,
    LogProbs,
    Losses,
    Models,
    Names,
    NextToken,
    Relations,
    ScoredHeads,
    Tokens,
    Traced,
)

MODULES = (endpoints, task_endpoints, attention_endpoints, pretraining_endpoints, glossary_endpoints)


def functions(registry: Registry) -> dict[str, Callable[..., Any]]:
    """{name: function of the arguments that a call gives}. One that generates is run step by step."""

    def models(lang: str = "") -> Models:
        return endpoints.models(registry=registry)

    def tokenize(text: str, model: str, lang: str = "") -> Tokens:
        return endpoints.tokenize(text, model, registry=registry)

    def next_token(
        text: str, model: str, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0, lang: str = ""
    ) -> NextToken:
        return endpoints.next_token(text, model, temperature, top_k, top_p, registry=registry)

    def generate(
        text: str,
        model: str,
        n: int = 20,
        strategy: Literal["greedy", "sample", "beam"] = "greedy",
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
        seed: int = 0,
        lang: str = "",
    ) -> Generated:
        return endpoints.generating(
            text, model, n, strategy, temperature, top_k, top_p, seed, registry=registry
        )

    def trace(text: str, model: str, name: str = "", lang: str = "") -> Traced | Names:
        return endpoints.trace(text, model, name, registry=registry)

    def build_input(
        task: Literal["classification", "entailment", "similarity", "choice"],
        texts: str,
        model: str,
        lang: str = "",
    ) -> BuiltInput:
        return task_endpoints.build_input(task, texts, model, registry=registry)

    def objective(texts: str, labels: str, lambda_: float, model: str, lang: str = "") -> Losses:
        return task_endpoints.computing_objective(texts, labels, lambda_, model, registry=registry)

    def log_probs(text: str, model: str, k: int, lang: str = "") -> LogProbs:
        return pretraining_endpoints.measuring(text, model, k, registry=registry)

    listed = (models, tokenize, next_token, generate, trace, build_input, objective, log_probs)
    return {function.__name__: function for function in listed} | _of_attention(registry) | _of_glossary()


def _of_attention(registry: Registry) -> dict[str, Callable[..., Any]]:
    def attention(text: str, model: str, layer: int, head: int, lang: str = "") -> Attention:
        return attention_endpoints.attending(text, model, layer, head, registry=registry)

    def head_scores(model: str, lang: str = "") -> ScoredHeads:
        return attention_endpoints.scoring(model, registry=registry)

    def ablate(
        text: str, model: str, heads: str, mode: Literal["zero", "mean"] = "zero", lang: str = ""
    ) -> Intervened:
        return attention_endpoints.ablating(text, model, heads, mode, registry=registry)

    def patch(text: str, other: str, model: str, heads: str, lang: str = "") -> Intervened:
        return attention_endpoints.patching(text, other, model, heads, registry=registry)

    return {function.__name__: function for function in (attention, head_scores, ablate, patch)}


def _of_glossary() -> dict[str, Callable[..., Any]]:
    def fill_blank(text: str, position: int, lang: str = "") -> FilledBlank:
        return glossary_endpoints.fill_blank(text, position)

    def few_shot(relation: str = "", shots: int = 4, seed: int = 0, lang: str = "") -> FewShot | Relations:
        return glossary_endpoints.few_shot(relation, shots, seed)

    return {function.__name__: function for function in (fill_blank, few_shot)}


def publish(registry: Registry) -> None:
    """List the endpoints in the gr.Blocks that is being built. Everything else of the page stays unlisted."""
    for name, function in functions(registry).items():
        computed = next(getattr(module, name) for module in MODULES if hasattr(module, name))
        told = f"{computed.__doc__}\n\n{endpoints.ABOUT_LANG}"
        gr.api(function, api_name=name, api_description=" ".join(told.split()))
