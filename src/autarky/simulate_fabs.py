"""From wafers to good dies: the first two stages, with their inputs drawn."""

from __future__ import annotations

import numpy as np

from autarky.errors import QuantityError
from autarky.facts.catalogue import value_of
from autarky.facts.fields import Series
from autarky.facts.records import Die
from autarky.facts.supply_records import Fab
from autarky.quantities.arrays import Array
from autarky.quantities.sampler import Sampler
from autarky.scenario.model import Model
from autarky.simulate_levers import lever, scaled
from autarky.supply.dies import FORMULAS, exact_placement
from autarky.supply.wafers import delayed, ramp, wafer_starts
from autarky.supply.yields import MODELS, salvaged

MM2_PER_CM2 = 100.0
WAFER_DIAMETER = 300.0
"""mm; the unit wafer is a 300 mm wafer, so this is what a process without a diameter of its own uses."""
AREA_FORMULA = "reduced_diameter"
"""Counts dies whose sides are not published, from their area alone."""


def optional(sampler: Sampler, key: str, quantity: Series | None, default: float) -> Array | float:
    """Return draws of a quantity, or a default where the record states none."""
    return default if quantity is None else sampler.draw(key, quantity)


# 1. wafers


def fab_capacity(name: str, fab: Fab, model: Model, sampler: Sampler) -> Array:
    """Return installed capacity, wafer/month (month, draw): the plateau times what has ramped so far."""
    key = f"fabs.{name}"
    if fab.capacity is None:
        return np.zeros((model.months.size, sampler.stop - sampler.start))
    capacity = by_month(sampler.draw(f"{key}.capacity", fab.capacity), model)
    built: Array | float = 1.0
    if fab.built is not None:
        # A chance, not a share: a fab stands or it does not.
        chance = sampler.draw(f"{key}.built", fab.built, stream=f"{key}.built.chance")
        built = (sampler.uniform(f"{key}.built") < chance).astype(float)
    if fab.start is not None:
        start = sampler.draw(f"{key}.start", fab.start)
        if name in model.planned_starts:
            # At the latest when the event says, and from then on for certain.
            planned_key, latest = model.planned_starts[name]
            planned = sampler.draw(planned_key, latest, stream=f"{key}.start")
            start, built = np.minimum(start, planned), np.where(model.months[:, np.newaxis] < planned, built, 1.0)
        ramp_months = optional(sampler, f"{key}.ramp", fab.ramp, 0.0)
        capacity = capacity * ramp(model.months, start, ramp_months)
    if isinstance(built, np.ndarray):
        capacity = capacity * built
    return scaled(capacity, lever("foundry_access", {"fab": name}, model, sampler))


def finished_wafers(name: str, fab: Fab, capacity: Array, model: Model, sampler: Sampler) -> Array:
    """Return AI wafers finished, wafer/month (month, draw): the starts, one cycle time later."""
    key = f"fabs.{name}"
    starts = capacity
    if fab.utilisation is not None or fab.ai_share is not None:
        starts = wafer_starts(
            capacity,
            optional(sampler, f"{key}.utilisation", fab.utilisation, 1.0),
            optional(sampler, f"{key}.ai_share", fab.ai_share, 1.0),
        )
    process = model.processes.get(fab.process or "")
    if process is None or process.cycle_time is None:
        return starts
    return delayed(starts, sampler.draw(f"processes.{fab.process}.cycle_time", process.cycle_time))


def by_month(values: Array, model: Model) -> Array:
    """Return draws as (month, draw): a number holds in every month."""
    return values if values.ndim == 2 else np.broadcast_to(values, (model.months.size, values.size))


# 2. dies


def dies_from_fabs(wafers: dict[str, Array], model: Model, sampler: Sampler) -> dict[str, Array]:
    """Return good dies by type, die/month. Mix and yield are read in the month the wafers come out."""
    shared: dict[str, Array] = {}
    good: dict[str, Array] = {}
    for name, fab in model.fabs.items():
        for die, part in wafers_by_die(name, fab, wafers[name], sampler).items():
            if fab.dies[die].good is None and model.dies[die].good is not None:
                # Fabs with the same yield: their wafers are added first.
                shared[die] = shared[die] + part if die in shared else part
            else:
                gross = gross_dies_of(die, fab.process, model, sampler)
                made = part * (gross * yield_of(die, name, fab, model, sampler))
                good[die] = good[die] + made if die in good else made
    for die, part in shared.items():
        record = model.dies[die]
        share = sampler.draw(f"dies.{die}.yield", record.good) if record.good is not None else 1.0
        made = part * (gross_dies_of(die, record.process, model, sampler) * share)
        good[die] = good[die] + made if die in good else made
    return good


def wafers_by_die(name: str, fab: Fab, wafers: Array, sampler: Sampler) -> dict[str, Array]:
    """Return a fab's finished wafers by die, wafer/month: its mix, normalised."""
    if len(fab.dies) == 1:
        return dict.fromkeys(fab.dies, wafers)
    mix = {die: sampler.draw(f"fabs.{name}.dies.{die}.mix", line.mix) for die, line in fab.dies.items()}
    return {die: wafers * share for die, share in normalised(mix, f"fabs.{name}.dies").items()}


def normalised(weights: dict[str, Array], key: str) -> dict[str, Array]:
    """Return weights as shares that add up to 1; weights that are all zero at once are an error."""
    total: Array = np.add.reduce(list(weights.values()))
    if not (total > 0).all():
        raise QuantityError(
            f"the weights under {key} are all zero in some month", "give one of them a value above zero"
        )
    return {name: weight / total for name, weight in weights.items()}


def gross_dies_of(die_name: str, process_name: str | None, model: Model, sampler: Sampler) -> Array | float:
    """Return gross dies per wafer: published counts (draw,), or a count from the die's size."""
    die = model.dies[die_name]
    if die.gross_dies is not None:
        return sampler.draw(f"dies.{die_name}.gross_dies", die.gross_dies)
    process = model.processes[process_name] if process_name else None
    scribe = value_of(process.scribe) if process and process.scribe else 0.0
    edge = value_of(process.edge_exclusion) if process and process.edge_exclusion else 0.0
    diameter = value_of(process.wafer_diameter) if process and process.wafer_diameter else WAFER_DIAMETER
    if die.width is not None and die.height is not None and die.placement == "exact":
        count = exact_placement(
            wafer_diameter=diameter,
            edge_exclusion=edge,
            die_width=value_of(die.width),
            die_height=value_of(die.height),
            street_x=scribe,
            street_y=scribe,
        )
        return float(count)
    side = np.sqrt(die_area(die_name, die, sampler) * MM2_PER_CM2) + scribe
    formula = FORMULAS[AREA_FORMULA if die.placement == "exact" else die.placement]
    return formula(diameter - 2 * edge, side, side)


def yield_of(die_name: str, fab_name: str, fab: Fab, model: Model, sampler: Sampler) -> Array:
    """Return the share of gross dies that can be sold, 0 to 1: reported, or from defect density."""
    line, die, defects = fab.dies[die_name], model.dies[die_name], fab.defects
    if line.good is not None:
        return sampler.draw(f"fabs.{fab_name}.dies.{die_name}.yield", line.good)
    if defects is None:
        raise QuantityError(
            f"fabs.{fab_name} gives no yield for {die_name}",
            f"set fabs.{fab_name}.dies.{die_name}.yield, or fabs.{fab_name}.defects",
        )
    area = die_area(die_name, die, sampler)
    density = sampler.draw(f"fabs.{fab_name}.defects.density", defects.density)
    shape = optional(sampler, f"fabs.{fab_name}.defects.clustering", defects.clustering, np.inf)
    if die.salvage is not None:
        salvage = die.salvage
        return salvaged(
            area,
            density,
            cores=salvage.cores,
            good_cores=salvage.good_cores,
            core_area_share=sampler.draw(f"dies.{die_name}.salvage.core_area_share", salvage.core_area_share),
            clustering=shape,
        )
    if defects.model == "negative_binomial":
        return MODELS[defects.model](area, density, shape)
    if defects.model == "bose_einstein":
        return MODELS[defects.model](area, density, defects.layers)
    return MODELS[defects.model](area, density)


def die_area(name: str, die: Die, sampler: Sampler) -> Array:
    """Return the area of a die, cm**2 (draw,)."""
    for field, quantity in (("area", die.area), ("area_assumption", die.area_assumption)):
        if quantity is not None:
            return sampler.draw(f"dies.{name}.{field}", quantity) / MM2_PER_CM2
    raise QuantityError(f"dies.{name} has no area", f"set dies.{name}.area, or its yield in the fab")
