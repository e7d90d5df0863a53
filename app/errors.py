"""What a user caused or has to know, as data: a code and its details, never prose.

`app.i18n.sentence(error, lang)` turns one of these into a single sentence from `assets/text.<lang>.md`,
key `error.<code>`, with `{details}` filled in.
"""


def shown(value: object, longest: int = 80) -> str:
    """What came in, as a sentence may quote it: a text or a number in one line, of all else its type."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return type(value).__name__
    text = value[: 4 * longest] if isinstance(value, str) else str(value)
    return " ".join(text.encode("utf-8", "replace").decode().split())[:longest]


class UserError(Exception):
    """Base of every error a user may read.

    code: the key of the sentence, e.g. "unknown_model".
    details: the values that sentence may name, e.g. {"name": "gpt-9"}; plain strings and numbers.
    """

    def __init__(self, code: str, /, **details: str | int | float):
        super().__init__(code, details)
        self.code = code
        self.details = details

    def __str__(self) -> str:
        facts = ", ".join(f"{name}={value!r}" for name, value in self.details.items())
        return f"{self.code}({facts})"


class ModelError(UserError):
    """A model cannot be had: unknown, not reachable, of another architecture, damaged or unsafe."""


class InputError(UserError):
    """A text, a number or a choice that cannot be used."""
