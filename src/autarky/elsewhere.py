"""Compute elsewhere by every named measure: stocks are counted by one, and the chips they are made of give the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from autarky.capability import Draws
from autarky.equivalents import EQUIVALENTS, MODELLED, chip_worth
from autarky.quantities.arrays import Array
from autarky.quantities.sampler import Sampler
from autarky.scenario.model import Model
from autarky.simulate_fabs import by_month


@dataclass(frozen=True)
class Elsewhere:
    """Which chips the stocks elsewhere are made of, and what each is worth."""

    vendors: Mapping[str, str] = field(default_factory=dict)
    """Chip -> vendor, in the order of the rows below."""
    worth: Mapping[str, Array] = field(default_factory=dict)
    """Measure of EQUIVALENTS that is known of all of them -> (chip, draw), over the reference chip."""
    mixes: Mapping[str, Array] = field(default_factory=dict)
    """Holder -> (chip, month), weights that add up to 1 in every month."""
    measures: Mapping[str, str] = field(default_factory=dict)
    """Holder -> the measure that its stock is counted by, and its mix."""

    def counts_by(self, holder: str, measure: str) -> bool:
        """Return whether the stock of a holder can be counted by a measure."""
        own = self.measures.get(holder)
        return own == measure or (holder in self.mixes and own in self.worth and measure in self.worth)

    def over_own(self, holder: str, measure: str, month: int, readiness: Mapping[str, Draws]) -> Array | float:
        """Return the stock of a holder by a measure over the same by its own, (draw,), in the month at a position.

        ratio = sum over chips of weight x worth by the measure / worth by its own

        A mix counted by one measure says how many chips there are of each kind; each of them then counts by another.
        For measures of MODELLED the readiness of software, (month, draw) by vendor, multiplies.
        """
        if self.measures[holder] == measure:
            return 1.0
        total = np.zeros(next(iter(self.worth.values())).shape[-1])
        for row, vendor in enumerate(self.vendors.values()):
            weight = float(self.mixes[holder][row, month])
            if weight > 0:
                part = weight * self.worth[measure][row] / self.worth[self.measures[holder]][row]
                total += part * readiness[vendor][month] if measure in MODELLED else part
        return total


def empty_elsewhere(model: Model, measured: list[str], draws: int, sampler: Sampler) -> Elsewhere:
    """Return the stocks elsewhere with room for what their chips are worth in all draws.

    `measured` are the measures that are known of the chips of the run; `sampler` knows what its as-of date does.
    """
    inputs = model.capability
    references = model.market.references if model.market is not None else {}
    measures = {name: record.measure for name, record in references.items()}
    chips = {chip: None for mix in inputs.mixes.values() for chip in mix.chips}
    if not chips:
        return Elsewhere(measures=measures)
    known = _worth(model, sampler)
    ready = {vendor for vendor, (_, record) in inputs.readiness.items() if sampler.knows(record.share)}
    vendors = {chip: inputs.elsewhere[chip].vendor for chip in chips}
    kept = [
        name
        for name in EQUIVALENTS
        if name in measured
        and all(name in known[chip] for chip in chips)
        and (name not in MODELLED or set(vendors.values()) <= ready)
    ]
    mixes: dict[str, Array] = {}
    for holder, mix in inputs.mixes.items():
        weights = np.zeros((len(chips), model.months.size))
        for row, chip in enumerate(chips):
            if chip in mix.chips:
                key = f"reference_mixes.{holder}.chips.{chip}"
                weights[row] = by_month(sampler.draw(key, mix.chips[chip]), model)[:, 0]
        total = weights.sum(axis=0)
        mixes[holder] = weights / np.where(total > 0, total, 1.0)
    return Elsewhere(vendors, {name: np.empty((len(chips), draws)) for name in kept}, mixes, measures)


def _worth(model: Model, sampler: Sampler) -> dict[str, dict[str, Array]]:
    """Return what each chip elsewhere is worth by each measure, in its own unit, (draw,)."""
    inputs = model.capability
    return {
        name: chip_worth(name, chip, model.products.get(name), sampler, inputs.speeds)
        for name, chip in inputs.elsewhere.items()
    }


def fill_elsewhere(kept: Elsewhere, model: Model, reference: Mapping[str, Array], sampler: Sampler) -> None:
    """Draw what the chips elsewhere are worth; `reference` is what the reference chip is, by measure, (draw,)."""
    if not kept.worth:
        return
    known, here = _worth(model, sampler), slice(sampler.start, sampler.stop)
    for row, chip in enumerate(kept.vendors):
        for measure, values in kept.worth.items():
            values[row, here] = known[chip][measure] / reference[measure]
