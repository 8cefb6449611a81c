"""What must hold in the whole chain whatever the numbers are: over random small scenarios, and for the flagship."""

import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autarky
from autarky.facts.dimensions import sobol_dimensions
from autarky.quantities.draws import Streams
from autarky.quantities.sampler import Sampler
from autarky.scenario.model import model_of
from autarky.scenario.resolve import ask
from autarky.simulate import simulate

few = settings(max_examples=25, deadline=None)
fewer = settings(max_examples=6, deadline=None)
DRAWS = 12
ROUNDING = 1e-9
# The first of each has dimensions of the Sobol sequence of its own, the others take pseudo-random streams.
FABS = ("smic-7nm", "fab-1")
LINES = ("huawei-osat", "line-1")


# ------------------------------------------------------------------ random small scenarios


def numbers(low, high):
    return st.floats(low, high).map(lambda value: float(f"{value:.3g}"))


def amounts(high, unit):
    """Return nothing, an exact amount, or an interval."""
    exact = numbers(high / 1000, high)
    return st.one_of(
        st.just(f"0 {unit}"),
        exact.map(lambda value: f"{value} {unit}"),
        st.tuples(exact, numbers(1.1, 4)).map(lambda pair: f"{pair[0]} {unit} to {pair[0] * pair[1]} {unit}"),
    )


shares = st.one_of(numbers(0.05, 0.95), numbers(0.05, 0.5).map(lambda low: f"{low} to {low + 0.4}"))
months = st.integers(1, 12).map(lambda month: f"2025-{month:02}")
lags = st.sampled_from(["0 month", "1 month", "2.5 month", "0.5 month to 3 month"])


def record(**fields):
    return {"label": "random", **fields}


@st.composite
def fabs(draw, dies):
    path = {draw(months): draw(amounts(2e4, "wafer/month")), "2026-06": draw(amounts(5e4, "wafer/month"))}
    lines = {die: {"mix": draw(numbers(0.1, 1)), "yield": draw(shares)} for die in draw(st.sets(dies, min_size=1))}
    start = {"start": {"p5": "2025-02", "p95": "2026-01", "family": "normal"}, "ramp": "6 month"}
    about = start if draw(st.booleans()) else {}
    return record(operator="any", country="any", process="process", capacity=path, dies=lines, **about)


def parcels(draw, high, unit):
    start = draw(st.integers(1, 12))
    until = draw(st.integers(start + 1, 14))
    month = [f"2025-{m:02}" if m <= 12 else f"2026-{m - 12:02}" for m in (start, until)]
    return {"from": month[0], "until": month[1], "amount": draw(amounts(high, unit))}


@st.composite
def products(draw, dies, memories, lines):
    kinds = draw(st.lists(memories, unique=True, max_size=2)) if memories is not None else []
    about = {"memory_types": kinds, "stacks": str(draw(numbers(1, 8)))} if kinds else {}
    chip = record(
        vendor="any", designed_in="any", status="shipped",
        dies=[{"die": die, "count": draw(st.integers(1, 4))} for die in draw(st.sets(dies, min_size=1, max_size=2))],
    )  # fmt: skip
    product = record(
        line=draw(lines), package_yield=draw(shares), priority=draw(st.integers(1, 2)),
        die_share=str(draw(numbers(0.1, 5))), packages_per_wafer="12 chip/wafer", **about,
    )  # fmt: skip
    return chip, product


@st.composite
def scenarios(draw, most_chips=3):
    dies = [f"die-{i}" for i in range(draw(st.integers(1, 2)))]
    memories = [f"memory-{i}" for i in range(draw(st.integers(0, 2)))]
    some_die = st.sampled_from(dies)
    line = {"capacity": amounts(5e4, "chip/month"), "wafers": amounts(5e3, "wafer/month")}
    kind = draw(st.sampled_from(sorted(line)))
    packaging = {
        LINES[0]: record(country="any", lag=draw(lags), **{kind: draw(line[kind])}),
        LINES[1]: record(country="any"),
    }
    pairs = [
        draw(products(some_die, st.sampled_from(memories) if memories else None, st.sampled_from(sorted(packaging))))
        for _ in range(draw(st.integers(1, most_chips)))
    ]
    made = st.sampled_from(memories) if memories else st.nothing()
    facts = {
        "processes": {"process": record(foundry="any", node_class="any", cycle_time=draw(lags))},
        "dies": {die: record(gross_dies=f"{draw(st.integers(20, 200))} die/wafer") for die in dies},
        "memory_types": {memory: record() for memory in memories},
        "fabs": {name: draw(fabs(some_die)) for name in FABS[: draw(st.integers(0, 2))]},
        "die_banks": {
            f"bank-{i}": record(die=draw(some_die), deliveries=[parcels(draw, 1e6, "die")])
            for i in range(draw(st.integers(0, 2)))
        },
        "memory_supplies": {
            f"supply-{i}": record(
                memory_type=draw(made), country="any", output=draw(amounts(1e6, "stack/month")),
                loss_share=draw(shares), deliveries=[parcels(draw, 1e6, "stack")],
            )
            for i in range(draw(st.integers(1, 2)) if memories else 0)
        },
        "packaging_lines": packaging,
        "chips": {f"chip-{i}": chip for i, (chip, _) in enumerate(pairs)},
        "products": {f"chip-{i}": product for i, (_, product) in enumerate(pairs)},
    }  # fmt: skip
    return scenario_of(facts)


def scenario_of(facts):
    chain = {name: list(facts[name]) for name in ("fabs", "die_banks", "memory_supplies", "products")}
    return {"label": "random", "horizon": {"start": "2025-01", "end": "2026-06"}, "chain": chain, "facts": facts}


def flows_of(scenario, seed=1):
    """Return the model, a sampler and the flows of a scenario."""
    model = model_of(ask(scenario))
    sampler = Sampler(Streams(seed, sobol_dimensions()), model.months, 0, DRAWS)
    return model, sampler, simulate(model, sampler)


def stacks_each(name, model, sampler):
    product = model.products[name]
    return sampler.draw(f"products.{name}.stacks", product.stacks) if product.memory_types else 0.0


def cumulative(flows, name, like):
    return np.cumsum(flows.get(name, np.zeros_like(like)), axis=0)


def near(value, other, scale):
    return np.abs(value - other) <= ROUNDING * np.maximum(scale, 1.0)


# ------------------------------------------------------------------ conservation and bounds


@few
@given(scenarios())
def test_dies_delivered_and_made_are_used_or_in_stock(scenario):
    model, _, flows = flows_of(scenario)
    for die, stock in flows.die_stock.items():
        arrived = cumulative(flows.good_dies, die, stock) + cumulative(flows.bank_dies, die, stock)
        used = sum(
            np.cumsum(flows.started[name], axis=0) * part.count
            for name, parts in model.packages.items()
            for part in parts
            if part.die == die
        )
        assert near(used + stock, arrived, arrived).all()


@few
@given(scenarios())
def test_stacks_that_arrive_are_used_or_in_stock(scenario):
    model, sampler, flows = flows_of(scenario)
    stock = sum(flows.stack_stock.values())
    arrived = sum(np.cumsum(flow, axis=0) for flow in flows.stacks.values())
    used = sum(np.cumsum(flows.started[name], axis=0) * stacks_each(name, model, sampler) for name in model.products)
    assert np.all(near(used + stock, arrived, arrived))


@few
@given(scenarios())
def test_packages_started_pass_no_bottleneck(scenario):
    model, sampler, flows = flows_of(scenario)
    months, draws = model.months.size, DRAWS
    for name, line in model.lines.items():
        on_it = {chip for chip, product in model.products.items() if product.line == name}
        started = sum((flows.started[chip] for chip in on_it), np.zeros((months, draws)))
        if line.capacity is not None:
            capacity = sampler.draw(f"packaging_lines.{name}.capacity", line.capacity)
            assert (started <= capacity * (1 + ROUNDING)).all()
        if line.wafers is not None:
            capacity = 12 * sampler.draw(f"packaging_lines.{name}.wafers", line.wafers)
            assert (started <= capacity * (1 + ROUNDING)).all()
    for chip, parts in model.packages.items():
        for part in parts:
            like = flows.started[chip]
            dies = cumulative(flows.good_dies, part.die, like) + cumulative(flows.bank_dies, part.die, like)
            assert (np.cumsum(like, axis=0) * part.count <= dies * (1 + ROUNDING) + ROUNDING).all()


@few
@given(scenarios())
def test_packages_finished_are_the_good_ones_of_those_started(scenario):
    model, sampler, flows = flows_of(scenario)
    for name, product in model.products.items():
        good = flows.started[name] * sampler.draw(f"products.{name}.package_yield", product.package_yield)
        finished, begun = np.cumsum(flows.production[name], axis=0), np.cumsum(good, axis=0)
        assert (finished <= begun * (1 + ROUNDING)).all()
        if model.lines[product.line].lag is None:
            assert near(finished, begun, begun).all()


@few
@given(scenarios())
def test_nothing_is_negative_or_undefined(scenario):
    _, _, flows = flows_of(scenario)
    assert flows.market is None
    for field, value in vars(flows).items():
        if field == "market":
            continue
        for name, array in value.items() if isinstance(value, dict) else [("", value)]:
            assert np.isfinite(array).all(), (field, name)
            assert (array >= 0).all(), (field, name)


@few
@given(scenarios())
def test_each_package_asked_for_is_put_down_to_one_constraint(scenario):
    _, _, flows = flows_of(scenario)
    decided = flows.binding.sum(axis=(0, 1))
    started = sum(flow.sum(axis=0) for flow in flows.started.values())
    assert (decided >= started * (1 - 1e-6) - ROUNDING).all()


def test_chips_with_two_kinds_of_die_claim_a_share_of_each():
    # 90 of both dies a month: three chips share the first kind, two of them the second. Each gets a third of the
    # first; asking for half of the second as well, nobody is left waiting, so the dies decide.
    parcel = {"from": "2025-01", "until": "2025-02", "amount": "90 die"}
    one, both = [{"die": "die-0", "count": 1}], [{"die": die, "count": 1} for die in ("die-0", "die-1")]
    makes = {"chip-0": one, "chip-1": both, "chip-2": both}
    facts = {
        "fabs": {},
        "memory_supplies": {},
        "dies": {die: record() for die in ("die-0", "die-1")},
        "die_banks": {f"bank-{die}": record(die=die, deliveries=[parcel]) for die in ("die-0", "die-1")},
        "chips": {
            chip: record(vendor="any", designed_in="any", status="shipped", dies=parts) for chip, parts in makes.items()
        },
        "products": {chip: record(line="unlimited") for chip in makes},
    }
    _, _, flows = flows_of(scenario_of(facts))
    assert all(np.allclose(flows.started[chip][0], 30) for chip in makes)
    assert np.allclose(flows.binding[0, 0], 90)
    assert np.allclose(flows.binding[0].sum(axis=0), 90)


# ------------------------------------------------------------------ more is never less


def scaled(text, factor):
    """Return a quantity text with every amount multiplied; nothing has no interval."""
    if factor == 0:
        return f"0 {text.split()[-1]}"
    return " to ".join(f"{float(part.split()[0]) * factor} {part.split()[1]}" for part in text.split(" to "))


def raise_wafers(facts, factor):
    for fab in facts["fabs"].values():
        fab["capacity"] = {month: scaled(amount, factor) for month, amount in fab["capacity"].items()}


def raise_die_counts(facts, factor):
    for die in facts["dies"].values():
        die["gross_dies"] = scaled(die["gross_dies"], factor)


def raise_deliveries(facts, factor):
    for name in ("die_banks", "memory_supplies"):
        for holder in facts[name].values():
            for parcel in holder["deliveries"]:
                parcel["amount"] = scaled(parcel["amount"], factor)


def raise_memory(facts, factor):
    for supply in facts["memory_supplies"].values():
        supply["output"] = scaled(supply["output"], factor)


def raise_packaging(facts, factor):
    for line in facts["packaging_lines"].values():
        for field in ("capacity", "wafers"):
            if field in line:
                line[field] = scaled(line[field], factor)


def raise_yields(facts, factor):
    for fab in facts["fabs"].values():
        for line in fab["dies"].values():
            line["yield"] = 0.96
    for product in facts["products"].values():
        product["package_yield"] = 0.96


LEVERS = [raise_wafers, raise_die_counts, raise_deliveries, raise_memory, raise_packaging, raise_yields]


@pytest.mark.parametrize("lever", LEVERS)
@settings(max_examples=12, deadline=None)
@given(scenario=scenarios(most_chips=1), factor=numbers(1, 10))
def test_more_of_an_input_never_lowers_the_output_of_one_chip(lever, scenario, factor):
    more = copy.deepcopy(scenario)
    lever(more["facts"], factor)
    before, after = (
        sum(np.cumsum(flow, axis=0) for flow in flows_of(world)[2].production.values()) for world in (scenario, more)
    )
    assert (after >= before * (1 - ROUNDING) - ROUNDING).all()


# ------------------------------------------------------------------ nothing in, nothing out


def without_dies(facts):
    raise_wafers(facts, 0)
    for bank in facts["die_banks"].values():
        for parcel in bank["deliveries"]:
            parcel["amount"] = "0 die"


def without_memory(facts):
    for supply in facts["memory_supplies"].values():
        supply["output"] = "0 stack/month"
        for parcel in supply["deliveries"]:
            parcel["amount"] = "0 stack"


def without_packaging(facts):
    facts["packaging_lines"] = {
        name: record(country="any", capacity="0 chip/month") for name in facts["packaging_lines"]
    }


@pytest.mark.parametrize("taken", [without_dies, without_memory, without_packaging])
@fewer
@given(scenario=scenarios())
def test_without_an_input_nothing_is_made_and_nothing_is_undefined(taken, scenario):
    taken(scenario["facts"])
    result = autarky.run(scenario, draws=DRAWS, workers=1)
    needy = [
        chip
        for chip, product in scenario["facts"]["products"].items()
        if taken is not without_memory or product.get("memory_types")
    ]
    for chip in needy:
        assert not result.monthly("production.chips", {"chip": chip}).any()
    for name, measure, scope in result.breakdown():
        values = np.array([list(summary.values()) for summary in result.by_year(measure, scope).values()])
        assert np.isfinite(values).all(), name
    if len(needy) == len(scenario["facts"]["products"]) and taken is without_dies:
        assert result.bottleneck()["2025"] == {"nothing made": 1.0}


# ------------------------------------------------------------------ same seed, same bits


def equal_bits(one, other, draws=None):
    names = [name for name in one.flows if one.flows[name].size]
    return all(np.array_equal(one.flows[name][..., :draws], other.flows[name][..., :draws]) for name in names)


@fewer
@given(scenario=scenarios(), seed=st.integers(0, 2**31))
def test_blocks_and_workers_make_no_difference(scenario, seed):
    whole = autarky.run(scenario, draws=5000, seed=seed, workers=1, block=10_000)
    for block, workers in ((256, 4), (1024, 1), (4096, 4)):
        assert equal_bits(whole, autarky.run(scenario, draws=5000, seed=seed, workers=workers, block=block))


@fewer
@given(scenario=scenarios(), seed=st.integers(0, 2**31))
def test_the_first_draws_do_not_depend_on_how_many_follow(scenario, seed):
    short, long = (autarky.run(scenario, draws=draws, seed=seed, workers=1) for draws in (300, 5000))
    assert equal_bits(short, long, draws=300)


@few
@given(scenario=scenarios())
def test_an_override_of_something_unrelated_changes_no_bit(scenario):
    plain = autarky.run(scenario, draws=DRAWS, workers=1)
    overrides = {"chips.h20.power": "450 W", "fabs.huawei-fab-3.capacity": "90k wafer/month"}
    assert equal_bits(plain, autarky.run(scenario, draws=DRAWS, workers=1, overrides=overrides))


@few
@given(scenario=scenarios())
def test_a_fab_for_another_die_leaves_all_other_draws_untouched(scenario):
    wider = copy.deepcopy(scenario)
    wider["facts"]["dies"]["other-die"] = record(gross_dies="50 die/wafer to 90 die/wafer")
    lines = {"other-die": {"mix": 1, "yield": "20% to 60%"}}
    wider["facts"]["fabs"]["a-fab"] = record(operator="any", country="any", capacity="1k wafer/month", dies=lines)
    (_, _, before), (_, _, after) = flows_of(scenario), flows_of(scenario_of(wider["facts"]))
    assert after.good_dies["other-die"].any()
    for field in ("capacity", "good_dies", "bank_dies", "stacks", "die_stock", "stack_stock", "started", "production"):
        for name, array in getattr(before, field).items():
            assert np.array_equal(array, getattr(after, field)[name]), (field, name)


# ------------------------------------------------------------------ the flagship

FLAGSHIP_DRAWS = 1200


def flagship(**settings_):
    return autarky.run("china-ai-chips", prior=True, **{"draws": FLAGSHIP_DRAWS, "workers": 2, **settings_})


@pytest.fixture(scope="module")
def as_it_is():
    return flagship()


@pytest.mark.parametrize(("block", "workers"), [(256, 4), (1000, 1)])
def test_the_flagship_has_the_same_bits_in_any_blocks(as_it_is, block, workers):
    assert equal_bits(as_it_is, flagship(block=block, workers=workers))


def test_an_override_moves_no_other_draw_of_the_flagship(as_it_is):
    changed = flagship(overrides={"fabs.huawei-fab-1.capacity": "30k wafer/month"})
    fabs_of = as_it_is.members["capacity"]
    for row, fab in enumerate(fabs_of):
        same = np.array_equal(as_it_is.flows["capacity"][row], changed.flows["capacity"][row])
        assert same == (fab != "huawei-fab-1"), fab
    for flow in ("bank_dies", "stacks"):
        assert np.array_equal(as_it_is.flows[flow], changed.flows[flow])
    assert all(np.array_equal(worth, changed.worth[name]) for name, worth in as_it_is.worth.items())


@pytest.mark.parametrize(
    ("measure", "overrides", "draws_that_rise"),
    [
        ("good_dies", {"fabs.smic-7nm.capacity": "400k wafer/month"}, 1.0),
        ("good_dies", {"fabs.smic-7nm.dies.ascend-910b-die.yield": "90%"}, 1.0),
        ("production.chips", {"memory_supplies.grey-hbm.output": "3M stack/month"}, 0.99),
        ("production.chips", {"packaging_lines.huawei-osat.capacity": "3M chip/month"}, 0.99),
        ("production.chips", {"products.ascend-910c.package_yield": "98%"}, 0.99),
        # Chips that ask for more take memory and packaging from others, so a few draws end with fewer in all.
        ("production.chips", {"fabs.smic-7nm.capacity": "400k wafer/month"}, 0.8),
    ],
)
def test_each_lever_raises_the_flagship_as_it_should(as_it_is, measure, overrides, draws_that_rise):
    # Over all years: dies that are packaged early are missing later.
    before, after = (
        sum(result.by_period(measure, year) for year in result.years)
        for result in (as_it_is, flagship(overrides=overrides))
    )
    assert after.mean() > 1.01 * before.mean()
    assert (after >= before * (1 - 1e-6)).mean() >= draws_that_rise
