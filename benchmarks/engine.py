"""The engine on a model of GPT-2 small's size: one token with the cache, and a trace of 64 tokens.

    python -m benchmarks.engine [--rounds 9]

The model has random weights (time does not depend on them) and lies in a local folder, like one given with
--model. The references are transformers' own: `generate` with its cache, and a forward that returns
attentions and hidden states. Each round runs all four in turn, on one thread, so that they meet the same
load.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch

from app.engine.next_token import generate
from app.engine.trace import trace
from app.models import load
from benchmarks.report import Figure, report
from tests.tiny_models import write_folder

STEP_BAR, TRACE_BAR = 1.2, 1.3  # times the reference
GPT2_SMALL = {"n_embd": 768, "n_layer": 12, "n_head": 12, "vocab_size": 50257, "eos_token_id": None}
N_PROMPT, N_NEW, N_TRACED = 16, 24, 64  # tokens


def seconds(run: Callable[[], object]) -> float:
    """How long one call of `run` takes."""
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


def contestants(folder: Path) -> dict[str, Callable[[], object]]:
    """What is timed, by name. Both steps write N_NEW tokens greedily after the same prompt."""
    spec = write_folder(folder, "gpt2", n_ctx=1024, **GPT2_SMALL)
    loaded, eager = load(spec), load(spec, eager=True)
    ids = torch.arange(1000, 1000 + N_TRACED)
    prompt = ids[:N_PROMPT]

    def our_steps() -> None:
        assert len(generate(loaded, prompt.tolist(), N_NEW)) == N_NEW

    def their_steps() -> None:
        attend = torch.ones(1, N_PROMPT)
        written = loaded.model.generate(
            prompt[None], attention_mask=attend, max_new_tokens=N_NEW, do_sample=False
        )
        assert written.shape == (1, N_PROMPT + N_NEW)

    def their_forward() -> None:
        with torch.no_grad():
            eager.model(ids[None], output_attentions=True, output_hidden_states=True)

    return {
        "our steps": our_steps,
        "their steps": their_steps,
        "our trace": lambda: trace(eager, ids.tolist()),
        "their forward": their_forward,
    }


def main() -> int:
    """Measure and report -> exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        runs = contestants(Path(folder) / "gpt2-small-sized")
        samples: dict[str, list[float]] = {name: [] for name in runs}
        for round_ in range(rounds + 1):
            for name, run in runs.items():
                took = 1000 * seconds(run)
                if round_:  # the first round warms up
                    samples[name].append(took / N_NEW if name.endswith("steps") else took)
    ms = {name: median(values) for name, values in samples.items()}
    figures = [
        Figure(
            "one token, our cache",
            ms["our steps"],
            "ms",
            note=f"{N_NEW} tokens after {N_PROMPT}, prompt included",
        ),
        Figure("one token, transformers' generate", ms["their steps"], "ms"),
        Figure("  ratio", ms["our steps"] / ms["their steps"], "x", STEP_BAR),
        Figure(f"our trace of {N_TRACED} tokens", ms["our trace"], "ms"),
        Figure("transformers' forward with all outputs", ms["their forward"], "ms"),
        Figure("  ratio", ms["our trace"] / ms["their forward"], "x", TRACE_BAR),
    ]
    return report("engine", figures, samples)


if __name__ == "__main__":
    sys.exit(main())
