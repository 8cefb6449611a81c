"""Tokens per second, energy per token and cost per token: of each chip in service, and of the base as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autarky.counting import tags_of
from autarky.measures import months_of
from autarky.quantities.arrays import Array
from autarky.quantities.months import HOURS_A_MONTH
from autarky.quantities.summary import weighted_quantiles

if TYPE_CHECKING:
    from autarky.result import Result

ALL = "all"
"""The base as a whole."""
SECONDS_AN_HOUR, MILLION = 3600.0, 1e6
Spread = tuple[float, float, float]
"""5th, 50th and 95th percentile."""


@dataclass(frozen=True)
class TokenFigures:
    """What one chip does on the reference workloads at the end of a year, as ready as its software is then.

    in_service  chips of the kind
    speed       tokens per s and chip, by workload
    energy      J per token at the mean load of its system, cooling included; None where no power is known
    cost        USD per million tokens: what was paid for it over its life, and electricity; None without a price
    """

    name: str
    in_service: Spread
    speed: dict[str, Spread]
    energy: dict[str, Spread | None]
    cost: dict[str, Spread | None]


def token_figures(result: Result, year: str, *, apart: bool = True) -> tuple[TokenFigures, ...]:
    """Return the figures of each chip that is in service at the end of a year, most of them first, then of all.

    Every chip is taken to do nothing but the workload for the share of its life in which it works. Without `apart` they
    are those of all alone.
    """
    tasks = list(result.capability.speed)
    month = int(months_of(year, result.months)[-1])
    names = tuple(tags["chip"] for tags in tags_of(result, "installed"))
    stock = result.flows["installed"][:, month].astype(float)
    speeds = {task: _speeds(result, task, month) for task in tasks}
    watts, price = _watts(result), _prices(result)
    chips = dict.fromkeys(names) if apart else ()
    rows = {chip: np.flatnonzero([name == chip for name in names]) for chip in chips}
    rows[ALL] = np.arange(len(names))
    found = [
        _figures(result, name, stock[members], {task: speed[members] for task, speed in speeds.items()},
                 None if watts is None else watts[members], None if price is None else price[members])
        for name, members in rows.items()
        if (stock[members] > 0).any()
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda row: (row.name == ALL, -row.in_service[1])))


def _speeds(result: Result, task: str, month: int) -> Array:
    """Return tokens per s of one chip of each member in service in a month, (member, draw)."""
    kept = result.capability
    ready = np.stack([kept.readiness[tags["vendor"]][month] for tags in tags_of(result, "installed")])
    return np.asarray(result.worth_of(task, "installed") * kept.speed[task] * ready)


def _watts(result: Result) -> Array | None:
    """Return the mean W of one chip of each member, its system and cooling included, (member, draw)."""
    kept = result.capability
    if not kept.rated:
        return None
    rated = np.stack([kept.rated[tags["chip"]] for tags in tags_of(result, "installed")])
    return np.asarray(rated * kept.running["pue"] * kept.running["load"])


def _prices(result: Result) -> Array | None:
    """Return what was paid for one chip of each member on average over the horizon, USD (member, draw); 0 for none."""
    if not {"revenue", "sales"} <= result.flows.keys():
        return None
    paid, sold = (result.flows[name].sum(axis=1, dtype=float) for name in ("revenue", "sales"))
    return np.asarray(np.divide(paid, sold, out=np.zeros_like(paid), where=sold > 0))


def _figures(
    result: Result, name: str, stock: Array, speeds: dict[str, Array], watts: Array | None, prices: Array | None
) -> TokenFigures:
    """Return the figures of some members together; arrays are (member, draw)."""
    chips = stock.sum(axis=0)
    defined = chips > 0
    weights = None if result.weights is None else result.weights[defined]

    def mean(values: Array) -> Array:
        """Return the mean over chips, in draws that have any, (draw,)."""
        return np.asarray((values * stock).sum(axis=0)[defined] / chips[defined])

    def spread(values: Array) -> Spread:
        low, middle, high = weighted_quantiles(values, (0.05, 0.5, 0.95), weights)
        return float(low), float(middle), float(high)

    running = {key: values[defined] for key, values in result.capability.running.items()}
    power = None if watts is None else mean(watts)
    hour = None
    if prices is not None and power is not None and (mean(prices) > 0).all():
        hour = mean(prices) / (running["lifetime"] * HOURS_A_MONTH * running["in_use"])
        hour = hour + power / 1000.0 * running["electricity"]
    speed = {task: mean(values) for task, values in speeds.items()}
    cost = {task: None if hour is None else hour / SECONDS_AN_HOUR / each * MILLION for task, each in speed.items()}
    return TokenFigures(
        name=name,
        in_service=spread(chips[defined]),
        speed={task: spread(each) for task, each in speed.items()},
        energy={task: None if power is None else spread(power / each) for task, each in speed.items()},
        cost={task: None if each is None else spread(each) for task, each in cost.items()},
    )


def capability_json(result: Result) -> dict[str, Any]:
    """Return what all that is in service can do by year, and in the last year each chip, as plain data.

    With it stand the reference workloads, and what stands in for what is not published of chips.
    """
    kept = result.capability
    if not kept.speed or not result.flows.keys() >= {"installed"}:
        return {"workloads": {}, "by_year": {}, "assumed": {}, "lacking": dict(kept.lacking)}
    return {
        "workloads": dict(kept.workloads),
        "by_year": {
            year: {
                row.name: {
                    "in_service_chips": _named(row.in_service),
                    "tokens_per_s_per_chip": {task: _named(each) for task, each in row.speed.items()},
                    "energy_j_per_token": {task: _named(each) for task, each in row.energy.items()},
                    "cost_usd_per_million_tokens": {task: _named(each) for task, each in row.cost.items()},
                }
                for row in token_figures(result, year, apart=year == result.years[-1])
            }
            for year in result.years
        },
        "assumed": {chip: list(words) for chip, words in kept.assumed.items()},
        "lacking": dict(kept.lacking),
    }


def _named(spread: Spread | None) -> dict[str, float] | None:
    return None if spread is None else dict(zip(("p5", "p50", "p95"), spread, strict=True))
