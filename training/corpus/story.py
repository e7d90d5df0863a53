"""Documents from the plots in plots/<kind>.<lang>.txt: stories, diary entries, everyday sentences …"""

import random
from functools import cache

from .cast import Cast
from .data import FOLDER
from .page import Page
from .world import World

KINDS = ("story", "diary", "everyday", "dialogue", "qa", "review")
# speech levels by kind; questions of qa are always asked in 합니다
_LEVELS = {"story": ("합니다", "합니다", "해요", "한다"), "qa": ("합니다",)}
_OWN_LEVELS = ("한다", "한다", "한다", "해요", "합니다")


@cache
def plots(kind: str, lang: str) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """(parts, plots), each name -> template lines. A plot named 'name*3' is told three times as often."""
    parts: dict[str, list[str]] = {}
    told: dict[str, list[str]] = {}
    current: list[str] = []
    for line in (FOLDER / "plots" / f"{kind}.{lang}.txt").read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith(";"):
            continue
        if line.startswith("#"):
            marks, _, name = line.partition(" ")
            current = (told if marks == "##" else parts).setdefault(name, [])
        else:
            current.append(line)
    return parts, told


@cache
def weights(kind: str, lang: str) -> tuple[int, ...]:
    return tuple(int(name.partition("*")[2] or 1) for name in plots(kind, lang)[1])


def lines_of(plot: list[str], rng: random.Random) -> list[str]:
    """One telling of a plot: an alternative of every '| ' group, some of the '? ' lines."""
    chosen, group = [], []
    for line in [*plot, "-"]:
        if line.startswith("| "):
            group.append(line[2:])
            continue
        if group:  # '-' or any other line ends it
            chosen.append(rng.choice(group))
            group = []
        if line.startswith("? "):
            if rng.random() < 0.5:
                chosen.append(line[2:])
        elif line != "-":
            chosen.append(line)
    return chosen


def document(rng: random.Random, kind: str, lang: str) -> Page:
    """One document of a kind of KINDS in 'ko' or 'en'."""
    level = rng.choice(_LEVELS.get(kind, _OWN_LEVELS))
    page = Page(rng, lang, level, Cast(World(rng, lang), level))
    parts, told = plots(kind, lang)
    name = rng.choices(tuple(told), weights(kind, lang))[0]
    page.plot = name.partition("*")[0]
    for line in lines_of(told[name], rng):
        page.say(rng.choice(parts[line[2:]]) if line.startswith("> ") else line)
    return page
