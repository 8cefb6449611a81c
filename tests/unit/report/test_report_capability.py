"""What the report and the terminal say about what a base can do."""

import pytest

import autarky
from autarky.facts.loader import load_catalogue
from autarky.report.bands import Bands
from autarky.report.capability import capability_section
from autarky.report.figures import Fans
from autarky.report.names import Names
from autarky.report.svg import Studio
from autarky.report.words import amount
from autarky.terminal import print_summary
from autarky.tokens import token_figures


@pytest.fixture(scope="module")
def flagship():
    return autarky.run("china-ai-chips", draws=64, prior=True)


def section_of(result):
    catalogue = load_catalogue()
    with Studio() as studio:
        return capability_section(Fans(Bands(result, catalogue), Names(catalogue), studio))


@pytest.fixture(scope="module")
def section(flagship):
    return section_of(flagship)


def test_the_section_has_what_the_base_can_do_its_power_and_its_electricity(section):
    assert [figure.id for figure in section.figures] == [
        "capability-training", "capability-prefill", "capability-decode", "installed-power", "installed-energy",
    ]  # fmt: skip
    assert section.figures[1].unit == "trillion tokens a day at the end of each year"
    assert [point.partition(":")[0] for point in section.points] == ["training", "prefill", "decode"]
    assert "qwen3-235b-a22b, prompts of 4,096 tokens" in section.points[1]


def test_chips_with_assumed_numbers_are_named(section):
    assumed = section.text[-1]
    assert "Cambricon MLU690" in assumed
    assert "H20" not in assumed


def test_each_workload_has_a_table_of_chips_with_the_numbers_of_the_result(flagship, section):
    equivalents, *tables = section.tables
    assert len(tables) == 3
    assert len(equivalents.rows) == 9
    decode = {row[0]: row for row in tables[2].rows}
    row = next(row for row in token_figures(flagship, "2027") if row.name == "h20")
    name = load_catalogue().collections["chips"]["h20"].label
    assert decode[name][2].startswith(amount(row.speed["decode"][1], 2))
    assert decode[name][4].startswith(amount(row.cost["decode"][1], 2))
    assert tables[2].rows[-1][0] == "All that is in service, each"


def test_medians_of_equivalents_are_those_of_the_result(flagship, section):
    rows = {row[0]: row[1:] for row in section.tables[0].rows}
    by_year = flagship.by_year("installed.h100e.decode")
    assert rows["By answers given (decode), in service at the end"] == tuple(
        amount(by_year[year]["p50"]) for year in flagship.years
    )


def test_without_reference_workloads_there_is_no_section():
    plain = {
        "region": "CN",
        "label": "No reference chip",
        "horizon": {"start": "2025-01", "end": "2025-12"},
        "chain": {"fabs": ["smic-7nm"], "products": ["ascend-910b"], "memory_supplies": ["samsung-hbm2e"]},
    }
    assert section_of(autarky.run(plain, draws=16)) is None


def test_the_terminal_tells_what_the_base_can_do(flagship, capsys):
    print_summary(flagship)
    told = capsys.readouterr().out
    for words in ("What it can do", "in service, by decode, H100e", "usable training, ZFLOP/day", "rated power, MW"):
        assert words in told
    assert "all in service" in told
    assert "qwen3-235b-a22b" in told
