"""Levers that events move: which one speaks in a month, for whom, and when two contradict each other."""

from datetime import date

import numpy as np
import pytest

from autarky.errors import InputError, UnknownKeyError
from autarky.facts.event_records import KINDS, Event
from autarky.facts.loader import load_catalogue
from autarky.quantities.months import month_range, parse_month
from autarky.rules.answers import answers
from autarky.rules.timeline import contradictions, fab_starts, lever_path, moved, timeline_of


def event(day, *levers, actor="US-BIS", **about):
    record = {"label": "an event", "date": day, "actor": actor, "confidence": "B", "levers": list(levers), **about}
    return Event.model_validate(record)


def lever(kind, value, **about):
    return {"kind": kind, "value": value, **about}


def draw(key, quantity):
    return quantity.pooled.ppf(np.array([0.05, 0.5, 0.95]))


def path(events, kind, first="2025-01", last="2025-12", **scope):
    return lever_path(events, kind, scope, month_range(parse_month(first), parse_month(last) + 1), draw)


BAN = event("2025-04-09", lever("licence_status", 0, chips="h20"))


def test_nothing_changes_before_the_event_and_where_no_lever_speaks():
    assert path({"ban": BAN}, "licence_status", chip="h20")[:3].tolist() == [[1.0] * 3] * 3
    assert path({"ban": BAN}, "licence_status", chip="h100-sxm").tolist() == [[1.0]] * 12
    assert path({}, "cap", chip="h20").tolist() == [[np.inf]] * 12
    assert path({}, "fee").tolist() == [[0.0]] * 12


def test_a_month_takes_the_mean_over_its_days():
    """From 9 April: 8 of 30 days are free."""
    assert path({"ban": BAN}, "licence_status", chip="h20")[3].tolist() == [8 / 30] * 3
    until = event("2025-04-09", lever("licence_status", 0, until="2025-04-19"))
    assert path({"ban": until}, "licence_status")[3, 0] == pytest.approx(20 / 30)
    assert path({"ban": until}, "licence_status")[4, 0] == 1.0


def test_the_latest_decides_and_the_earlier_comes_back_when_it_has_run_out():
    events = {
        "ban": BAN,
        "window": event("2025-06-01", lever("licence_status", "40%", chips="h20", until="2025-08-01")),
    }
    values = path(events, "licence_status", chip="h20")[:, 0]
    assert values[4:9].tolist() == [0.0, 0.4, 0.4, 0.0, 0.0]
    without = path({"ban": BAN}, "licence_status", chip="h20")[:, 0]
    assert without[5] == 0.0


def test_of_two_on_one_day_the_narrower_scope_decides():
    events = {
        "all": event("2025-05-01", lever("import_gate", "50%", vendors="nvidia")),
        "one": event("2025-05-01", lever("import_gate", "10%", vendors="nvidia", chips="h20", buyers="state")),
    }
    assert contradictions(events) == []
    assert path(events, "import_gate", vendor="nvidia", chip="h20", buyer="state")[5, 0] == 0.1
    assert path(events, "import_gate", vendor="nvidia", chip="h20", buyer="others")[5, 0] == 0.5
    assert path(events, "import_gate", chip="h20")[5, 0] == 1.0


def test_an_uncertain_value_gives_a_path_per_draw():
    events = {"some": event("2025-01-01", lever("import_gate", "10% to 60%"))}
    assert path(events, "import_gate")[6] == pytest.approx([0.1, 0.2899, 0.6], abs=1e-3)


def test_a_cap_is_what_holds_on_the_last_day_and_the_lower_of_two_sides_binds():
    events = {
        "theirs": event("2025-03-20", lever("cap", "750k chip", chips="h200-sxm")),
        "ours": event("2025-06-01", lever("cap", "400k chip", chips="h200-sxm"), actor="CN-NDRC"),
        "more": event("2025-09-01", lever("cap", "1M chip", chips="h200-sxm"), actor="CN-CUSTOMS"),
    }
    values = path(events, "cap", chip="h200-sxm")[:, 0]
    assert values[[0, 1, 2, 5, 8]].tolist() == [np.inf, np.inf, 750e3, 400e3, 750e3]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (event("2025-08-11", lever("fee", "15%")), event("2025-08-11", lever("fee", "20%"))),
        (
            event("2025-08-11", lever("fee", "15%", chips=["h20", "mi308x"])),
            event("2025-08-11", lever("fee", "20%", chips=["h20", "h200-sxm"])),
        ),
        (
            event("2025-01-01", lever("import_gate", "0%", until="2025-12-01")),
            event("2025-06-01", lever("import_gate", "100%", until="2025-09-01")),
        ),
    ],
)
def test_contradictions_name_both_events(one, other):
    (problem,) = contradictions({"first": one, "second": other})
    assert "first and second contradict each other on" in str(problem)
    assert "switch one of them off" in str(problem)
    with pytest.raises(InputError, match="first and second"):
        path({"first": one, "second": other}, one.levers[0].kind, chip="h20")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (event("2025-08-11", lever("fee", "15%")), event("2025-08-11", lever("fee", "15%"))),
        (event("2025-08-11", lever("fee", "15%")), event("2025-08-12", lever("fee", "20%"))),
        (event("2025-08-11", lever("fee", "15%")), event("2025-08-11", lever("tariff", "20%"))),
        (event("2025-08-11", lever("fee", "15%", chips="h20")), event("2025-08-11", lever("fee", "2%", chips="a"))),
        (
            event("2025-01-01", lever("fee", "15%", until="2025-06-01")),
            event("2025-06-01", lever("fee", "2%", until="2025-09-01")),
        ),
    ],
)
def test_these_do_not_contradict_each_other(one, other):
    assert contradictions({"first": one, "second": other}) == []


def test_a_moved_event_takes_all_its_days_along_save_the_one_on_which_it_is_replaced():
    rule = event(
        "2023-10-17",
        lever("licence_status", 0),
        lever("grey_channel", 2, **{"from": "2023-12-17", "until": "2024-01-17"}),
        published="2023-10-25",
        effective="2023-11-17",
        superseded="2026-01-01",
    )
    later = moved(rule, "2024-11-17")
    assert (later.date, later.published, later.effective) == ("2024-10-17", "2024-10-25", "2024-11-17")
    assert later.superseded == "2026-01-01"
    assert later.span(later.levers[0])[0] == date(2024, 11, 17)
    assert (later.levers[1].start, later.levers[1].until) == ("2024-12-17", "2025-01-17")


def test_fab_starts_come_from_the_latest_event():
    events = {
        "plan": event(
            "2025-08-27", lever("fab_start", "2025-12", fabs="one"), lever("fab_start", "2026-06", fabs="two")
        ),
        "delay": event("2026-03-01", lever("fab_start", "2027-01", fabs="one")),
    }
    starts = fab_starts(events)
    assert {fab: float(quantity.pooled.mean()) for fab, quantity in starts.items()} == {
        "one": parse_month("2027-01"),
        "two": parse_month("2026-06"),
    }


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lever("fee", "120%"), "above 1"),
        (lever("import_gate", "-5%"), "below 0"),
        (lever("cap", "3 stack"), "chip"),
        (lever("cap", 1000), "has no unit"),
        (lever("fab_start", "2026-01"), "fab_start without a fab"),
        (lever("price", 1), "Input should be"),
        (lever("fee", "10%", chip="h20"), "Extra inputs"),
    ],
)
def test_an_impossible_lever_is_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        event("2025", wrong)


def test_the_packaged_events_do_not_contradict_each_other():
    events = load_catalogue().all("events", Event)
    assert contradictions({name: e for name, e in events.items() if e.enacted}) == []
    kinds = {lever.kind for e in events.values() for lever in e.levers}
    assert kinds == set(KINDS)


WATCHED = ("a100-80gb-sxm", "a800-sxm", "h100-sxm", "h800-sxm", "h20", "l4", "l20", "l40s", "rtx-4090", "rtx-4090d")
WATCHED += ("rtx-5090d", "h200-sxm", "b200-sxm", "mi250", "mi300x", "mi308x", "gaudi-2", "gaudi-2-china")


@pytest.mark.parametrize(
    "day",
    ["2022-09-15", "2022-12-15", "2023-06-15", "2023-11-10", "2023-12-15", "2024-06-15", "2025-05-15", "2025-07-15"],
)
def test_licence_levers_say_what_the_law_says(day):
    """Before any licence was issued, a lever lets nothing through exactly where the law needs a licence."""
    catalogue = load_catalogue()
    events = {name: e for name, e in catalogue.all("events", Event).items() if e.enacted}
    month = np.array([parse_month(day)])
    chips = catalogue.collections["chips"]
    for answer in answers(WATCHED, to="CN", date=day, catalogue=catalogue):
        scope = {"chip": answer.id, "vendor": chips[answer.id].vendor}
        open_share = lever_path(events, "licence_status", scope, month, draw)[0, 0]
        free = answer.classification.licence == "not required"
        if answer.classification.licence == "undetermined":
            continue
        assert (open_share > 0) == free, answer.id


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
