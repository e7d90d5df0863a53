"""The scripts of training in the browser, run in Chromium on a page that holds nothing else."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from playwright.sync_api import Browser, Page

from app.browser import page as training
from app.engine.finetune import Plan
from app.engine.parameters import Shape, flatten, unflatten
from tests.harness.server import Server
from tests.harness.visit import is_local

N_OUT = 8
SCRIPTS = "m/0/assets/js/training/"  # below the server; an unknown hash gives what there is

# Helpers for the scripts of the tests: load(name) imports one, packed(array) makes what `unpacked` reads.
HELPERS = """
window.load = (name) => import(new URL(name, window.scripts).href);
window.packed = (array) => new Promise((done) => {
  const reader = new FileReader();
  reader.onload = () => done(`${array.constructor.name}:${reader.result.split(",")[1] ?? ""}`);
  reader.readAsDataURL(new Blob([array]));
});
window.material = async (name) => {
  const { reader } = await load("start.js");
  const manifest = await (await fetch(window.told.files + "manifest.json")).json();
  const weights = await (await fetch(`${window.told.files}${name}/weights.safetensors`)).arrayBuffer();
  return { manifest, model: { name, ...manifest.models[name] }, read: reader(weights) };
};
"""
TYPES = {"Float32Array": np.float32, "Uint8Array": np.uint8, "BigInt64Array": np.int64}


@dataclass
class Scripts:
    """A page that holds none of the app but may import its scripts.

    asked: every address that it or its worker asked for. outside: those off this machine, all blocked.
    """

    page: Page
    asked: list[str]

    def run(self, script: str, argument: Any = None) -> Any:
        """The value of a JavaScript function; a worker's answer may take minutes."""
        return self.page.evaluate(script, argument)

    @property
    def outside(self) -> list[str]:
        return [address for address in self.asked if not is_local(address)]


@contextmanager
def scripts(browser: Browser, server: Server, where: dict[str, Any] | None = None) -> Iterator[Scripts]:
    """Open such a page. where: what it is told in place of what an offline server tells."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(300_000)
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page.goto(f"{server.url}{SCRIPTS}trainer.js")
    told = where or training.told(offline=True)
    page.evaluate(
        "([home, scripts, told]) => Object.assign(window, { home, scripts: home + scripts,"
        " told: { ...told, files: new URL(told.files, home).href } })",
        [server.url, SCRIPTS, told],
    )
    page.evaluate(f"() => {{ {HELPERS} }}")
    yield Scripts(page, asked)
    context.close()


def unpacked(told: str) -> np.ndarray:
    """What `packed` made of a typed array."""
    kind, _, body = told.partition(":")
    return np.frombuffer(base64.b64decode(body), TYPES[kind])


def widened(narrow: Shape, flat: torch.Tensor) -> tuple[Shape, torch.Tensor]:
    """A vector of a run whose W_y has a column for each label -> with the graphs' eight, the rest 0."""
    shape = Shape(**{**vars(narrow), "n_out": N_OUT})
    parts = unflatten(narrow, flat)
    beside = torch.zeros(narrow.d_model, N_OUT - narrow.n_out, dtype=flat.dtype)
    return shape, flatten(shape, {**parts, "w_y": torch.cat([parts["w_y"], beside], 1)})


# A trainer in the page: its news in `news`, its faults among them.
TRAINER = """async (more) => {
  const { trainer } = await load("trainer.js");
  window.news = [];
  window.trainer?.close();
  window.trainer = trainer(told, { home, onNews: (one) => news.push(one), ...more });
}"""


def in_browser(plan: Plan) -> dict[str, Any]:
    """The plan as trainer.js takes it."""
    return {
        "kind": plan.kind,
        "nLabels": plan.n_labels,
        "nLayersTransferred": plan.n_layers_transferred,
        "trained": plan.trained,
        "nLastLayers": plan.n_last_layers,
        "labelTokens": list(plan.label_tokens),
        "seed": plan.seed,
    }
