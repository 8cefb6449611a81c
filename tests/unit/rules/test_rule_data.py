"""The rules and countries themselves: cited, dated, and consistent with one another."""

import json
import re
from datetime import date
from importlib import resources
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from autarky.facts.rule_records import Country, Limit, Rule
from autarky.rules import ChipSpec, Die, RuleSet
from autarky.rules.geography import Geography
from autarky.rules.plain_form import as_plain


def _data(name):
    return resources.files("autarky.facts") / "data" / name


def test_every_rule_and_country_cites_sources_that_exist(law):
    known = set()
    for name in ("sources.yaml", "sources-rules.yaml"):
        known |= set(yaml.load(_data(name).read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))
    for name, record in (law.rules | law.countries).items():
        assert record.source, name
        assert set(record.source) <= known, name


def test_every_named_set_of_countries_exists(law):
    text = _data("rules.yaml").read_text(encoding="utf-8")
    scopes = RuleSet(law.rules).scopes
    fields = "destinations|party_in|party_outside|headquarters_outside|designers_in|packaged_outside|not_from"
    named = set(re.findall(rf"\b(?:{fields}): ([a-z0-9-]+)", text))
    assert named <= set(scopes)
    geography = Geography(law.countries, scopes)
    for scope in scopes.values():
        assert set(scope.countries) <= set(law.countries)
    assert all(isinstance(geography.within("CN", name, date(2024, 1, 1)), bool) for name in scopes)


@pytest.mark.parametrize(
    ("group", "members"),
    [
        ("D:1", "AM AZ BY CN GE IQ KG KH KP KZ LA LY MD MM MN MO NI RU TJ TM UZ VE VN YE"),
        ("D:4", "BH BY CN EG IL IQ IR JO KP KW LB LY MO OM PK QA RU SA SY VE YE"),
        ("D:5", "AF BY CD CF CN CU ER HT IQ IR KP LB LY MM NI RU SD SO SS SY VE ZW"),
        (
            "A:5",
            "AE AR AT AU BE BG CA CH CZ DE DK EE ES FI FR GB GR HR HU IE IN IS IT JP KR LT LU LV NL NO NZ PL PT RO"
            " SE SI SK TR",
        ),
        ("A:6", "AL CY IL MT MX SG TW ZA"),
    ],
)
def test_country_groups_on_the_day_they_were_read(law, group, members):
    day = date(2026, 9, 24)
    own = {code for code, country in law.countries.items() if country.treated_as is None}
    assert {code for code in own if group in law.countries[code].groups_on(day)} == set(members.split())


def test_group_d5_had_twenty_three_members_in_january_2025(law):
    day = date(2025, 1, 15)
    members = {c for c, country in law.countries.items() if "D:5" in country.groups_on(day)}
    assert len(members) == 23


def test_hong_kong_is_china_and_macau_is_not(law):
    geography = Geography(law.countries, RuleSet(law.rules).scopes)
    day = date(2024, 1, 1)
    assert geography.groups("HK", day) == geography.groups("CN", day)
    assert "D:5" not in geography.groups("MO", day)
    assert geography.within("MO", "d5-macau", day)


def test_codes_are_iso_and_no_name_stands_for_two_countries(law):
    names: dict[str, str] = {}
    for code, country in law.countries.items():
        assert re.fullmatch("[A-Z]{2}", code)
        for name in (country.label, *country.aliases):
            assert names.setdefault(name.casefold(), code) == code
            assert name.upper() not in law.countries or name.upper() == code


def test_dates_of_each_rule_run_forward(law):
    for name, rule in law.rules.items():
        dates = rule.dates
        effective = [d for d in (dates.effective, dates.compliance, dates.superseded) if d is not None]
        assert effective == sorted(effective), name
        if rule.status == "superseded":
            assert dates.superseded is not None, name
        if rule.switched:
            assert dates.superseded is None, name


def test_no_threshold_of_the_law_stands_in_code():
    numbers = r"(?<![\w.])(4_?800|1_?600|2_?400|5\.92|3\.2|1\.6|21_?000|6_?500|1_?400|1_?100|1_?700|3\.3)(?![\w.])"
    folder = Path(str(resources.files("autarky.rules")))
    for path in folder.glob("*.py"):
        assert not re.search(numbers, path.read_text(encoding="utf-8")), path.name


def test_rules_and_countries_reject_what_they_do_not_know():
    with pytest.raises(ValidationError):
        Rule.model_validate({"label": "x", "status": "in force", "threshold": 3})
    with pytest.raises(ValidationError, match="exactly one of at_least, above, below, at_most"):
        Limit.model_validate({"measure": "tpp", "at_least": 1, "below": 2})
    with pytest.raises(ValidationError, match="must come after"):
        Country.model_validate(
            {"label": "x", "groups": [{"group": "D:1", "from": "2025-01-01", "until": "2024-01-01"}]}
        )


def test_text_dates_read_like_dates():
    rule = Rule.model_validate({"label": "x", "status": "in force", "dates": {"effective": "2025-01-02"}})
    assert rule.dates.effective == date(2025, 1, 2)


def test_the_answer_as_plain_data(law):
    h20 = ChipSpec(
        name="H20",
        dies=(Die(814),),
        dense={"fp8": 296, "tf32": 74},
        memory_bandwidth_gb_s=4000,
        interconnect_gb_s=900,
        data_centre=True,
    )
    plain = as_plain(law(h20, "2024-06-01"))
    assert json.loads(json.dumps(plain)) == plain
    expected = (
        "chip to date class paragraph tpp performance_density letter licence review case_by_case_box tariff_band"
        " decided_by distances next_change sources"
    )
    assert set(expected.split()) <= set(plain)
    assert (plain["class"], plain["date"], plain["letter"]) == ("none", "2024-06-01", False)
    assert plain["next_change"]["date"] == "2025-04-09"
    assert plain["next_change"]["changes"]["licence"] == {"before": "not required", "after": "required"}
    (apart,) = [d for d in plain["distances"] if d["line"] == "3A090.b.1" and d["threshold"] == 2400]
    assert (apart["distance"], apart["unit"], apart["sign"]) == (-32, "1", "at_least")
