"""The line 「여기를 보세요」 of 「용어」, computed from what is on show."""

from __future__ import annotations

from app.engine.finetune import N_SOFT_PROMPTS
from app.engine.ways import costs
from app.views import few_shot
from app.views.numbers import percent
from lessons.glossary import compute, ways
from lessons.glossary.picture import Picture, n_numbers
from lessons.glossary.preview import NUMBERS_OF_A_CELL
from lessons.glossary.state import demo


def told(picture: Picture) -> str:
    """One or two sentences about the open card's picture; of a card without one, about the blank."""
    words, state, gpt = picture.words, picture.state, picture.gpt
    if state.table:
        return of_table(picture)
    if state.term in ("language-model", "transfer-learning"):
        n = n_numbers(gpt)
        return words("look.model", n=f"{n:,}", cells=-(-n // NUMBERS_OF_A_CELL))
    if state.term == "fine-tuning":
        full, _, _ = costs(gpt, ())
        return words("look.fine-tuning", n=f"{full.n_changed:,}", size=ways.size(full.bytes_of_a_task))
    if state.term == "prompt-tuning":
        _, prompt, _ = costs(gpt, ())
        share = percent(prompt.n_changed / n_numbers(gpt), 2)
        return words(
            "look.prompt-tuning",
            n=f"{prompt.n_changed:,}",
            d=gpt.d_model,
            vectors=N_SOFT_PROMPTS,
            share=share,
            size=ways.size(prompt.bytes_of_a_task),
        )
    if demo(state.term) == "few":
        return few_shot.told(picture.context, picture.examples, picture.relation, state.shots)
    if demo(state.term) == "tasks":
        return words("look.tasks")
    return of_blank(picture)


def of_table(picture: Picture) -> str:
    """What each of the three ways stores when there are many tasks."""
    n = ways.TASKS[-1]
    stored = {way.replace("-", "_"): size for way, size in ways.stored(picture.context.lang, n).items()}
    return picture.words("look.table", n=n, **stored)


def of_blank(picture: Picture) -> str:
    """Who gives the hidden token more, and why: GPT sees only what stands at the left."""
    found, words = picture.blank, picture.words
    told_ = words(
        f"look.blank.{found.who}",
        word=picture.named(found.position),
        gpt=percent(found.of_gpt),
        bert=percent(found.of_bert),
    )
    if not found.n_right:
        return f"{told_} {words('why.end', n=found.position)}"
    if found.who == "bert" and found.alone is not None and found.alone < found.of_bert / compute.SAME:
        return (
            f"{told_} {words('why.right', n=found.position, right=found.n_right, alone=percent(found.alone))}"
        )
    return f"{told_} {words(f'why.{found.who}', n=found.position, right=found.n_right)}"
