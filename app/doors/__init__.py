"""The doors: every request passes here, and what is not on the list of routes goes no further.

They stand outside of Gradio (see docs/security.md): pages come from a copy of what Gradio wrote once, files
from memory; actions and endpoints are answered by our own host. Gradio never sees what a visitor sends.
"""

from app.doors.building import Doors, launch_arguments
from app.doors.language import PAGES, LanguageDoor, preferred_language

__all__ = ["PAGES", "Doors", "LanguageDoor", "launch_arguments", "preferred_language"]
