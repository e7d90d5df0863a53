"""Downstream tasks of the lecture, each with an example of its set and the way to where it is trained."""

from __future__ import annotations

from typing import Any

from app.engine import sets
from app.lesson import Context

SETS = {"classification": "sentiment", "entailment": "entailment", "choice": "choice"}
SPLIT = "test"


def draw(context: Context, task: str) -> dict[str, Any]:
    """{"task", "say", "example": [[name, text]], "answer", "link", "go"}; 문장 생성 has no labelled set."""
    told = {"task": task, "say": context.text(f"task.{task}.say"), "go": context.text(f"task.{task}.go")}
    if task == "generation":
        return told | {"example": [], "answer": "", "link": {"lesson": "next-token"}}
    name = SETS[task]
    about = sets.about(name)
    lang = context.lang if context.lang in about.languages else about.languages[0]
    row = min(sets.rows(name, SPLIT, lang), key=lambda row: sum(map(len, row.fields)))
    fields = [field for field in row.fields if field]
    names = context.words[f"task.{task}.fields"].split("\n")
    answer = fields[-2 + row.label] if task == "choice" else about.labels[lang][row.label]
    return told | {
        "example": [list(pair) for pair in zip(names, fields, strict=False)],
        "answer": answer,
        "link": {"lesson": "fine-tuning", "task": name},
    }
