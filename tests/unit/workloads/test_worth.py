"""Speeds on the reference workloads: what they follow, what stands in, and that they are computed once."""

import json
from pathlib import Path

import pytest

import autarky.workloads.worth as worth
from autarky.errors import InputError
from autarky.facts.catalogue import Catalogue, value_of
from autarky.facts.loader import load_catalogue
from autarky.facts.performance_records import ReferenceWorkload
from autarky.facts.records import Chip, System
from autarky.quantities.estimates import Estimate, Quantity
from autarky.quantities.shapes import Exact
from autarky.systems.deployment import deployed, rated_power
from autarky.workloads.speeds import Speeds
from autarky.workloads.worth import speed_of, speeds, with_rates

TASKS = ("training", "prefill", "decode")


def workload(task):
    return load_catalogue().get("reference_workloads", task, ReferenceWorkload)


def speed(chip, task, catalogue=None):
    return speed_of(deployed(catalogue or load_catalogue(), chip), chip, workload(task))


def scaled(quantity, factor):
    return None if quantity is None else Quantity(quantity.unit, (Estimate(Exact(factor * value_of(quantity))),))


def changed(collection, name, **fields):
    """Return the catalogue with some fields of one record replaced."""
    catalogue = load_catalogue()
    record = catalogue.collections[collection][name].model_copy(update=fields)
    collections = {
        **catalogue.collections,
        collection: {**catalogue.collections[collection], name: record},
    }
    return Catalogue(collections, catalogue.plain, catalogue.digest)


def with_links(catalogue, system, factor):
    """Return the catalogue with the bandwidths of a system's networks changed by a factor."""
    record = catalogue.get("systems", system, System)
    up = record.scale_up_per_chip
    links = up.model_copy(update={"one_way": scaled(up.one_way, factor), "both_ways": scaled(up.both_ways, factor)})
    update = {"scale_up_per_chip": links, "scale_out_per_chip": scaled(record.scale_out_per_chip, factor)}
    systems = {**catalogue.collections["systems"], system: record.model_copy(update=update)}
    return Catalogue({**catalogue.collections, "systems": systems}, catalogue.plain, catalogue.digest)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("chip", ["h100-sxm", "h20"])
def test_a_chip_with_every_rate_doubled_is_worth_about_double(chip, task):
    whole = deployed(load_catalogue(), chip)
    double = with_links(with_rates(whole.catalogue, chip, 2.0, 2.0), whole.system, 2.0)
    # Latencies and the time that software takes stay as they are; less waiting within a time limit lets more users in.
    assert 1.5 < speed(chip, task, double).tokens / speed(chip, task).tokens < 3.0


@pytest.mark.parametrize("task", TASKS)
def test_a_faster_chip_is_never_slower(task):
    plain = speed("ascend-910c", task)
    for compute, memory in ((1.3, 1.0), (1.0, 1.3), (1.3, 1.3)):
        catalogue = with_rates(deployed(load_catalogue(), "ascend-910c").catalogue, "ascend-910c", compute, memory)
        assert speed("ascend-910c", task, catalogue).tokens >= plain.tokens * 0.999


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("chip", ["h100-sxm", "h20", "ascend-910c"])
def test_exponents_say_how_speed_follows_rates_nearby(chip, task):
    plain = speed(chip, task)
    # Within a time limit a faster chip serves more users at once, which is worth more than its speed.
    assert -0.01 < plain.compute < 1.5
    assert -0.01 < plain.memory < 1.5
    assert plain.compute + plain.memory < (1.1 if task != "decode" else 2)
    catalogue = with_rates(deployed(load_catalogue(), chip).catalogue, chip, 1.15, 1.15)
    # Another plan can be better there; around the mean the difference is small.
    told = plain.tokens * 1.15 ** (plain.compute + plain.memory)
    assert speed(chip, task, catalogue).tokens == pytest.approx(told, rel=0.15)


def test_training_follows_arithmetic_and_hardly_memory_bandwidth():
    plain = speed("h100-sxm", "training")
    assert plain.compute > 0.7
    assert plain.memory < 0.1


def test_a_chip_takes_the_first_recipe_that_it_can():
    assert speed("h100-sxm", "decode").recipe == "fp8"
    assert speed("ascend-910c", "decode").recipe == "int8"
    assert speed("a100-80gb-sxm", "decode").recipe == "bf16"
    assert speed("h100-sxm", "training").recipe == "bf16"


def test_what_stands_in_for_an_unpublished_number_is_told():
    assumed = deployed(load_catalogue(), "cambricon-mlu690").assumed
    assert "bf16 rate from products.cambricon-mlu690" in assumed
    assert "memory from deployments.cambricon-mlu690" in assumed
    assert "scale-out bandwidth from deployments.default" in assumed
    assert "efficiencies of other-accelerators" in assumed
    assert deployed(load_catalogue(), "h100-sxm").assumed == ()


def test_a_sister_chips_system_holds_the_chip_itself_and_not_its_power():
    whole = deployed(load_catalogue(), "ascend-910b")
    system = whole.catalogue.get("systems", whole.system, System)
    assert [part.chip for part in system.chips] == ["ascend-910b"]
    assert system.power is None
    assert "system as atlas-800-a2, made with ascend-910b2" in whole.assumed


@pytest.mark.parametrize(
    ("chip", "said"),
    [("mi309", "has no dense"), ("rubin-cpx", "has no memory.bandwidth"), ("t4", "nothing is known about what t4")],
)
def test_a_chip_of_which_too_little_is_known_is_left_out_and_listed(chip, said):
    found = speeds(load_catalogue(), [chip, "h100-sxm"])
    assert said in found.lacking[chip]
    assert all(set(known) == {"h100-sxm"} for known in found.by_task.values())


def test_no_workload_gives_no_speed():
    catalogue = load_catalogue()
    bare = Catalogue({**catalogue.collections, "reference_workloads": {}}, catalogue.plain, catalogue.digest)
    assert speeds(bare, ["h100-sxm"]) == Speeds()


def test_domains_that_nothing_joins_cannot_work_together():
    catalogue = changed("deployments", "default", scale_out=None)
    with pytest.raises(InputError, match="what joins the domains"):
        speed("hygon-bw1000", "training", catalogue)


def test_rated_power_is_the_systems_or_the_chips_with_the_overhead_of_systems():
    catalogue = load_catalogue()
    (key, quantity, chips), *others = rated_power(catalogue, "ascend-910c")
    assert (key, chips, others) == ("systems.cloudmatrix-384.power", 384.0, [])
    assert quantity is catalogue.get("systems", "cloudmatrix-384", System).power
    keys = [key for key, _, _ in rated_power(catalogue, "h20")]
    assert keys == ["chips.h20.power", "deployments.default.overhead"]
    assert rated_power(catalogue, "ascend-970") == ()
    keys = [key for key, _, _ in rated_power(catalogue, "ascend-950dt")]
    assert keys == ["deployments.ascend-950dt.power", "deployments.default.overhead"]


@pytest.fixture
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def computed(monkeypatch, own_cache):
    """Return the chips of which a speed was computed and not read."""
    names = []

    def counted(whole, chip, work, plain=speed_of):
        names.append(chip)
        return plain(whole, chip, work)

    monkeypatch.setattr(worth, "speed_of", counted)
    return names


def test_a_speed_is_computed_once(computed):
    first = speeds(load_catalogue(), ["h100-sxm", "h20"])
    assert computed == ["h100-sxm"] * 3 + ["h20"] * 3
    assert speeds(load_catalogue(), ["h100-sxm", "h20"]) == first
    assert len(computed) == 6


def test_a_speed_is_computed_again_when_a_number_behind_it_changes(computed):
    speeds(load_catalogue(), ["h20"])
    chip = load_catalogue().get("chips", "h20", Chip)
    memory = chip.memory.model_copy(update={"bandwidth": scaled(chip.memory.bandwidth, 1.1)})
    speeds(changed("chips", "h20", memory=memory), ["h20"])
    speeds(load_catalogue(), ["h20"])
    assert len(computed) == 6


def test_a_speed_does_not_depend_on_other_records(computed):
    speeds(load_catalogue(), ["h20"])
    speeds(changed("chips", "h200-sxm", power=None), ["h20"])
    assert len(computed) == 3


def test_a_damaged_copy_is_computed_again(computed, own_cache):
    first = speeds(load_catalogue(), ["h100-sxm"])
    (path,) = Path(own_cache).rglob("speeds-*.json")
    assert json.loads(path.read_text(encoding="utf-8"))
    for damage in ("", "{", "[]", '{"a": 1}', '{"a": {"tokens": 1}}'):
        path.write_text(damage, encoding="utf-8")
        assert speeds(load_catalogue(), ["h100-sxm"]) == first
    assert len(computed) == 18


def test_a_folder_that_cannot_be_written_only_costs_time(computed, own_cache):
    (own_cache / "autarky").write_text("a file stands where the folder should", encoding="utf-8")
    assert speeds(load_catalogue(), ["h100-sxm"]) == speeds(load_catalogue(), ["h100-sxm"])
    assert len(computed) == 6
