"""Destination, headquarters, exceptions, review and the next day on which the answer changes."""

from datetime import date

import pytest

from autarky.errors import InputError, UnknownKeyError
from autarky.rules import ChipSpec, Die, HbmStack

H100 = ChipSpec(
    name="H100",
    dies=(Die(814),),
    dense={"fp8": 1979},
    memory_bandwidth_gb_s=3350,
    interconnect_gb_s=900,
    data_centre=True,
)
L40 = ChipSpec(
    name="L40",
    dies=(Die(608.5),),
    dense={"fp8": 362},
    memory_bandwidth_gb_s=864,
    interconnect_gb_s=64,
    data_centre=True,
)
RTX_4090 = ChipSpec(
    name="RTX 4090",
    dies=(Die(608.5),),
    dense={"fp8": 660.6},
    memory_bandwidth_gb_s=1008,
    interconnect_gb_s=64,
    data_centre=False,
)
H20 = ChipSpec(
    name="H20",
    dies=(Die(814),),
    dense={"fp8": 296},
    memory_bandwidth_gb_s=4000,
    interconnect_gb_s=900,
    data_centre=True,
)
DENIAL, CASE, APPROVAL = "presumption of denial", "case-by-case", "presumption of approval"


@pytest.mark.parametrize(
    ("to", "licence", "review"),
    [
        ("CN", "required", DENIAL),
        ("HK", "required", DENIAL),
        ("MO", "required", DENIAL),
        ("RU", "required", DENIAL),
        ("IR", "required", DENIAL),
        ("SA", "required", APPROVAL),
        ("AE", "required", APPROVAL),
        ("QA", "required", APPROVAL),
        ("VN", "required", APPROVAL),
        ("KZ", "required", APPROVAL),
        ("PK", "required", APPROVAL),
        ("EG", "required", APPROVAL),
        ("KW", "required", APPROVAL),
        ("KH", "required", DENIAL),
        *((code, "not required", "not applicable") for code in ("IL", "TW", "SG", "MX", "IN", "KR", "JP", "DE")),
        *((code, "not required", "not applicable") for code in ("NL", "GB", "CH", "PL", "TR", "BR", "MY", "TH")),
        *((code, "not required", "not applicable") for code in ("ID", "UA", "CY", "MT", "ZA", "PH", "US", "NO")),
    ],
)
def test_default_table_of_destinations(law, to, licence, review):
    answer = law(H100, "2024-06-01", to=to)
    assert (answer.class_name, answer.licence, answer.review) == ("3A090.a", licence, review)


def test_the_first_rule_reached_china_alone_then_macau(law):
    assert law(H100, "2023-01-16", to="MO").licence == "not required"
    assert law(H100, "2023-01-18", to="MO").licence == "required"
    assert law(H100, "2023-01-18", to="HK").licence == "required"
    for to in ("SA", "VN", "AE"):
        assert law(H100, "2023-10-22", to=to).licence == "not required"
        assert law(H100, "2023-11-17", to=to).licence == "required"


def test_changes_of_country_groups_move_the_headquarters_rule(law):
    def licence(day, headquarters):
        return law(H100, day, to="SG", headquarters=headquarters).licence

    assert [licence(day, "KH") for day in ("2025-11-06", "2025-11-07")] == ["required", "not required"]
    assert [licence(day, "NI") for day in ("2024-03-14", "2024-03-15")] == ["not required", "required"]
    assert [licence(day, "CY") for day in ("2024-05-29", "2024-05-30")] == ["required", "not required"]
    assert law(H100, "2024-01-01", to="CY", headquarters="US").licence == "not required"
    assert law(H100, "2025-12-01", to="KH").review == APPROVAL


def test_the_emirates_keep_a_licence_in_group_a5_unless_listed(law):
    assert law(H100, "2026-07-09", to="AE").licence == "required"
    assert law(H100, "2026-07-10", to="AE").licence == "required"
    assert law(H100, "2026-07-10", to="AE", recipient="microsoft").licence == "not required"
    assert law(H100, "2026-07-09", to="AE", recipient="microsoft").licence == "required"
    assert law(H100, "2027-04-05", to="AE", recipient="g42").licence == "not required"
    assert law(H100, "2027-04-06", to="AE", recipient="g42").licence == "required"
    with pytest.raises(UnknownKeyError, match="no listed recipient is called 'g41'; did you mean g42"):
        law(H100, "2026-08-01", to="AE", recipient="g41")


@pytest.mark.parametrize(
    ("chip", "day", "to", "headquarters", "exception"),
    [
        (L40, "2024-01-01", "CN", None, "NAC"),
        (L40, "2024-06-01", "CN", None, "NAC"),
        (L40, "2024-01-01", "SA", None, "NAC"),
        (L40, "2024-06-01", "SA", None, "ACA"),
        (L40, "2024-06-01", "SG", "CN", "NAC"),
        (L40, "2024-06-01", "SA", "CN", "NAC"),
        (RTX_4090, "2024-06-01", "CN", None, "NAC"),
        (RTX_4090, "2024-06-01", "VN", None, "ACA"),
        (H100, "2024-06-01", "SA", None, None),
        (L40, "2024-06-01", "RU", None, None),
    ],
)
def test_which_exception_serves_whom(law, chip, day, to, headquarters, exception):
    answer = law(chip, day, to=to, headquarters=headquarters)
    assert answer.exception == exception
    assert answer.licence == ("required" if exception is None else "exception")
    notice = any("25 calendar days" in condition for condition in answer.conditions)
    assert notice == (exception == "NAC" and (to == "CN" or headquarters == "CN"))


def test_a_letter_bars_the_exception(law):
    rtx_5090 = ChipSpec(
        name="RTX 5090",
        dies=(Die(750),),
        dense={"fp4": 1676},
        memory_bandwidth_gb_s=1792,
        interconnect_gb_s=128,
        data_centre=False,
    )
    before, after = law(rtx_5090, "2025-04-08"), law(rtx_5090, "2025-04-09")
    assert (before.licence, before.exception) == ("exception", "NAC")
    assert (after.licence, after.exception, after.letter) == ("required", None, True)
    assert law(rtx_5090, "2025-05-01", to="SA").exception == "ACA"


def test_review_of_class_b_before_and_inside_the_lane(law):
    assert law(L40, "2025-12-01").review == CASE
    assert law(L40, "2026-02-01").review == CASE
    assert law(L40, "2026-02-01", route="TW").review == DENIAL
    assert law(L40, "2026-02-01", to="SA").review == CASE
    assert law(L40, "2026-02-01", to="SG", headquarters="CN").review == DENIAL


def test_the_lane_is_for_china_and_macau_from_the_united_states(law):
    assert law(H100, "2026-02-01", to="MO").case_by_case_box == "in"
    assert law(H100, "2026-02-01", to="HK").case_by_case_box == "in"
    assert law(H100, "2026-02-01", headquarters="US").case_by_case_box == "in"
    for about in ({"route": "TW"}, {"to": "RU"}, {"to": "SG", "headquarters": "CN"}, {"to": "JP"}):
        assert law(H100, "2026-02-01", **about).case_by_case_box == "not applicable"


def test_a_part_made_for_china_alone_stays_denied(law):
    china_only = ChipSpec(
        name="China-only",
        dies=(Die(814),),
        dense={"fp8": 1500},
        memory_bandwidth_gb_s=3000,
        data_centre=True,
        us_available=False,
    )
    answer = law(china_only, "2026-02-01")
    assert (answer.case_by_case_box, answer.review) == ("in", DENIAL)


def test_memory_goes_by_destination_and_its_review_by_headquarters(law):
    stack = ChipSpec(name="HBM3E", hbm=HbmStack(1200, 121))
    assert law(stack, "2024-12-01").class_name == "none"
    listed = law(stack, "2024-12-02")
    assert (listed.class_name, listed.licence) == ("3A090.c", "not required")
    assert listed.next_change.date == date(2024, 12, 31)
    due = law(stack, "2024-12-31")
    assert (due.licence, due.review) == ("required", DENIAL)
    assert law(stack, "2025-06-01", headquarters="KR").review == APPROVAL
    assert law(stack, "2025-06-01", to="MO").licence == "required"
    for to in ("KR", "TW", "VN", "SA"):
        assert law(stack, "2025-06-01", to=to, headquarters="CN").licence == "not required"
    assert (due.letter, due.tariff_band, due.case_by_case_box) == (False, None, "not applicable")
    packed = ChipSpec(name="with a processor", hbm=HbmStack(1200, 121, with_processor=True), dense={"fp8": 100})
    assert law(packed, "2025-06-01", to="KR").class_name == "none"


def test_embargoed_destinations_need_a_licence_whatever_the_class(law):
    answer = law(H20, "2024-06-01", to="RU")
    assert (answer.class_name, answer.licence, answer.review) == ("none", "required", DENIAL)
    assert any("part 746" in reason for reason in answer.reasons)


def test_a_letter_of_unknown_reach_names_whom_it_went_to(law):
    huawei = ChipSpec(
        name="Ascend 910C",
        dies=(Die(665.6, count=2),),
        dense={"bf16": 752},
        memory_bandwidth_gb_s=3200,
        interconnect_gb_s=784,
        data_centre=True,
        maker="huawei",
    )
    answer = law(huawei, "2025-06-01")
    assert answer.letter is True
    assert any("2025-04-letters went to nvidia, amd, intel" in warning for warning in answer.warnings)
    # The notice of 2023 went to one maker and speaks of no equivalents.
    assert law(huawei, "2023-11-01").letter is False


def test_licences_given_under_a_letter_or_lane_are_mentioned(law):
    assert any("2025-08-licences" in reason for reason in law(H20, "2025-09-01").reasons)
    assert not any("2025-08-licences" in reason for reason in law(H20, "2025-08-01").reasons)
    assert any("75,000 per buyer" in reason for reason in law(H100, "2026-03-01").reasons)


@pytest.mark.parametrize(
    ("chip", "day", "about", "change", "field", "before", "after"),
    [
        (H20, "2024-06-01", {}, "2025-04-09", "licence", "not required", "required"),
        (H100, "2022-09-01", {}, "2022-10-21", "class_name", "none", "3A090.a"),
        (H100, "2025-12-01", {}, "2026-01-15", "review", DENIAL, CASE),
        (H100, "2025-12-01", {"route": "TW"}, None, None, None, None),
        (L40, "2023-06-01", {}, "2023-11-17", "class_name", "none", "3A090.b"),
        (H100, "2025-06-01", {"to": "SG", "headquarters": "KH"}, "2025-11-07", "licence", "required", "not required"),
        (H100, "2026-08-01", {"to": "AE", "recipient": "g42"}, "2027-04-06", "licence", "not required", "required"),
        (L40, "2024-01-01", {"to": "SA"}, "2024-04-04", "exception", "NAC", "ACA"),
    ],
)
def test_the_next_change_says_when_and_what(law, chip, day, about, change, field, before, after):
    answer = law(chip, day, **about)
    if change is None:
        assert answer.next_change is None
        return
    assert answer.next_change.date == date.fromisoformat(change)
    assert answer.next_change.changes[field] == (before, after)
    later = law(chip, change, **about)
    assert getattr(later, field) == after


@pytest.mark.parametrize("day", ["2022-09-01", "2023-06-01", "2024-02-01", "2025-01-20", "2026-01-20"])
def test_nothing_changes_until_the_next_change(law, day):
    for chip in (H100, L40, RTX_4090, H20):
        answer = law(chip, day)
        if answer.next_change is None:
            continue
        eve = law(chip, date.fromordinal(answer.next_change.date.toordinal() - 1).isoformat())
        assert (eve.class_name, eve.licence, eve.review, eve.letter) == (
            answer.class_name,
            answer.licence,
            answer.review,
            answer.letter,
        )


def test_switches(law):
    assert law(H20, "2025-06-01", switches=["-2025-04-letters"]).licence == "not required"
    stack = ChipSpec(name="HBM3", hbm=HbmStack(819, 110))
    assert law(stack, "2025-06-01", switches=["-2024-12-hbm"]).class_name == "none"
    assert law(H100, "2026-02-01", switches=["-2026-01-case-by-case"]).review == DENIAL
    act = law(H100, "2026-02-01", switches=["safe-chips-act"])
    assert (act.licence, act.review, act.case_by_case_box) == ("required", "denial by statute", "in")
    assert law(H100, "2025-12-03", switches=["safe-chips-act"]).review == DENIAL
    assert law(RTX_4090, "2026-02-01", switches=["safe-chips-act"]).licence == "exception"
    located = law(H100, "2026-06-01", switches=["chip-security-act"])
    assert any("location verification" in condition for condition in located.conditions)
    with pytest.raises(UnknownKeyError, match="no switch is called 'safe-chip-act'; did you mean safe-chips-act"):
        law(H100, "2026-02-01", switches=["safe-chip-act"])
    with pytest.raises(UnknownKeyError, match="no switch is called '2026-01-tariff'"):
        law(H100, "2026-02-01", switches=["2026-01-tariff"])


def test_unforced_diffusion_changes_nothing_unless_switched_on(law):
    for to in ("JP", "IN", "CN", "BR"):
        plain = law(H100, "2025-06-01", to=to)
        assert plain.licence == ("required" if to == "CN" else "not required")
        switched = law(H100, "2025-06-01", to=to, switches=["2025-01-ai-diffusion"])
        assert (switched.licence, switched.review) == ("required", DENIAL if to == "CN" else APPROVAL)
    assert law(H100, "2025-05-14", to="IN", switches=["2025-01-ai-diffusion"]).licence == "not required"
    # Where both speak of China, the later rule stands.
    assert law(H100, "2026-02-01", switches=["2025-01-ai-diffusion"]).review == CASE


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"to": "Atlantis"}, "to: no country is called 'Atlantis'"),
        ({"to": "Chnia"}, "did you mean China"),
        ({"headquarters": "XX"}, "headquarters: no country is called 'XX'"),
        ({"route": "nowhere"}, "route: no country is called 'nowhere'"),
        ({"activity": "renting"}, "no activity is called 'renting'"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest_known_ones(law, about, message):
    with pytest.raises(UnknownKeyError) as caught:
        law(H100, "2024-01-01", **about)
    assert message in str(caught.value)


def test_a_day_before_the_first_rule_is_refused(law):
    with pytest.raises(InputError, match="no rule holds yet on 2022-08-25; the first holds from 2022-08-26"):
        law(H100, "2022-08-25")
    with pytest.raises(InputError, match="no rule holds yet"):
        law.many(5000, 800, day="2020-01-01")


@pytest.mark.parametrize("name", ["China", "cn", "PRC", "people's republic of china", "Hong Kong", "Mainland China"])
def test_countries_go_by_many_names(law, name):
    assert law(H100, "2024-01-01", to=name).licence == "required"


def test_the_answer_cites_the_rules_that_it_used(law):
    answer = law(H100, "2026-02-01")
    assert answer.rules[0] == "2023-10-performance-density"
    assert "2026-01-case-by-case" in answer.rules
    assert "bis-2026-01-licence-review-policy" in answer.sources
    assert answer.decided_by == "3A090.a.1: TPP 15,832 is at least 4,800"
    assert law(RTX_4090, "2024-01-01").decided_by == "3A090.a.1: TPP 5,284.8 is at least 4,800"
    small = ChipSpec(name="x", dies=(Die(600),), dense={"fp8": 588}, data_centre=False)
    assert law(small, "2024-01-01").decided_by == (
        "Note 2 to 3A090: not designed or marketed for data centres, and TPP 4,704 is below 4,800"
    )
    assert law(H20, "2024-01-01").decided_by.endswith("not 3A090.b.2: performance density 2.90909 is below 3.2")
    assert law(H100, "2022-09-01").decided_by == "no control-list entry on chips holds yet"
