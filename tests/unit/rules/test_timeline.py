"""Events listed in order of time, with every day and wording of their instruments."""

import pytest

from autarky.errors import InputError, UnknownKeyError
from autarky.facts.loader import load_catalogue
from autarky.rules.timeline import timeline_of


def rows(**about):
    return {row["id"]: row for row in timeline_of(load_catalogue(), **about)}


def test_one_day_is_not_enough_for_a_rule():
    """October 2023: announced on the 17th, printed on the 25th, in force on 17 November, for one firm on the 23rd."""
    found = rows(start="2023-10", end="2023-11")
    rule, notice = found["2023-10-tpp-pd-rule"], found["2023-10-early-start-nvidia"]
    assert [rule[day] for day in ("announced", "published", "effective")] == ["2023-10-17", "2023-10-25", "2023-11-17"]
    assert (notice["effective"], notice["superseded"]) == ("2023-10-23", "2023-11-17")
    assert notice["levers"][0]["scope"]["chip"] == ["a800-sxm", "h800-sxm", "l40s"]


def test_both_wordings_of_the_guidance_on_chinese_chips_are_kept_with_their_days():
    states = rows()["2025-05-ascend-guidance"]["states"]
    assert [(state["from"], state["until"]) for state in states] == [
        ("2025-05-13", "2025-05-16"),
        ("2025-05-16", None),
    ]
    assert "anywhere" in states[0]["text"]
    assert "risk" in states[1]["text"]


def test_a_rule_that_is_not_enforced_is_not_called_repealed():
    found = rows()
    assert found["2025-01-ai-diffusion"]["status"] == "not enforced"
    assert found["2025-01-ai-diffusion"]["compliance"] == "2025-05-15"
    assert any("stays in the code" in state["text"] for state in found["2025-05-diffusion-not-enforced"]["states"])


@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("2022-10-advanced-computing-rule", ("2022-10-07", "2022-10-13", "2022-10-21", None, "2023-11-17")),
        ("2024-12-hbm-control", ("2024-12-02", "2024-12-05", "2024-12-02", "2024-12-31", None)),
        ("2025-01-foundry-rule", ("2025-01-15", "2025-01-16", "2025-01-16", "2025-01-31", None)),
        ("2026-01-h200-review-rule", ("2026-01-13", "2026-01-15", "2026-01-15", None, None)),
    ],
)
def test_the_days_of_an_instrument_are_told_apart(name, days):
    row = rows()[name]
    assert tuple(row[day] for day in ("announced", "published", "effective", "compliance", "superseded")) == days


def test_events_are_listed_by_actor_and_day():
    assert {row["actor"] for row in rows(actor="cn").values()} > {"CN-CUSTOMS", "CN-CAC"}
    assert all(row["actor"].startswith("CN-") for row in rows(actor="CN").values())
    assert list(rows(actor="nvidia", start="2026-03-05", end="2026-03-05")) == ["2026-03-h200-output-stopped"]
    days = [row["date"] for row in rows().values()]
    assert [day[:7] for day in days if len(day) > 4] == sorted(day[:7] for day in days if len(day) > 4)
    proposed = rows()["2025-12-safe-chips-bill"]
    assert (proposed["enacted"], proposed["status"]) == (False, "proposed")


def test_an_unknown_actor_or_date_is_refused():
    with pytest.raises(UnknownKeyError, match="did you mean nvidia"):
        rows(actor="nvidai")
    with pytest.raises(InputError, match="'soon' is not a date"):
        rows(start="soon")
