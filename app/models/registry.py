"""Which models there are: the embedded ones, the one given at the start, and three on the Hugging Face hub.

A name in a link or an endpoint is looked up here and nowhere else, so no visitor can name a path. Needs
neither torch nor transformers: the first page shows the picker before they are imported.
"""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from app.errors import ModelError, shown

MODELS_FOLDER = Path(__file__).parents[2] / "assets" / "models"
EMBEDDED = ("tiny-gpt2", "tiny-gpt1")
HUB = ("openai-community/gpt2", "distilbert/distilgpt2", "openai-community/openai-gpt")
_SHORT = {name.partition("/")[2]: name for name in HUB}  # as the hub itself knew them first
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")


@dataclass(frozen=True)
class ModelSpec:
    """Where a model comes from. `location` is a folder ("embedded", "local") or a hub id ("hub")."""

    name: str
    source: Literal["embedded", "hub", "local"]
    location: str


MASKED = ModelSpec("tiny-bert", "embedded", str(MODELS_FOLDER / "tiny-bert"))  # fills blanks, never picked


class Registry:
    """The models that may be picked, by name.

    names: in the picker's order. default: the one to start with, `extra` when given.
    extra: a folder or a hub id given by whoever starts the server (`--model`), or one of the names.

    Raises ModelError("unknown_model") for an `extra` that is neither a folder nor could be a hub id.
    """

    def __init__(self, extra: str | None = None):
        specs = [ModelSpec(name, "embedded", str(MODELS_FOLDER / name)) for name in EMBEDDED]
        hub = [ModelSpec(name, "hub", name) for name in HUB]
        self.default = EMBEDDED[0]
        if extra:
            if extra not in EMBEDDED + HUB:
                specs.append(_spec_of(extra))
            self.default = extra if extra in EMBEDDED + HUB else specs[-1].name
        self._specs = {spec.name: spec for spec in specs + hub}
        self.names = tuple(self._specs)

    def spec(self, name: object) -> ModelSpec:
        """Look a name up, in whichever Unicode form, or one of the hub without its owner ("gpt2"); anything
        else, of whatever type, raises ModelError("unknown_model").
        """
        asked = unicodedata.normalize("NFC", name[:400]) if isinstance(name, str) else ""
        found = self._specs.get(asked) or self._specs.get(_SHORT.get(asked, ""))
        if found is None:
            raise ModelError("unknown_model", name=shown(name))
        return found


def _spec_of(extra: str) -> ModelSpec:
    folder = Path(extra).expanduser()
    if folder.is_dir():
        # The name goes into links, so it tells the folder's name only; the prefix keeps it apart from the
        # others.
        folder = folder.resolve()
        name = unicodedata.normalize("NFC", folder.name.encode("utf-8", "replace").decode())
        return ModelSpec(f"local/{name}", "local", str(folder))
    if not _HUB_ID.fullmatch(extra):
        raise ModelError("unknown_model", name=extra[:80])
    return ModelSpec(extra, "hub", extra)
