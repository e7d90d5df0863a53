"""The label words of the downstream tasks, in one place; each is a single token in both vocabularies."""

TASK_LABELS: dict[str, dict[str, tuple[str, ...]]] = {
    "sentiment": {"ko": ("긍정", "부정"), "en": ("positive", "negative")},
    "entailment": {"ko": ("함의", "중립"), "en": ("entailment", "neutral")},
    "similarity": {"ko": ("같음", "다름"), "en": ("same", "different")},
    "acceptability": {"ko": ("맞음", "틀림"), "en": ("right", "wrong")},
    "choice": {"ko": ("첫째", "둘째"), "en": ("first", "second")},
    "reference": {"ko": ("첫째", "둘째"), "en": ("first", "second")},
    "binding": {"ko": ("함의", "모순", "중립"), "en": ("entailment", "contradiction", "neutral")},
}
LABEL_WORDS: tuple[str, ...] = tuple(
    dict.fromkeys(word for by_lang in TASK_LABELS.values() for words in by_lang.values() for word in words)
)
