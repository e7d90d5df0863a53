"""「용어」: a blank that moves, examples that are added, and 20 fresh prompts, as the server computes them.

    python -m benchmarks.glossary [--times 40]

Two pages in the same Chromium take turns: the lesson and the bare queued event of `benchmarks.round_trip`.
Time runs from the action to the second frame after the drawing. The rest runs in this process, on one thread,
on the embedded models. The reference of the blank is the plain forward pass of `transformers` on the same
text, in turn with it; that of the examples is one such pass of tiny-gpt2 for every candidate. The longest
pause is how long others wait while 20 prompts are answered.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from itertools import cycle

import torch
from playwright.sync_api import Page

from app.engine import few_shot, ways
from app.engine.blank import fill_blank, from_the_left
from app.engine.memory import SHARED
from app.models import load, load_masked
from app.models.registry import EMBEDDED
from benchmarks.architecture import SEND, beside_bare
from benchmarks.report import Figure, quantile, report
from benchmarks.round_trip import TURN, press

BLANK_BAR, SHOTS_BAR = 200, 200  # ms
FRESH_BAR, PAUSE_BAR = 1500, 200  # ms
TEXT = "비가 많이 와서 나는 우산을 쓰고 친구와 함께 학교에 갔다. 그리고 점심을 먹고 집에 왔다."
RELATIONS = ("ko_noun english", "en_noun category", "ko 동물 과일", "en bird furniture")
MOST_SHOTS, SHOTS = few_shot.MOST_SHOTS, (0, 1, 2, 4, 8)
WARM_UP = 5
SET = SEND.replace("(text)", "([name, value])").replace(
    '{ type: "text", text }', '{ type: "set", name, value }'
)


def milliseconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return 1000 * (time.perf_counter() - began)


def blanks(times: int) -> dict[str, list[float]]:
    """Move the blank along the text: both models, patterns included; and the plain pass beside it."""
    gpt, bert = load(EMBEDDED[0]), load_masked()
    ids = bert.tokenizer.encode(TEXT)
    plain = torch.tensor([[*ids, bert.eot_id]])
    samples: dict[str, list[float]] = {"blank": [], "plain blank": []}

    def both(position: int) -> None:
        SHARED.clear()  # as for a text that nobody has read yet
        from_the_left(gpt, fill_blank(bert, TEXT, position, patterns=True).ids, position)

    def reference() -> None:
        with torch.no_grad():
            bert.model(plain)
            gpt.model(plain)

    for index in range(times + WARM_UP):
        ours, theirs = milliseconds(lambda: both(index % len(ids))), milliseconds(reference)  # noqa: B023
        if index >= WARM_UP:
            samples["blank"].append(ours)
            samples["plain blank"].append(theirs)
    return samples


def painted(times: int) -> dict[str, list[float]]:
    """Milliseconds until a moved blank, other examples, and the bare page's event were painted."""
    samples: dict[str, list[float]] = {"blank painted": [], "shots painted": [], "bare": []}

    def press_all(page: Page, name: str, values: Sequence[int]) -> list[float]:
        return [page.evaluate(SET, [name, value]) for value in values]

    with beside_bare("glossary") as (ours, theirs):
        positions = cycle(range(ours.evaluate("lab.active().value.blank.tokens.length")))
        numbers = cycle(SHOTS)
        for round_ in range(times // TURN + 1):
            moved = press_all(ours, "position", [next(positions) for _ in range(TURN)])
            shown = press_all(ours, "shots", [next(numbers) for _ in range(TURN)])
            bare = press(theirs, "#press", TURN)
            if round_:  # the first is the warm-up
                for name, values in zip(samples, (moved, shown, bare), strict=True):
                    samples[name] += values
    return samples


def shots(times: int) -> dict[str, list[float]]:
    """Another number of examples: the list drawn, every candidate asked; and a plain pass for each."""
    gpt = load(EMBEDDED[0])
    asked = cycle([(few_shot.relation_named(name), n) for n in SHOTS for name in RELATIONS])
    samples: dict[str, list[float]] = {"shots": [], "plain shots": []}
    for index in range(times + WARM_UP):
        relation, n = next(asked)
        one = few_shot.drawn(relation, n, index)
        rows = [gpt.tokenizer.encode(f"{one.prompt(n)} {candidate},") for candidate in one.candidates]

        def reference() -> None:
            with torch.no_grad():
                for row in rows:  # noqa: B023
                    gpt.model(torch.tensor([row])).logits.log_softmax(-1)

        ours = milliseconds(lambda: few_shot.answers(gpt, few_shot.drawn(relation, n, index), n))  # noqa: B023
        theirs = milliseconds(reference)
        if index >= WARM_UP:
            samples["shots"].append(ours)
            samples["plain shots"].append(theirs)
    return samples


def fresh(relation: str) -> tuple[float, float]:
    """(ms of 20 fresh prompts of eight examples, of the longest pause in them), the best of three."""
    gpt, found = load(EMBEDDED[0]), []
    for round_ in range(3):
        seeds = range(round_ * few_shot.N_PROMPTS, (round_ + 1) * few_shot.N_PROMPTS)
        began = last = time.perf_counter()
        longest = 0.0
        for _ in few_shot.measuring(gpt, few_shot.relation_named(relation), MOST_SHOTS, seeds):
            now = time.perf_counter()
            longest, last = max(longest, now - last), now
        found.append((1000 * (last - began), 1000 * longest))
    return min(found)


def main() -> int:
    """Measure and report -> exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=40)
    times = parser.parse_args().times
    torch.set_num_threads(1)
    samples = painted(times) | blanks(times) | shots(times)
    p50, p95 = ({name: quantile(values, q) for name, values in samples.items()} for q in (0.5, 0.95))
    n_tokens = f"{len(load_masked().tokenizer.encode(TEXT))} tokens, both models"
    figures = [
        Figure("blank moved -> repainted, p50", p50["blank painted"], "ms", BLANK_BAR),
        Figure("blank moved -> repainted, p95", p95["blank painted"], "ms"),
        Figure("shots changed -> repainted, p50", p50["shots painted"], "ms", SHOTS_BAR),
        Figure("shots changed -> repainted, p95", p95["shots painted"], "ms"),
        Figure("bare queued event, p50", p50["bare"], "ms"),
        Figure("  blank, ratio of p50", p50["blank painted"] / p50["bare"], "x"),
        Figure("  shots, ratio of p50", p50["shots painted"] / p50["bare"], "x"),
        Figure("blank moved, computed, p50", p50["blank"], "ms", BLANK_BAR, n_tokens),
        Figure("blank moved, computed, p95", p95["blank"], "ms"),
        Figure("  ratio to plain passes, p50", p50["blank"] / p50["plain blank"], "x"),
        Figure("shots changed, computed, p50", p50["shots"], "ms", SHOTS_BAR, f"{SHOTS} examples"),
        Figure("shots changed, computed, p95", p95["shots"], "ms"),
        Figure("  ratio to a plain pass per candidate, p50", p50["shots"] / p50["plain shots"], "x"),
    ]
    for name in RELATIONS:
        took, pause = fresh(name)
        figures.append(Figure(f"20 fresh prompts, {name}", took, "ms", FRESH_BAR, f"{MOST_SHOTS} examples"))
        figures.append(Figure("  longest pause", pause, "ms", PAUSE_BAR))
    for lang in ways.HELD_BACK:
        took = milliseconds(lambda: ways.in_context(load(EMBEDDED[0]), lang, ways.MOST_SHOTS, 0))  # noqa: B023
        figures.append(
            Figure(f"20 sentences in context, {lang}", took, "ms", note=f"{ways.MOST_SHOTS} examples")
        )
    return report("glossary", figures, samples)


if __name__ == "__main__":
    sys.exit(main())
