"""What every part of the picture of 「용어」 draws from: the words, the state, the models, the blank."""

from __future__ import annotations

from functools import cached_property

from app.engine.few_shot import Relation
from app.lesson import Context, Page
from app.models import LoadedModel, MaskedModel, load, load_masked
from app.views import few_shot
from app.views.tokens import token_view
from lessons.glossary import compute
from lessons.glossary.preview import MODEL
from lessons.glossary.state import MIDDLE, State


class Picture:
    """One picture of one state: the models, and what is computed from them once."""

    def __init__(self, context: Context, page: Page, state: State):
        self.context, self.page, self.state, self.words = context, page, state, context.text
        self.gpt: LoadedModel = load(MODEL)
        self.bert: MaskedModel = load_masked()
        self.examples: LoadedModel = examples_model(context, page)

    @property
    def position(self) -> int:
        """Of the hidden token, as the state says."""
        if self.state.position != MIDDLE:
            return self.state.position
        if self.page.text == self.context.words["first_text"]:
            return int(self.context.words["first_blank"])
        return len(self.bert.tokenizer.encode(self.page.text)) // 2

    @cached_property
    def blank(self) -> compute.Blank:
        """The blank on show."""
        return compute.blank(self.gpt, self.bert, self.page.text, self.position)

    @cached_property
    def relation(self) -> Relation:
        """The lists of examples on show."""
        return few_shot.relation(self.state.relation, self.context.lang)

    def named(self, token: int) -> str:
        """A token of the text in a sentence."""
        view = token_view(self.blank.pieces[token])
        return view["label"] or view["piece"]


def examples_model(context: Context, page: Page) -> LoadedModel:
    """The model that reads the examples: the picked one if embedded, else that of its architecture."""
    spec = context.registry.spec(page.model)
    return load(spec if spec.source == "embedded" else f"tiny-{context.model(page).architecture}")


def n_numbers(loaded: LoadedModel) -> int:
    """How many numbers a model is."""
    return sum(one.numel() for one in loaded.model.parameters())
