"""What plans to train and to serve share: the model that is asked for, options in range, and what running costs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from autarky.errors import InputError, Problem, UnknownKeyError, nearest
from autarky.facts.catalogue import Catalogue, value_of
from autarky.facts.performance_records import RunningCost
from autarky.quantities.months import HOURS_A_MONTH
from autarky.quantities.units import JOULES_A_KWH
from autarky.systems.system import System
from autarky.workloads.architecture import ModelConfig
from autarky.workloads.config import read_config
from autarky.workloads.reference import reference_model, reference_names

MOST_PLANS, MOST_TOKENS = 10_000, 10**9
MOST_STRETCHED = 64
"""Times its own context to which a model is ever stretched."""
MOST_PUE = 10.0
"""No hall needs nine times as much for cooling as for computing; a typing error."""


def model_named(model: str | Path) -> ModelConfig:
    """Return a model by the path of its config.json, or by the id of a bundled one."""
    name = str(model)
    if not name or not Path(name).exists():
        if name in reference_names():
            return reference_model(name).config
        if Path(name).suffix != ".json":
            hint = nearest(name, reference_names()) or "give the path of a config.json, or the id of a bundled model"
            raise UnknownKeyError(Problem(f"no file and no bundled model is called {name!r}", field="model", hint=hint))
    return read_config(name)


def check_length(name: str, tokens: int, config: ModelConfig) -> None:
    """Raise where sequences are far longer than a model reads, even with its positions stretched."""
    if config.context and tokens > config.context * MOST_STRETCHED:
        hint = f"give at most {config.context * MOST_STRETCHED:,}"
        raise InputError(
            Problem(f"{tokens:,} tokens are far beyond the model's {config.context:,}", field=name, hint=hint)
        )


def within(name: str, value: float, low: float, high: float, *, unit: str = "") -> None:
    """Raise unless an option lies from `low` to `high`; what is no number lies nowhere."""
    if not low <= value <= high:
        right = f"give a number from {low:g} to {high:g}{f' {unit}' if unit else ''}"
        raise InputError(Problem(f"{value:g} is out of range", field=name, hint=right))


def check_network(system: System) -> None:
    """Raise where chips of several scale-up domains would train together and nothing is known to join these."""
    network = system.network
    if network.scale_out is None and system.chips > network.domain:
        raise InputError(
            Problem(
                f"{system.chips:,} chips lie in several domains of {network.domain:,}, and what joins these is unknown",
                system.name,
                "scale_out_per_chip",
                f"use at most {network.domain:,} chips",
            )
        )


@dataclass(frozen=True)
class Costs:
    """What it costs to run a chip of a system.

    watts         W a chip with its share of the system, None where it is not known; `pue` multiplies it
    electricity   USD/kWh
    chip_hour     USD for an hour of a chip in use: its price over its life, None where it is not known
    """

    watts: float | None
    pue: float
    electricity: float
    chip_hour: float | None

    def energy(self, speed: float) -> float | None:
        """Return J per token at `speed` tokens per s and chip, at rated power and with cooling."""
        return None if self.watts is None else self.watts * self.pue / speed

    def cost(self, speed: float) -> float | None:
        """Return USD per million tokens: the chip's price over its life, and electricity."""
        energy = self.energy(speed)
        if self.chip_hour is None or energy is None:
            return None
        return 1e6 * (self.chip_hour / 3600.0 / speed + energy / JOULES_A_KWH * self.electricity)


def costs_of(catalogue: Catalogue, system: System, pue: float | None) -> Costs:
    """Return the running costs of a system's chips; `pue` stands in for the catalogue's."""
    if pue is not None:
        within("pue", pue, 1.0, MOST_PUE)
    record = catalogue.get("running_costs", "default", RunningCost)
    hours = value_of(record.lifetime) * HOURS_A_MONTH * value_of(record.in_use)
    return Costs(
        watts=system.watts,
        pue=value_of(record.pue) if pue is None else pue,
        electricity=value_of(record.electricity),
        chip_hour=None if system.price is None else system.price / hours,
    )
