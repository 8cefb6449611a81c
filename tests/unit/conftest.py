"""A small result made by hand, for tests of what is kept and printed of one."""

import numpy as np
import pytest

from autarky.analysis.condition import Check, Fit, Report
from autarky.measures import Tags
from autarky.result import InputUsed, Result, Settings
from autarky.scenario.schema import Target

MONTHS = np.arange(2025 * 12, 2027 * 12, dtype=np.int64)
DRAWS = 300


def _flow(members, seed):
    shape = (len(members), MONTHS.size, DRAWS)
    return np.random.default_rng(seed).lognormal(7.0, 1.0, shape).astype(np.float32)


def _small_result(
    *,
    name="small",
    label="A small question",
    chips=("one", "two"),
    fabs=("north",),
    note="",
    evidence=True,
    prior=False,
    seed=1,
    sources=("paper-2025-01-title",),
):
    scenario = {"name": name, "label": label, "region": "CN", "set": {"fabs.north.capacity": "20k wafer/month"}}
    members = {"production": chips, "installed": chips, "capacity": fabs, "wafers": fabs}
    members |= {"good_dies": ("die",), "bank_dies": ("die",), "die_stock": ("die",)}
    members |= {"stacks": ("hbm",), "stack_stock": ("hbm",)}
    tags = {
        "production": {chip: {"chip": chip, "vendor": "maker", "family": chip} for chip in chips},
        "capacity": {fab: {"fab": fab, "operator": "foundry", "country": "CN"} for fab in fabs},
        "good_dies": {"die": {"die": "die", "process": "fine"}},
        "stacks": {"hbm": {"memory_type": "hbm"}},
    }
    tags |= {"installed": tags["production"], "wafers": tags["capacity"], "stack_stock": tags["stacks"]}
    tags |= {"bank_dies": tags["good_dies"], "die_stock": tags["good_dies"]}
    random = np.random.default_rng(5)
    report = Report(sources, 1.5, False, 0.4, 0.7)
    check = Check("units", label, "chip", (1.0, 2.0, 3.0), (1.5, 2.0, 2.5), 0.1, (report,))
    says = f"more in 2026: {note}"
    target = Target(name="more", definition=says, measure="production.chips", period=2026, at_least=1)
    return Result(
        settings=Settings(scenario, name, label, "2026-11-25", DRAWS, seed, prior, "0.1.0", "abc123"),
        months=MONTHS,
        flows={entity: _flow(names, place) for place, (entity, names) in enumerate(members.items())},
        members=members,
        tags=Tags(tags),
        die_counts={chip: place + 1 for place, chip in enumerate(chips)},
        worth={"tpp": random.random((len(chips), DRAWS)), "dense_8bit": random.random((len(chips), DRAWS))},
        constraints=("dies", f"memory: {note}"),
        binding=random.random((2, 2, DRAWS)).astype(np.float32),
        worlds={"analysts": (("first", note), random.integers(0, 2, DRAWS))},
        targets=(target, target.model_copy(update={"name": "thrice", "at_least": 3.0})),
        inputs=(
            InputUsed("fabs.north.capacity", "wafer/month", 1e4, 0.1 + 0.2, 3e4, "2026-01", 2, sources, (note,)),
            InputUsed("fabs.north.start", "month", 24310.0, 24312.5, 24315.9, "", 1, ("scenario",), ()),
        ),
        events=(("2025-04-09", label, "US", sources),),
        fit=Fit(random.lognormal(0.0, 0.2, DRAWS), 280.0, 0.3, (check,)) if evidence else None,
        notes=(note,),
        timings={"read": 0.1},
    )


@pytest.fixture(scope="session")
def small_result():
    """Makes a small result; its texts, chips, fabs and evidence can be chosen."""
    return _small_result
