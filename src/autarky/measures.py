"""Named measures of a run: what is counted, for which chips, in which unit, and how months add up to a period."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from autarky.equivalents import EQUIVALENTS, MODELLED
from autarky.errors import Problem, ScenarioError, UnknownKeyError, nearest
from autarky.facts.records import Chip
from autarky.market.self_sufficiency import definitions as self_sufficiencies
from autarky.scenario.model import Model

Kind = Literal["flow", "stock", "share"]

RELATIVE = "relative"
ACCESS = ("offered", "licensed", "admitted", "open")
"""Imports as their makers offer them, as the exporting side alone would let them through, as the buying side alone
would, and as both do."""
POWER, ENERGY = "installed.power", "installed.energy"
CAPABILITIES: dict[str, tuple[str, str]] = {
    "training": ("1e21 FLOP/day", "usable training work"),
    "prefill": ("1e12 token/day", "tokens of prompts that could be read"),
    "decode": ("1e12 token/day", "tokens of answers that could be given"),
}
"""Unit and text of what a base can do in a day if it does nothing else, by reference workload."""
READY = "on the reference workload, for what software is ready"


@dataclass(frozen=True)
class Definition:
    """What a measure counts."""

    unit: str
    kind: Kind
    text: str
    entity: str
    """Which flow it adds up, and so what its scope can name."""
    within: Mapping[str, str] = field(default_factory=dict)
    """What its scope names from the start."""


def capability(task: str) -> str:
    """Return the name of the measure of what a base can do in a day on a reference workload."""
    return f"capability.{task}"


def _counted(measure: str) -> str:
    """Return in words what each chip counts as in a measure of H100-equivalents."""
    if measure in MODELLED:
        return f"each counted as its {measure} tokens per second over the reference chip's, as its software is ready"
    return f"each counted as its {measure} over the reference chip's"


def _compute(name: str, kind: Kind, text: str, entity: str, **within: str) -> dict[str, Definition]:
    """Return a measure in H100-equivalents by each named measure of one chip."""
    return {
        f"{name}.h100e.{measure}": Definition("H100e", kind, f"{text}, {_counted(measure)}", entity, within)
        for measure in EQUIVALENTS
    }


def _brought(name: str, text: str, **within: str) -> dict[str, Definition]:
    """Return the measures of chips brought into service, in chips and in H100-equivalents."""
    return {
        f"{name}.chips": Definition("chip", "flow", text, "sales", within),
        **_compute(name, "flow", text, "sales", **within),
    }


MARKET_DEFINITIONS: dict[str, Definition] = {
    **_brought("sales", "chips brought into service in the region: domestic, imported and past the rules"),
    **_brought("imports", "chips imported under the rules", origin="import"),
    **_brought("grey", "chips that came in past the rules", origin="grey"),
    "revenue": Definition(
        "USD", "flow", "what buyers pay vendors for chips, before fees and duties", "revenue", {"channel": "open"}
    ),
    "grey.value": Definition(
        "USD", "flow", "what buyers pay for chips that came in past the rules", "revenue", {"channel": "grey"}
    ),
    "fees": Definition("USD", "flow", "shares of vendors' revenue that governments take", "fees"),
    "duties": Definition("USD", "flow", "duties on imported chips", "duties"),
    "write_downs": Definition("USD", "flow", "charges for chips that a closed market strands", "write_downs"),
    "releases": Definition("USD", "flow", "written-down chips earned back", "releases"),
    "demand": Definition("demand", "flow", "what buyers want, in the unit of the demand", "demand"),
    "unmet": Definition("demand", "flow", "demand that nothing on the market meets", "unmet"),
    "unsold": Definition("chip", "stock", "domestic chips made and not sold", "unsold"),
    "access": Definition(
        "chip", "flow", "imports as makers offer them, as each side alone would let them in, and as both do", "access"
    ),
    "rented": Definition("H100e", "stock", "compute rented abroad", "rented"),
    "reference": Definition("H100e", "stock", "compute installed elsewhere, dense 8-bit", "reference"),
}
"""Measures that a scenario with a market has."""

SHARE_DEFINITIONS: dict[str, Definition] = {
    **{
        cell.name: Definition("1", "share", cell.text, "installed" if cell.amount == "stock" else "sales")
        for cell in self_sufficiencies(EQUIVALENTS)
    },
    **{
        f"{RELATIVE}.{name}": Definition(
            "1", "share", f"compute in service in the region, by {name}, over that of a holder elsewhere", "reference"
        )
        for name in EQUIVALENTS
    },
}
"""Shares of two amounts: not defined where the second is nothing, and not to be added up."""

DEFINITIONS: dict[str, Definition] = {
    "production.chips": Definition("chip", "flow", "packages finished, good", "production"),
    "production.dies": Definition("die", "flow", "compute dies inside the packages finished", "production"),
    **_compute("production", "flow", "packages finished", "production"),
    "installed.chips": Definition(
        "chip", "stock", "packages in service: made in the horizon or, with a market, brought there", "installed"
    ),
    **_compute("installed", "stock", "packages in service", "installed"),
    POWER: Definition("MW", "stock", "rated power of what is in service, systems and cooling included", "installed"),
    ENERGY: Definition("TWh", "flow", "electricity that what is in service uses at its mean load", "installed"),
    **{
        capability(task): Definition(unit, "stock", f"{text} of all that is in service, {READY}", "installed")
        for task, (unit, text) in CAPABILITIES.items()
    },
    "capacity": Definition("wafer/month", "stock", "installed wafer capacity, all products", "capacity"),
    "wafers": Definition("wafer", "flow", "wafers finished for AI dies", "wafers"),
    "good_dies": Definition("die", "flow", "good dies from the fabs, before packaging", "good_dies"),
    "bank_dies": Definition("die", "flow", "dies delivered from die banks", "bank_dies"),
    "stacks": Definition("stack", "flow", "memory stacks that reach the accelerators", "stacks"),
    "stock.dies": Definition("die", "stock", "good dies waiting for memory or packaging", "die_stock"),
    "stock.stacks": Definition("stack", "stock", "memory stacks waiting for dies or packaging", "stack_stock"),
    **MARKET_DEFINITIONS,
    **SHARE_DEFINITIONS,
}


def define(name: str) -> Definition:
    """Return the definition of a measure; an unknown name is an error that names the nearest ones."""
    if name not in DEFINITIONS:
        raise UnknownKeyError(
            Problem(
                f"no measure is called {name!r}",
                hint=nearest(name, DEFINITIONS) or f"known: {', '.join(DEFINITIONS)}",
            )
        )
    return DEFINITIONS[name]


def equivalent_of(measure: str) -> str | None:
    """Return which of EQUIVALENTS a measure counts in, or None."""
    if measure in SHARE_DEFINITIONS:
        basis = measure.split(".")[1]
        return basis if basis in EQUIVALENTS else None
    kind, _, task = measure.partition(".")
    if kind == "capability":
        return task
    _, marker, name = measure.partition(".h100e.")
    return name if marker else None


def flows_of(measure: str) -> tuple[str, ...]:
    """Return the flows that a measure is added up from."""
    definition = define(measure)
    if definition.kind != "share":
        return (definition.entity,)
    if measure.startswith(RELATIVE):
        return ("installed", "reference")
    # By value, what is in service counts at what was paid for its kind.
    return ("sales", "installed", "revenue") if ".value." in measure else ("sales", "installed")


def months_in(period: str) -> tuple[int, int]:
    """Return the first month index of a period such as 2026, 2026H1, 2026Q1 or 2026-03, and its length in months."""
    match = re.fullmatch(r"(\d{4})(?:H([12])|Q([1-4])|-(\d{2}))?", period)
    if match is None:
        raise ScenarioError(Problem(f"{period!r} is not a period", hint="write 2026, 2026H1, 2026Q1 or 2026-03"))
    year, half, quarter, month = match.groups()
    first, length = int(year) * 12, 12
    if half:
        first, length = first + 6 * (int(half) - 1), 6
    elif quarter:
        first, length = first + 3 * (int(quarter) - 1), 3
    elif month:
        first, length = first + int(month) - 1, 1
    return first, length


def months_of(period: str, months: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the positions in `months` of a period such as 2026, 2026H1, 2026Q1 or 2026-03."""
    first, length = months_in(period)
    inside = np.flatnonzero((months >= first) & (months < first + length))
    if inside.size < length:
        raise ScenarioError(
            Problem(f"the period {period} is not wholly inside the horizon", hint="move the period or the horizon")
        )
    return inside


@dataclass(frozen=True)
class Tags:
    """What a scope can name of each member of a flow: for example chip, vendor, fab."""

    by_entity: Mapping[str, Mapping[str, Mapping[str, str]]]

    @classmethod
    def of(cls, model: Model) -> Tags:
        """Return the tags of every flow's members."""
        chips = {name: chip_tags(name, chip) for name, chip in model.chips.items()}
        fabs = {
            name: {"fab": name, "operator": fab.operator, "dedicated_to": fab.dedicated_to, "country": fab.country}
            for name, fab in model.fabs.items()
        }
        dies = {name: {"die": name, "process": die.process or ""} for name, die in model.dies.items()}
        memory = {name: {"memory_type": name} for name in model.memory_types}
        return cls(
            {
                "production": chips,
                "installed": chips,
                "capacity": fabs,
                "wafers": fabs,
                "good_dies": dies,
                "bank_dies": dies,
                "stacks": memory,
                "die_stock": dies,
                "stack_stock": memory,
                **market_tags(model),
            }
        )

    def members(self, entity: str, scope: Mapping[str, str]) -> list[int]:
        """Return the positions of an entity's members that fit every tag of a scope; none fitting is an error."""
        rows = list(self.by_entity[entity].values())
        known = {tag for row in rows for tag in row}
        for tag in scope:
            if tag not in known:
                hint = f"it can name {', '.join(sorted(known))}"
                raise ScenarioError(Problem(f"a scope of this measure cannot name {tag!r}", hint=hint))
        chosen = [i for i, row in enumerate(rows) if all(row[tag] == value for tag, value in scope.items())]
        if not chosen:
            values = sorted({f"{tag}: {row[tag]}" for tag in scope for row in rows})
            text = ", ".join(f"{tag}: {value}" for tag, value in scope.items())
            hint = f"there is {', '.join(values)}"
            raise ScenarioError(Problem(f"nothing simulated fits the scope {text}", hint=hint))
        return chosen


def market_tags(model: Model) -> dict[str, dict[str, dict[str, str]]]:
    """Return the tags of the members of each flow of the market; nothing where there is no market."""
    market = model.market
    if market is None:
        return {}
    members = {
        name: {
            "member": name,
            **chip_tags(member.chip, market.chips[member.chip]),
            "made": "home" if member.made_at_home else "abroad",
            "origin": member.origin,
            "channel": "grey" if member.origin == "grey" else "open",
            "segment": member.segment,
            "fiscal_year_starts": str(market.vendors[member.vendor].fiscal_year_starts),
        }
        for name, member in market.members.items()
    }
    sellers = {
        name: {"vendor": name, "fiscal_year_starts": str(market.vendors[name].fiscal_year_starts)}
        for name in market.sellers
    }
    groups = {name: {"buyer": name} for name in market.buyers}
    return {
        **dict.fromkeys(("sales", "revenue", "installed"), members),
        **dict.fromkeys(("fees", "duties", "write_downs", "releases"), sellers),
        **dict.fromkeys(("demand", "unmet"), groups),
        "unsold": {name: chip_tags(name, chip) for name, chip in model.chips.items()},
        "access": {stage: {"stage": stage} for stage in (ACCESS if market.imports else ())},
        "rented": {name: {"rental": name} for name in market.rentals},
        "reference": {name: {"holder": name} for name in market.references},
    }


def chip_tags(name: str, chip: Chip) -> dict[str, str]:
    """Return what a scope can name of a chip."""
    family = "-".join(re.sub(r"(?<=\d)[a-z]+.*$", "", part) for part in name.split("-"))
    return {"chip": name, "vendor": chip.vendor, "designed_in": chip.designed_in, "family": family}
