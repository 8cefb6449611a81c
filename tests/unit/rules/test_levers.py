"""Levers that events move: which one speaks in a month, for whom, and when two contradict each other."""

import numpy as np
import pytest

from autarky.errors import InputError
from autarky.facts.event_records import KINDS, Event
from autarky.facts.loader import load_catalogue
from autarky.quantities.months import month_range, parse_month
from autarky.rules.answers import answers
from autarky.rules.levers import contradictions, lever_path, planned_starts, shut_for_good


def event(day, *levers, actor="US-BIS", **about):
    record = {"label": "an event", "date": day, "actor": actor, "confidence": "B", "levers": list(levers), **about}
    return Event.model_validate(record)


def lever(kind, value, **about):
    return {"kind": kind, "value": value, **about}


def draw(key, quantity):
    return quantity.pooled.ppf(np.array([0.05, 0.5, 0.95]))


def path(events, kind, first="2025-01", last="2025-12", **scope):
    months = month_range(parse_month(first), parse_month(last) + 1)
    return np.broadcast_to(lever_path(events, kind, scope, months, draw), (months.size, 3))


BAN = event("2025-04-09", lever("licence_status", 0, chips="h20"))


def test_nothing_changes_before_the_event_and_where_no_lever_speaks():
    assert path({"ban": BAN}, "licence_status", chip="h20")[:3].tolist() == [[1.0] * 3] * 3
    assert path({"ban": BAN}, "licence_status", chip="h100-sxm").tolist() == [[1.0] * 3] * 12
    assert path({}, "cap", chip="h20").tolist() == [[np.inf] * 3] * 12
    assert path({}, "fee").tolist() == [[0.0] * 3] * 12


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


def test_what_a_statute_denies_no_licence_brings_back_while_an_agency_may_change_its_mind():
    events = {
        "ban": event("2025-02-01", lever("licence_status", 0, chips="h20")),
        "licences": event("2025-04-01", lever("licence_status", "40%", chips="h20")),
        "act": event("2025-06-01", lever("licence_status", 0, until="2025-10-01"), actor="US-CONGRESS"),
        "more": event("2025-08-01", lever("licence_status", "60%", chips="h20")),
    }
    values = path(events, "licence_status", chip="h20")[:, 0]
    assert values.tolist() == [1.0, 0, 0, 0.4, 0.4, 0, 0, 0, 0, 0.6, 0.6, 0.6]


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


def test_fab_starts_come_from_the_latest_event():
    events = {
        "plan": event(
            "2025-08-27", lever("fab_start", "2025-12", fabs="one"), lever("fab_start", "2026-06", fabs="two")
        ),
        "delay": event("2026-03-01", lever("fab_start", "2027-01", fabs="one")),
    }
    starts = planned_starts(events)
    assert {fab: (key, float(latest.pooled.mean())) for fab, (key, latest) in starts.items()} == {
        "one": ("events.delay.levers.0.value", parse_month("2027-01")),
        "two": ("events.plan.levers.1.value", parse_month("2026-06")),
    }


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lever("fee", "120%"), "above 1"),
        (lever("import_gate", "-5%"), "below 0"),
        (lever("cap", "3 stack"), "chip"),
        (lever("cap", 1000), "has no unit"),
        (lever("fab_start", "2026-01"), "fab_start without a fab"),
        (lever("memory_supply", 0), "memory_supply without a supply"),
        (lever("foundry_access", 0), "foundry_access without a fab or a bank"),
        (lever("licence_status", 0, supplies="hbm"), "a licence_status has no supplies"),
        (lever("fee", "10%", buyers="state"), "a fee has no buyers"),
        (lever("fee", "10%", **{"from": "2025-06", "until": "2025-01"}), "does not come after"),
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


def test_a_lever_for_one_destination_says_nothing_of_another():
    there = {"ban": event("2025-04-09", lever("licence_status", 0, regions="CN"), lever("fee", "15%"))}
    assert path(there, "licence_status", chip="h20", region="CN")[5].tolist() == [0.0] * 3
    assert path(there, "licence_status", chip="h20", region="US").tolist() == [[1.0] * 3] * 12
    assert path(there, "fee", region="US")[5, 0] == 0.15


def test_every_packaged_lever_on_trade_says_which_destination_it_speaks_of():
    events = load_catalogue().all("events", Event)
    trade = [kind for kind, meaning in KINDS.items() if "region" in meaning.dimensions]
    assert len(trade) == 9
    assert {lever.regions for e in events.values() for lever in e.levers if lever.kind in trade} == {("CN",)}


def test_memory_and_foundries_are_cut_to_a_multiple():
    events = {
        "control": event("2025-03-16", lever("memory_supply", 0, supplies=["one", "two"]), actor="US-BIS"),
        "letter": event("2025-01-01", lever("foundry_access", 0.25, banks="bank")),
        "rule": event("2025-07-01", lever("foundry_access", 0, fabs="fab")),
    }
    assert path(events, "memory_supply", supply="one")[[1, 2, 3], 0] == pytest.approx([1.0, 15 / 31, 0.0])
    assert path(events, "memory_supply", supply="three").tolist() == [[1.0] * 3] * 12
    assert path(events, "foundry_access", bank="bank")[5, 0] == 0.25
    assert path(events, "foundry_access", fab="fab")[[5, 6], 0].tolist() == [1.0, 0.0]


def test_a_scope_is_shut_for_good_only_where_nothing_can_pass_in_any_month():
    months = month_range(parse_month("2025-05"), parse_month("2026-01"))
    assert shut_for_good({"ban": BAN}, "licence_status", {"chip": "h20"}, months)
    assert not shut_for_good({"ban": BAN}, "licence_status", {"chip": "h20"}, [parse_month("2025-04"), *months])
    assert not shut_for_good({"ban": BAN}, "licence_status", {"chip": "h200-sxm"}, months)
    little = {"ban": BAN, "some": event("2025-08-08", lever("licence_status", "0.1% to 1%", chips="h20"))}
    assert not shut_for_good(little, "licence_status", {"chip": "h20"}, months)


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
        scope = {"chip": answer.id, "vendor": chips[answer.id].vendor, "region": "CN"}
        open_share = lever_path(events, "licence_status", scope, month, draw)[0, 0]
        free = answer.classification.licence == "not required"
        if answer.classification.licence == "undetermined":
            continue
        assert (open_share > 0) == free, answer.id
