"""Record types of the chip designer's question: weightings of workloads, and what a design is held against."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from autarky.facts.fields import Of, Part, Record
from autarky.quantities.estimates import Quantity


class WorkloadWeights(Record):
    """Shares of the time that a workload spends on compute, memory and links on the reference chip, 1 together."""

    compute: Annotated[Quantity, Of("1", "fraction")]
    memory: Annotated[Quantity, Of("1", "fraction")]
    link: Annotated[Quantity, Of("1", "fraction")]

    @model_validator(mode="after")
    def _add_up(self) -> Self:
        total = sum(float(part.pooled.mean()) for part in (self.compute, self.memory, self.link))
        if abs(total - 1) > 1e-9:
            raise PydanticCustomError(
                "weights", "the weights add up to {total}", {"total": f"{total:g}", "hint": "they are shares of time"}
            )
        return self


class DesignSpace(Record):
    """What a design is measured by and held against: the reference chip, the silicon it may use, chips to compare."""

    reference: str
    budget: str
    compared: tuple[str, ...] = ()
    margin: Annotated[Quantity, Of("1", "fraction")]
    """How far inside each line a design stays, as a share of the line."""


DESIGN_COLLECTIONS: dict[str, type[Part]] = {"workload_weights": WorkloadWeights, "design_spaces": DesignSpace}
