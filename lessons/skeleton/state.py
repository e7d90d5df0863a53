"""What this lesson remembers of one learner. No torch here: the page needs it before torch is there."""

from dataclasses import dataclass, field

from app.links import integer

MOST_SHOWN = 40  # tokens in the picture


@dataclass(frozen=True)
class State:
    """Type, range and default of a field stand here once, for links, scenes, payloads and the slider.

    Args:
        lit: how many tokens are lit, from the first.
    """

    lit: int = field(default=2, metadata=integer(0, 12))
