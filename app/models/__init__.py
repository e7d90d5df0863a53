"""Models and tokens. Importing this package imports neither torch nor transformers; loading a model does."""

from app.models.loading import LoadedModel, MaskedModel, check_folder, is_loaded, load, load_masked
from app.models.registry import ModelSpec, Registry
from app.models.tokens import Piece, ReadableTokenizer

__all__ = [
    "LoadedModel",
    "MaskedModel",
    "ModelSpec",
    "Piece",
    "ReadableTokenizer",
    "Registry",
    "check_folder",
    "is_loaded",
    "load",
    "load_masked",
]
