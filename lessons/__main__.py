"""`python -m lessons`: name every string that is missing, by file and key (`make lint`)."""

from app import texts
from lessons import LESSONS

texts.check(LESSONS)
