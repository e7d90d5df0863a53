"""여기를 보세요: one or two sentences, computed from what is on show."""

from __future__ import annotations

from math import exp

from app.views.numbers import percent
from lessons.pretraining import background, compute, road, step
from lessons.pretraining.picture import RATE, Picture
from lessons.pretraining.state import FINISHED, NONE, SURPRISING

LEAST = 0.05  # nats that are worth a sentence


def told(picture: Picture) -> str:
    """The window's price, the last step, or the last move through pre-training; else the chosen token."""
    if picture.state.view != "stage":
        return _background(picture)
    if len(picture.ids) < 2:
        return picture.words("look.single")
    said = [_window(picture), _step(picture) or _zero(picture) or _moved(picture), _prior(picture)]
    return " ".join(filter(None, said)) or " ".join(filter(None, [_chosen(picture), _dropped(picture)]))


def nats(value: float) -> str:
    """2.17, with a real minus sign."""
    shown = f"{value:.2f}".replace("-", "−")
    return "0.00" if shown == "−0.00" else shown


def _chosen(picture: Picture) -> str:
    place, found = picture.token, picture.surprise[picture.token - 1]
    values = {
        "piece": picture.piece(place),
        "i": place + 1,
        "p": percent(exp(-found)),
        "nats": nats(found),
        "n": len(picture.surprise),
        "sum": nats(sum(picture.surprise)),
    }
    most = found == max(picture.surprise)
    return picture.words("look.most" if most else "look.token", **values)


def _window(picture: Picture) -> str:
    """What the shorter memory costs: at the chosen token, else at the one that pays most, and in all."""
    if not picture.shortened:
        return ""
    costs = [short - full for short, full in zip(picture.surprise, picture.surprise_in_full, strict=True)]
    place = max(range(len(costs)), key=lambda one: costs[one])
    if picture.state.token != SURPRISING and costs[picture.token - 1] >= LEAST:
        place = picture.token - 1
    values = {
        "k": picture.k,
        "piece": picture.piece(place + 1),
        "full": nats(picture.surprise_in_full[place]),
        "short": nats(picture.surprise[place]),
        "all": nats(abs(sum(costs))),
    }
    if costs[place] < LEAST:
        return picture.words("look.short.none", **values)
    return picture.words("look.short" if sum(costs) > 0 else "look.short.less", **values)


def _step(picture: Picture) -> str:
    """What the last step did to this sentence, and all steps to ten others."""
    if not picture.rates:
        return ""
    before, after = sum(picture.surprise_before), sum(picture.surprise)
    values = {
        "n": len(picture.rates),
        "rate": f"{picture.rates[-1]:.3f}",
        "before": nats(before),
        "after": nats(after),
    }
    down = "look.step.one" if len(picture.rates) == 1 else "look.step"
    said = picture.words(down if after < before else "look.step.over", **values)
    lost = step.world(picture)
    if lost["after"] <= lost["before"]:
        way = "look.world.won"
    else:
        way = "look.world.lost" if after < before else "look.world.both"
    return f"{said} {picture.words(way, before=nats(lost['before']), after=nats(lost['after']))}"


def _zero(picture: Picture) -> str:
    """How far two of the zero-shot curves went between two checkpoints, where they are asked for."""
    zero = road.zero(picture) if picture.state.zero and picture.state.since != NONE else None
    if zero is None:
        return ""
    stops = [*picture.steps, FINISHED]
    values = {"since": picture.when(picture.state.since), "at": picture.when(picture.state.at)}
    for curve in zero["curves"]:
        for side, at in (("before", picture.state.since), ("after", picture.state.at)):
            values[f"{curve['task']}_{side}"] = f"{curve['accuracy'][stops.index(at)]:.1f}%"
    return picture.words("look.zero", **values, chance=f"{zero['curves'][0]['chance']:.0f}%")


def _moved(picture: Picture) -> str:
    """Which bar has moved most between two checkpoints."""
    before = picture.surprise_before
    if before is None:
        return ""
    changes = [now - was for now, was in zip(picture.surprise, before, strict=True)]
    mean_before, mean_now = compute.mean(before), compute.mean(picture.surprise)
    fallen = mean_now < mean_before
    place = (min if fallen else max)(range(len(changes)), key=lambda one: changes[one])
    values = {
        "since": picture.when(picture.state.since),
        "at": picture.when(picture.state.at),
        "mean_before": nats(mean_before),
        "mean": nats(mean_now),
        "piece": picture.piece(place + 1),
        "before": nats(before[place]),
        "after": nats(picture.surprise[place]),
    }
    return picture.words("look.moved" if fallen else "look.moved.up", **values)


def _prior(picture: Picture) -> str:
    """What MAP adds to the sum, and how much of the next step it is."""
    if not picture.state.prior:
        return ""
    found = step.gradient(picture, picture.now.look_ahead(())[0])
    values = {
        "prior": nats(found["prior"]),
        "weights": f"{found['weights']:.1f}",
        "share": percent(found["share"]),
    }
    return picture.words("look.prior", **values, rate=f"{picture.state.rate / RATE:.3f}")


def _background(picture: Picture) -> str:
    found = background.draw(picture)
    view = picture.state.view
    if view == "tasks":
        values = {"n": len(found["rows"]), "one": f"{found['numbers']:,}", "all": f"{found['all']:,}"}
    elif view == "labels":
        largest = max(one["n"] for one in found["sets"])
        ratio = round(found["documents"] / largest)
        values = {"n": f"{largest:,}", "documents": f"{found['documents']:,}", "ratio": ratio}
    elif view == "goal":
        values = {"n": found["targets"]}
    elif view == "transfer":
        most = max(one["numbers"] for one in found["heads"])
        values = {"n": f"{most:,}", "numbers": f"{found['numbers']:,}"}
    else:
        values = {"gain": f"{found['gain']:.1f}", "n": len(found["rows"])}
    return picture.words(f"look.of.{view}", **values)


def _dropped(picture: Picture) -> str:
    return picture.words("dropped", n=picture.n_dropped) if picture.n_dropped else ""
