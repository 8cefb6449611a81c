"""What comes in from abroad: on record, as offered and let through by both sides, and past the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autarky.facts.market_records import Import
from autarky.facts.records import TimeSeries
from autarky.market.grey import by_chip, grey_imports
from autarky.market.imports import admitted_share, let_in, recorded_flow, within_cap
from autarky.market.sums import added_up
from autarky.measures import ACCESS, months_in
from autarky.quantities.arrays import Array
from autarky.quantities.estimates import Quantity
from autarky.quantities.paths import Path
from autarky.quantities.sampler import Sampler
from autarky.scenario.market_model import MarketModel
from autarky.scenario.model import Model
from autarky.simulate_fabs import by_month
from autarky.simulate_levers import lever


@dataclass(frozen=True)
class Incoming:
    """What is on record of one import, and what may come in where nothing is; chip/month (month, draw)."""

    recorded: Array
    on_record: NDArray[np.bool_]
    """(month,)"""
    record_ends: int | None
    """Position of the first month after its record, whatever part of that a scenario models; None without one."""
    gates: list[Array]
    """By group, share that its own rules let in, (month, draw) or (month, 1)."""
    offered: Array
    licensed: Array
    """What the exporting side alone would let through."""
    admitted: Array
    """What the buying side alone would let in."""
    open: Array
    """What both let in, under the cap."""

    @property
    def modelled(self) -> Array:
        """Return what may come in in months that are not on record, chip/month (month, draw)."""
        return np.where(self.on_record[:, np.newaxis], 0.0, self.open)


def incoming_of(
    name: str, record: Import, shares: Array, model: Model, market: MarketModel, sampler: Sampler
) -> Incoming:
    """Return what comes in of one import: the record up to its last month, then what is offered and let through."""
    scope = {"chip": record.chip, "vendor": market.chips[record.chip].vendor}
    licence = lever("licence_status", scope, model, sampler)
    past = licence if model.past == model.events else lever("licence_status", scope, model, sampler, model.past)
    recorded, on_record = shipments_on_record(name, record, past, model, market, sampler)
    offered = by_month(sampler.draw(f"imports.{name}.offered", record.offered), model)
    offered = offered * lever("vendor_production", scope, model, sampler)
    gates = [lever("import_gate", {**scope, "buyer": buyer}, model, sampler) for buyer in market.buyers]
    admitted = admitted_share(gates, shares)
    return Incoming(
        recorded=recorded,
        on_record=on_record,
        record_ends=_record_end(name, record, model, market, sampler),
        gates=gates,
        offered=offered,
        licensed=offered * licence,
        admitted=offered * admitted,
        open=within_cap(let_in(offered, licence, admitted), lever("cap", scope, model, sampler)),
    )


def shipments_on_record(
    name: str, record: Import, past: Array, model: Model, market: MarketModel, sampler: Sampler
) -> tuple[Array, NDArray[np.bool_]]:
    """Return shipments on record, chip/month (month, draw), and which months are on record.

    Within a period they are spread as the exporting side let them through then: `past`, (month, draw) or (1, 1).
    """
    months, draws = model.months, sampler.stop - sampler.start
    series, end = market.recorded.get(name), int(months[-1]) + 1
    spans = [] if series is None else periods_on_record(series, sampler)
    # A period that the end of the record cuts in two is modelled as a whole.
    stop = min(record.recorded_until or end, market.model_from.get(name, end))
    stop = min((first for first, last, _ in spans if first < stop < last), default=stop)
    spans = [span for span in spans if span[1] <= stop]
    if not spans:
        return np.zeros((months.size, draws)), np.zeros(months.size, dtype=bool)
    # One level for the whole series: two knots with the same amount hold it flat over the period.
    knots = [(month, observed) for first, last, observed in spans for month in sorted({first, last - 1})]
    level = sampler.draw(f"imports.{name}.recorded", Path("chip", tuple(knots)))
    inside = [(first, last) for first, last, _ in spans if first <= months[-1] and last > months[0]]
    amounts = [(first, last, level[max(first - int(months[0]), 0)]) for first, last in inside]
    flow, on_record = recorded_flow(amounts, months, draws, past if len(past) > 1 else None)
    if record.recorded_until is not None:
        on_record = on_record | (months >= min(first for first, _, _ in spans)) & (months < stop)
    return flow, on_record


def _record_end(name: str, record: Import, model: Model, market: MarketModel, sampler: Sampler) -> int | None:
    series = market.recorded.get(name)
    ends = [last for _, last, _ in periods_on_record(series, sampler)] if series is not None else []
    if not ends:
        return None
    return int(np.clip((record.recorded_until or max(ends)) - model.months[0], 0, model.months.size))


def periods_on_record(series: TimeSeries, sampler: Sampler) -> list[tuple[int, int, Quantity]]:
    """Return (first month, month after the last, amount) of each whole period that was known."""
    spans = []
    for period, observed in series.values.items():
        first, length = months_in(period)
        known = observed.value if sampler.as_of is None else observed.value.known_by(sampler.as_of)
        if known is not None and not observed.incomplete:
            spans.append((first, first + length, known))
    return spans


def access_by_stage(incoming: Mapping[str, Incoming]) -> dict[str, Array]:
    """Return imports by stage (ACCESS), chip/month (month, draw); nothing where there are none."""
    if not incoming:
        return {}
    flows = list(incoming.values())
    return {
        stage: added_up(np.broadcast_to(getattr(flow, stage), flow.recorded.shape) for flow in flows)
        for stage in ACCESS
    }


def through_grey_channels(market: MarketModel, model: Model, sampler: Sampler) -> dict[str, Array]:
    """Return chips of the grey channels by member, chip/month (month, draw)."""
    flows: dict[str, Array] = {}
    for name, channel in market.grey_channels.items():
        key = f"grey_channels.{name}"
        attempted = by_month(sampler.draw(f"{key}.flow", channel.flow), model)
        weights = {chip: sampler.draw(f"{key}.chips.{chip}", weight) for chip, weight in channel.chips.items()}
        located = sampler.draw(f"{key}.located", channel.located)
        evaded = sampler.draw(f"{key}.evaded", channel.evaded)
        for chip, flow in by_chip(attempted, {chip: weights[chip] for chip in weights}).items():
            scope = {"chip": chip, "vendor": market.chips[chip].vendor}
            multiple = lever("grey_channel", scope, model, sampler)
            member = f"grey-{chip}"
            came = grey_imports(flow, multiple, located, evaded)
            flows[member] = flows[member] + came if member in flows else came
    return flows
