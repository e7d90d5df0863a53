"""How a run goes if nobody says otherwise: steps, batch, learning rate, warm-up.

One recipe for all kinds of tasks and both GPTs, chosen on the `dev` splits; the sweep stands in
docs/models-log.md. The evaluation, the browser and the model cards read it here.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """warm_up: the share of the steps in which the learning rate rises; it then falls to zero in a line, as
    in GPT-1, section 4.1. prompt_learning_rate: for soft prompts, which alone have to move the whole model.
    """

    steps: int = 300
    batch_size: int = 8
    learning_rate: float = 1e-3
    prompt_learning_rate: float = 3e-2
    warm_up: float = 0.1
    lambda_: float = 0.5

    def learning_rate_at(self, step: int, n_steps: int, peak: float | None = None) -> float:
        """The rate of step `step` of `n_steps`, counted from 0; no step has the rate 0. peak: another one."""
        n_warm_up = max(1, round(self.warm_up * n_steps))
        share = min((step + 1) / n_warm_up, (n_steps - step) / (n_steps - n_warm_up + 1))
        return share * (self.learning_rate if peak is None else peak)


RECIPE = Recipe()
