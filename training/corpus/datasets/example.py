"""What all the tasks share: an example, and the writer of its sentences."""

from dataclasses import dataclass

from ..writer import Writer

__all__ = ["Example", "Writer"]


@dataclass(frozen=True)
class Example:
    """One labelled example: the fields that the task's input transformation takes, and the label's index."""

    fields: tuple[str, ...]
    label: int
