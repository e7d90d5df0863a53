"""The pre-training corpus: a small world told in Korean and English (python -m training.corpus)."""

from .labels import LABEL_WORDS, TASK_LABELS

__all__ = ["LABEL_WORDS", "TASK_LABELS"]
