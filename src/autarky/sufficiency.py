"""Self-sufficiency of a result under every definition, and its compute against that of others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autarky.counting import Counting, shares_of
from autarky.market.self_sufficiency import PREFIX, Share, self_sufficiency
from autarky.measures import RELATIVE, SHARE_DEFINITIONS, define, months_of
from autarky.quantities.arrays import Array
from autarky.quantities.summary import probability, weighted_mean, weighted_quantiles

if TYPE_CHECKING:
    from autarky.result import Result

LEVELS = {"p5": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
ShareSummary = dict[str, float | None]
"""p5 to p95 and mean over the draws in which a share is defined, and under `defined` how large a share those are."""


def shares(result: Result) -> tuple[tuple[str, str, dict[str, str]], ...]:
    """Return (name, measure, scope) of every share that a result can give."""
    if not all(result.members.get(flow) for flow in ("sales", "installed", "revenue")):
        return ()
    known = [name for name in SHARE_DEFINITIONS if name.startswith(PREFIX)]
    rows: list[tuple[str, str, dict[str, str]]] = [
        (name, name, {}) for name in known if name.split(".")[1] in ("units", "value", *result.worth)
    ]
    rows += [
        (f"{RELATIVE}.{measure}.{holder}", f"{RELATIVE}.{measure}", {"holder": holder})
        for measure in result.worth
        for holder in result.members.get("reference", ())
        if result.elsewhere.counts_by(holder, measure)
    ]
    return tuple(rows)


def summary(share: Share, weights: Array | None) -> ShareSummary:
    """Return the summary of a share over the draws in which it is defined."""
    defined = float(probability(share.defined, weights))
    counted = None if weights is None else weights[share.defined]
    if not share.defined.any() or (counted is not None and not counted.any()):
        return {**dict.fromkeys((*LEVELS, "mean")), "defined": defined}
    values = share.values[share.defined]
    quantiles = weighted_quantiles(values, list(LEVELS.values()), counted)
    mean = float(weighted_mean(values, counted))
    return {**dict(zip(LEVELS, map(float, quantiles), strict=True)), "mean": mean, "defined": defined}


def share(result: Result, measure: str, period: str, scope: Mapping[str, str]) -> Share:
    """Return a share over a period, (draw,): of sales for a flow, of what is in service at its end for a stock.

    `scope` narrows the chips that count at all, for example to one segment; for `relative` it names the holder.
    """
    inside = months_of(period, result.months)
    if measure.startswith(RELATIVE):
        return _relative(result, measure, inside, scope)
    _, basis, amount, own, grey = measure.split(".")
    counted = Counted.of(result, basis, amount, inside, scope)
    return counted.share(own, grey)


def every_share(
    result: Result, wanted: Callable[[str, str], bool] = lambda name, year: True
) -> Iterator[tuple[str, str, Share]]:
    """Yield (name, year, share) of every share of a result in every whole year; each amount is added up once.

    `wanted`: whether to yield the share of a name and year; all by default.
    """
    alike: dict[tuple[str, str], list[str]] = {}
    for name, measure, _ in result.shares:
        if not measure.startswith(RELATIVE):
            _, basis, amount, _, _ = measure.split(".")
            alike.setdefault((basis, amount), []).append(name)
    for year in result.years:
        inside = months_of(year, result.months)
        for (basis, amount), names in alike.items():
            chosen = [name for name in names if wanted(name, year)]
            if not chosen:
                continue
            counted = Counted.of(result, basis, amount, inside, {})
            for name in chosen:
                own, grey = name.split(".")[3:]
                yield name, year, counted.share(own, grey)
        for name, measure, scope in result.shares:
            if measure.startswith(RELATIVE) and wanted(name, year):
                yield name, year, _relative(result, measure, inside, scope)


def share_json(result: Result) -> dict[str, dict[str, Any]]:
    """Return every share as plain data: unit, definition, scope, summary by year; None where it is not defined."""
    table: dict[str, dict[str, ShareSummary]] = {name: {} for name, _, _ in result.shares}
    for name, year, found in every_share(result):
        table[name][year] = summary(found, result.weights)
    return {
        name: {
            "unit": define(measure).unit,
            "definition": define(measure).text,
            "scope": scope,
            "by_year": table[name],
        }
        for name, measure, scope in result.shares
    }


@dataclass(frozen=True)
class Counted:
    """What counts of each member of the market, (member, draw), and whose it is."""

    amounts: Array
    designed: list[bool]
    made: list[bool]
    grey: list[bool]

    @classmethod
    def of(
        cls, result: Result, basis: str, amount: str, inside: NDArray[np.int64], scope: Mapping[str, str]
    ) -> Counted:
        """Return what counts in the months `inside` of the members that fit a scope."""
        entity = "installed" if amount == "stock" else "sales"
        rows = result.tags.members(entity, scope)
        tags = [result.tags.by_entity[entity][result.members[entity][row]] for row in rows]
        region = str(result.settings.scenario.get("region") or "")
        return cls(
            amounts(result, basis, amount, inside)[rows],
            [tag["designed_in"] == region for tag in tags],
            [tag["made"] == "home" for tag in tags],
            [tag["origin"] == "grey" for tag in tags],
        )

    def share(self, own: str, grey: str) -> Share:
        """Return the region's own share under one definition."""
        with_grey = grey == "with_grey"
        return self_sufficiency(self.amounts, self.designed, self.made, self.grey, own=own, with_grey=with_grey)


def amounts(result: Result, basis: str, amount: str, inside: NDArray[np.int64]) -> Array:
    """Return what counts of each member of the market, (member, draw): chips, USD or H100-equivalents.

    A stock counts by value as what was paid for a chip of its kind on average over the horizon.
    """
    flows = result.flows
    if amount == "flow":
        name = "revenue" if basis == "value" else "sales"
        if basis not in ("units", "value"):
            return counted_in(result, basis, "sales", inside)
        return np.stack([result.summed(name, row, inside) for row in range(len(result.members[name]))])
    if basis not in ("units", "value"):
        return counted_in(result, basis, "installed", inside[-1:])
    stock: Array = flows["installed"][:, inside[-1]].astype(float)
    if basis == "units":
        return stock
    paid, sold = (flows[name].sum(axis=1, dtype=float) for name in ("revenue", "sales"))
    price: Array = np.divide(paid, sold, out=np.zeros_like(paid), where=sold > 0)
    return stock * price


def counted_in(result: Result, equivalent: str, entity: str, inside: NDArray[np.int64]) -> Array:
    """Return what each member of a flow counts for in H100-equivalents over some months, (member, draw)."""
    counted = Counting(result.worth_of(equivalent, entity), shares_of(result, equivalent, entity))
    return np.stack([counted.over(result, entity, row, inside) for row in range(len(result.members[entity]))])


def _relative(result: Result, measure: str, inside: NDArray[np.int64], scope: Mapping[str, str]) -> Share:
    """Return compute in service over that of a holder elsewhere; it can pass 1."""
    equivalent = measure.removeprefix(RELATIVE + ".")
    here = amounts(result, equivalent, "stock", inside).sum(axis=0)
    there, month = np.zeros(here.shape), int(inside[-1])
    for row in result.tags.members("reference", scope):
        over_own = result.elsewhere.over_own(
            result.members["reference"][row], equivalent, month, result.capability.readiness
        )
        there += result.flows["reference"][row, month] * over_own
    defined = there > 0
    return Share(np.divide(here, there, out=np.zeros_like(here), where=defined), defined)
