"""What disturbs a training run, drawn from the catalogue for a chip and a start.

How often such a job stops and what that costs are in `reliabilities`; the share of its speed that the software of
the chip's vendor lets it reach at a date is in `software_readiness`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

import numpy as np

from autarky.errors import InputError, Problem
from autarky.facts.catalogue import Catalogue, value_of
from autarky.facts.fields import Series, quantities_of
from autarky.facts.market_records import SoftwareReadiness
from autarky.facts.reliability_records import Reliability
from autarky.quantities.arrays import Array
from autarky.quantities.draws import Streams
from autarky.quantities.sampler import Sampler
from autarky.workloads.failures import HOURS_A_DAY, failure_rate, rate_of_chip_days
from autarky.workloads.runs import SECONDS_AN_HOUR, Run, immature
from autarky.workloads.spares import spare_wait, spares_needed


@dataclass(frozen=True)
class Drawn:
    """A quantity that was drawn: values, shape (draw,), in its unit, and its sources."""

    values: Array
    unit: str
    sources: tuple[str, ...]


Inputs: TypeAlias = dict[str, Drawn]
"""What was drawn, by dotted key."""


@dataclass(frozen=True)
class Conditions:
    """What disturbs a run, drawn: all arrays have shape (draw,), and nothing depends on the number of chips.

    spare_confidence   probability with which a failed node shall find a spare, one number
    step           measured over modelled step time
    efficiency     share of that speed that the software reaches
    failures       multiplies all interruptions
    chip, link     interruptions per hour from one chip and from its link
    interval       hours between checkpoints; None where the best is taken
    spikes         hours of work from one loss spike to the next, what it discards, what it stops; None without
    """

    spare_confidence: float
    step: Array
    efficiency: Array
    failures: Array
    chip: Array
    link: Array
    detection: Array
    detection_spread: Array
    restart: Array
    repair: Array
    checkpoint: Array
    interval: Array | None
    slowing: Array
    spikes: tuple[Array, Array, Array] | None

    @property
    def stretch(self) -> Array:
        """Undisturbed over planned time."""
        return self.step * (1.0 + self.slowing) / self.efficiency

    def nodes(self, chips: int) -> Array:
        """Return the nodes per hour that a job on so many chips takes out, software left aside."""
        return chips * self.chip

    def spares(self, chips: int) -> int:
        """Return the fewest spare nodes of a job with which a failed one is as surely replaced as its operator asks."""
        return spares_needed(self.nodes(chips), self.repair, self.spare_confidence)

    def run(self, chips: int, hours: float, spares: int) -> Run:
        """Return the run of a job that takes `hours` by its plan, with so many spare nodes."""
        between, rollback, outage = self.spikes or (np.array(np.inf), np.array(0.0), np.array(0.0))
        plain = Run(
            work=hours * self.step,
            rate=failure_rate(chips, self.chip, links=chips, link_rate=self.link),
            checkpoint=self.checkpoint,
            restart=self.restart,
            detection=self.detection + spare_wait(self.nodes(chips), self.repair, spares),
            interval=self.interval,
            slowdown=1.0 + self.slowing,
            spike_rate=1.0 / between,
            spike_rollback=rollback,
            spike_outage=outage,
        )
        return immature(plain, self.efficiency, self.failures)


def reliability_of(facts: Catalogue, chip: str, name: str | None) -> tuple[str, Reliability]:
    """Return (id, record) of a named reliabilities record, else of the one that speaks of a chip."""
    if name is not None:
        return name, facts.get("reliabilities", name, Reliability)
    for key, record in facts.all("reliabilities", Reliability).items():
        if chip in record.chips:
            return key, record
    known = ", ".join(facts.all("reliabilities", Reliability))
    raise InputError(Problem(f"no record speaks of {chip}", field="reliability", hint=f"name one of {known}"))


def draw_conditions(
    facts: Catalogue, name: str, record: Reliability, start: date, streams: Streams, draws: int
) -> tuple[Conditions, Inputs]:
    """Return what disturbs a run that starts on a day, and the draws and sources of each input by key."""
    month = np.array([start.year * 12 + start.month - 1])
    sampler = Sampler(streams, month, 0, draws)
    inputs: Inputs = {}

    def drawn(key: str, quantity: Series) -> Array:
        values = np.broadcast_to(np.atleast_2d(sampler.draw(key, quantity))[0], (draws,))
        sources = sorted({source for estimate in quantity.estimates for source in estimate.sources})
        inputs[key] = Drawn(values, quantity.unit, tuple(sources))
        return values

    values = {
        key: drawn(f"reliabilities.{name}.{key}", quantity)
        for key, quantity in quantities_of(record)
        if key != "spare_confidence"
    }
    readiness = facts.get("software_readiness", record.software, SoftwareReadiness)
    off = np.exp(values["speed_error"] * _normal(streams.uniform("runs.speed", 0, draws)))
    hours = {key: values[key] / SECONDS_AN_HOUR for key in ("detection", "restart", "checkpoint")}
    return (
        Conditions(
            spare_confidence=value_of(record.spare_confidence),
            step=off,
            efficiency=drawn(f"software_readiness.{record.software}.share", readiness.share),
            failures=values["software_failures"],
            chip=rate_of_chip_days(values["chip_days"]),
            link=rate_of_chip_days(values["link_days"]) if "link_days" in values else np.zeros(draws),
            detection=hours["detection"],
            detection_spread=values["detection_spread"],
            restart=hours["restart"],
            repair=values["repair"],
            checkpoint=hours["checkpoint"],
            interval=values["interval"] / SECONDS_AN_HOUR if "interval" in values else None,
            slowing=values["slowing"],
            spikes=None
            if record.spikes is None
            else (values["spikes.between"] * HOURS_A_DAY, values["spikes.rollback"], values["spikes.outage"]),
        ),
        inputs,
    )


def _normal(level: Array) -> Array:
    from scipy.special import ndtri

    return np.asarray(ndtri(level), float)
