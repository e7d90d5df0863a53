"""What is looked at before the page is built, so that a host does not hear of a fault from her class."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from app import i18n, models
from app.errors import ModelError
from app.languages import CODES
from app.settings import Settings
from app.terminal import stop, terminal_language


def check_model(settings: Settings, environ: Mapping[str, str] = os.environ) -> None:
    """A folder given with --model must hold a model that can be used.

    Exits with one sentence and code 2 where it does not. Needs neither torch nor gradio.
    """
    if settings.model is None or not os.path.isdir(settings.model):
        return
    try:
        models.check_folder(Path(settings.model), settings.model)
    except ModelError as error:
        told = {code: i18n.plain(i18n.sentence(error, code)) for code in CODES}
        stop(terminal_language(environ), told)
