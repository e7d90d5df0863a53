"""What templates can mention: Korean nouns, names and phrases, and their English counterparts."""

from dataclasses import dataclass, field

from .conjugation import conjugate, copula
from .english import inflect, with_article
from .hangul import final_of, particle

_PRONOUN_FORMS = {
    ("나", "이"): "내가",
    ("저", "이"): "제가",
    ("나", "의"): "내",
    ("저", "의"): "제",
}


@dataclass(frozen=True)
class Noun:
    """A Korean noun. spec: '' | particle | 'intro:particle' | '이다', '이다past', '이다q' (and '@level')."""

    word: str
    intro: str = ""  # how it enters a document: '작은 토끼'
    head: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "head", self.head or self.word)

    def form(self, spec: str, level: str) -> str:
        if spec.startswith("intro"):
            return (self.intro or self.word) + particle(self.intro or self.word, spec[6:])
        if spec.startswith("이다"):
            tense, _, fixed = spec[2:].partition("@")
            return copula(self.word, tense or "pres", fixed or level)
        base = self._base(spec)
        return base + particle(base, spec)

    def _base(self, name: str) -> str:
        """What a particle is attached to."""
        return self.word


@dataclass(frozen=True)
class Name(Noun):
    """A Korean first name: 민준 becomes 민준이 before most particles, not in the vocative or before 이다."""

    def _base(self, name: str) -> str:
        if name in ("아", "이라는", "이라고") or final_of(self.word) == " ":
            return self.word
        return self.word + "이"


@dataclass(frozen=True)
class Pronoun(Noun):
    """나 and 저 with their irregular subject and possessive forms."""

    def form(self, spec: str, level: str) -> str:
        return _PRONOUN_FORMS.get((self.word, spec)) or super().form(spec, level)


@dataclass(frozen=True)
class Phrase:
    """A Korean predicate phrase such as 책을 읽다; spec is an ending, '@level' fixes the speech level."""

    dictionary: str
    head: str = ""

    def form(self, spec: str, level: str) -> str:
        ending, _, fixed = spec.partition("@")
        return conjugate(self.dictionary, ending, fixed or level)


@dataclass(frozen=True)
class Plain:
    """A fixed wording: a Korean one takes particles and 이다, an English one an article (spec 'a')."""

    word: str
    head: str = ""

    def form(self, spec: str, level: str) -> str:
        if spec == "a":
            return with_article(self.word)
        if spec.startswith("이다"):
            return Noun(self.word).form(spec, level)
        return self.word + (particle(self.word, spec) if spec else "")


_PRONOUNS = {
    "he": {"he": "he", "him": "him", "his": "his"},
    "she": {"he": "she", "him": "her", "his": "her"},
    "it": {"he": "it", "him": "it", "his": "its"},
}


@dataclass(frozen=True)
class EnglishNoun:
    """An English noun phrase.

    spec: '' (the red ball) | 'a' (a red ball) | 'bare' (red ball) | 'call' (Fox) | 'many' (foxes) | 'intro' |
    'he' | 'him' | 'his'.
    """

    word: str
    intro: str = ""
    pronoun: str = "it"
    article: str = "the"
    uncountable: bool = False
    plural: str = ""
    head: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "head", self.head or self.word)

    def form(self, spec: str, level: str) -> str:
        if spec in ("he", "him", "his"):
            return _PRONOUNS[self.pronoun][spec]
        if spec == "intro":
            return self.intro or with_article(self.word)
        if spec == "bare":
            return self.word
        if spec == "many":
            return self.plural
        if spec == "call":
            return self.word[0].upper() + self.word[1:]
        if spec == "a":
            return f"some {self.word}" if self.uncountable else with_article(self.word)
        return f"{self.article} {self.word}" if self.article else self.word


@dataclass(frozen=True)
class EnglishPlace:
    """A place. spec: '' (the library) | 'at' (at the library) | 'to' (to the library, home)."""

    word: str  # 'the library', 'school', 'home'
    preposition: str = "at"
    towards: str = ""
    head: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        bare = self.word.removeprefix("the ").removeprefix("a ").removeprefix("my ")
        object.__setattr__(self, "head", bare)

    def form(self, spec: str, level: str) -> str:
        if spec == "at":
            return f"{self.preposition} {self.word}"
        if spec == "to":
            return self.towards or f"to {self.word}"
        return self.word


@dataclass(frozen=True)
class EnglishPhrase:
    """An English verb phrase such as 'read a book'. spec: '' (base form) | 'past'."""

    base: str
    head: str = ""

    def form(self, spec: str, level: str) -> str:
        return inflect(self.base, spec)
