"""Record types for how often long jobs are interrupted, and what an interruption costs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from autarky.facts.fields import Of, Part, Record
from autarky.quantities.estimates import Quantity


class Spikes(Part):
    """Loss spikes that are acted upon: training goes back to an earlier checkpoint."""

    between: Annotated[Quantity, Of("day")]
    """Days of work from one to the next."""
    rollback: Annotated[Quantity, Of("h")]
    """Hours of progress that one discards."""
    outage: Annotated[Quantity, Of("h")]
    """Hours until training goes on."""


class Reliability(Record):
    """How a job on many chips is interrupted and recovers, as one operator sees it or as a family of chips does."""

    chips: tuple[str, ...] = ()
    """Chips whose jobs are taken to run so where no other record is named."""
    software: str
    """The software_readiness record whose share of nominal speed the jobs reach."""
    chips_per_node: Annotated[int, Field(ge=1, le=100_000)]
    """Chips that go down together and are replaced together."""
    chip_days: Annotated[Quantity, Of("day")]
    """Mean days between interruptions from one chip, its share of node and software included."""
    link_days: Annotated[Quantity, Of("day")] | None = None
    """Mean days between interruptions from the network link of one chip, where they are counted apart."""
    software_failures: Annotated[Quantity, Of("1")]
    """Multiplies all interruptions: young drivers, libraries and tools."""
    detection: Annotated[Quantity, Of("s")]
    """Time until a fault is found and the job stopped."""
    detection_spread: Annotated[Quantity, Of("1", "nonnegative")]
    """Standard deviation of the logarithm of that time from one fault to another."""
    restart: Annotated[Quantity, Of("s")]
    """Time from there until the next step, with a spare node at hand."""
    repair: Annotated[Quantity, Of("h")]
    """Time until a node that was taken out can be used again."""
    spare_confidence: Annotated[Quantity, Of("1", "fraction")]
    """Probability with which a failed node shall find a spare one: how many are kept."""
    checkpoint: Annotated[Quantity, Of("s")]
    """Time for which a checkpoint blocks the job."""
    interval: Annotated[Quantity, Of("s")] | None = None
    """Time between checkpoints where the operator fixes it; else the one that loses least is taken."""
    slowing: Annotated[Quantity, Of("1", "nonnegative")]
    """Relative slowing of all steps by the slowest members of the job."""
    spikes: Spikes | None = None
    speed_error: Annotated[Quantity, Of("1", "nonnegative")]
    """Standard deviation of the logarithm of measured over modelled step time."""


RELIABILITY_COLLECTIONS: dict[str, type[Part]] = {"reliabilities": Reliability}
