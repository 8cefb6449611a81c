"""Published interruptions, goodputs and intervals of large training runs, from their own inputs."""

import numpy as np
import pytest

from autarky.facts.catalogue import value_of
from autarky.facts.loader import load_catalogue
from autarky.facts.reliability_records import Reliability
from autarky.workloads.checkpoints import daly2006, kokolis2024, useful_share, young1974
from autarky.workloads.failures import (
    failure_rate,
    mean_time_between,
    rate_of_chip_days,
    rate_of_count,
    rate_of_node_days,
    wrong_shares,
)
from autarky.workloads.runs import Run, goodput, hours_lost_each
from autarky.workloads.stragglers import sag_restart_period, sagging_mean

SECOND = 1 / 3600


def llama_3_rate():
    """419 unplanned interruptions in 54 days of at most 16,384 chips (arXiv:2407.21783, section 3.3.4)."""
    return rate_of_count(419, 16_384, 54 * 24)


@pytest.mark.parametrize(("chips", "hours"), [(16_384, 1.80), (131_072, 0.225)])
def test_meta_projects_mean_times_to_failure_from_its_node_rate(chips, hours):
    # arXiv:2410.21680: 6.50 failures per 1,000 node-days give 1.8 h and 0.23 h.
    rate = failure_rate(chips, rate_of_node_days(6.50, 8))
    assert mean_time_between(rate) == pytest.approx(hours, rel=2e-3)


def test_small_jobs_die_of_other_causes_than_their_nodes():
    # The same study measures 7.9 h at 1,024 chips where node failures alone give 28.8 h.
    nodes = failure_rate(1024, rate_of_node_days(6.50, 8))
    assert mean_time_between(nodes) == pytest.approx(28.8, abs=0.1)
    others = 1 / 7.9 - nodes
    both = failure_rate(1024, rate_of_node_days(6.50, 8), job_rate=others)
    assert mean_time_between(both) == pytest.approx(7.9)


def test_llama_3_interruptions_per_hour_per_chip_and_per_node():
    # datacenterdynamics.com, July 2024: one in 3.09 h, 50,677 GPU-hours each.
    rate = failure_rate(16_384, llama_3_rate())
    assert mean_time_between(rate) == pytest.approx(3.09, abs=0.005)
    assert 1 / llama_3_rate() == pytest.approx(50_677, abs=1)
    assert llama_3_rate() * 8 * 24 * 1000 == pytest.approx(3.79, abs=0.005)


def test_the_printed_share_of_one_llama_3_cause_does_not_fit_its_count():
    # "148 = 30.1 %" needs a base of 492, while "72 = 17.2 %" fits 419.
    wrong = wrong_shares(419, {"faulty GPU": 148, "HBM3": 72}, {"faulty GPU": 0.301, "HBM3": 0.172})
    assert list(wrong) == ["faulty GPU"]
    assert wrong["faulty GPU"][1] == pytest.approx(0.353, abs=5e-4)


def test_llama_3_trains_more_than_nine_tenths_of_the_time():
    # 3.09 h between failures. The report prints neither stall nor restart: with ten minutes to restart it takes
    # sharded writes that stall the job for about ten seconds.
    share = useful_share(daly2006(10 * SECOND, 3.09), 10 * SECOND, 1 / 3.09, 600 * SECOND)
    assert share == pytest.approx(0.908, abs=5e-4)
    ettr = kokolis2024(daly2006(10 * SECOND, 3.09), 10 * SECOND, 1 / 3.09, 600 * SECOND)
    assert ettr > 0.90


@pytest.mark.parametrize(
    ("mean_time", "cost", "young", "daly", "share"),
    [(3.09, 60, 1155, 1116, 0.852), (3.09, 10, 472, 465, 0.908), (24, 60, 3220, 3180, 0.957)],
)
def test_intervals_of_young_and_daly_with_a_restart_of_ten_minutes(mean_time, cost, young, daly, share):
    # Worked by hand from the two papers' formulas.
    assert young1974(cost * SECOND, mean_time) * 3600 == pytest.approx(young, abs=0.5)
    interval = daly2006(cost * SECOND, mean_time)
    assert interval * 3600 == pytest.approx(daly, abs=0.5)
    assert useful_share(interval, cost * SECOND, 1 / mean_time, 600 * SECOND) == pytest.approx(share, abs=5e-4)


def test_the_claimed_98_percent_of_a_large_ascend_cluster_needs_short_stalls():
    # Press, 2025-06-10: 24 h between failures and 98 % availability; a stall of a minute gives 95.7 %.
    share = useful_share(daly2006(10 * SECOND, 24), 10 * SECOND, 1 / 24, 240 * SECOND)
    assert share == pytest.approx(0.98, abs=0.003)


def test_opt_175b_trained_for_about_59_percent_of_its_calendar_time():
    # OPT-175B chronicles: 33 ideal days in about 56, around 90 restarts on 992 chips.
    run = Run(work=33 * 24, rate=90 / (33 * 24), checkpoint=0.0, restart=0.0, interval=1.0)
    assert goodput(run, 56 * 24) == pytest.approx(0.59, abs=0.005)
    assert hours_lost_each(56 * 24, 33 * 24, 90) == pytest.approx(6.1, abs=0.05)


@pytest.mark.parametrize(
    ("incidents", "days", "hours"),
    [(128 + 20 + 15 + 12, 90, 12.3), (71 + 31 + 9 + 14, 30, 5.8)],
    ids=["dense", "with experts"],
)
def test_byterobust_counts_its_incidents_by_how_they_were_resolved(incidents, days, hours):
    # arXiv:2509.16293, table 4: two jobs on 9,600 chips, of three months and of one.
    rate = failure_rate(9600, rate_of_count(incidents, 9600, days * 24))
    assert mean_time_between(rate) == pytest.approx(hours, abs=0.05)


def test_byterobust_s_97_percent_lies_between_its_quickest_and_its_slowest_recoveries():
    # arXiv:2509.16293: 175 incidents in three months on 9,600 chips (table 4). A fault is found within 30 s or by the
    # timeout of 10 minutes (table 3); training goes on after 93 s (table 6), or after 768 s in the queue (table 7);
    # 12 incidents were roll-backs of 4,289 s (table 6). A checkpoint every step takes 0.29 to 0.88 % (table 8). Steps
    # of 15 s are assumed; they hardly matter.
    rate, step = 175 / (90 * 24), 15 * SECOND
    back = (np.array([30.0 + 93.0, 600.0 + 768.0]) + 12 / 175 * 4289) * SECOND
    quick, slow = useful_share(step, np.array([0.0029, 0.0088]) * step, rate, back)
    assert slow < 0.97 < quick
    assert (slow + quick) / 2 == pytest.approx(0.97, abs=0.005)


@pytest.mark.parametrize(("chips", "minutes"), [(100_000, 30), (1_000_000, 3)])
def test_epoch_scales_failures_to_larger_clusters(chips, minutes):
    # epoch.ai/blog/hardware-failures-wont-limit-ai-scaling: 50,000 h between failures of one chip.
    assert mean_time_between(failure_rate(chips, 1 / 50_000)) * 60 == pytest.approx(minutes)


def test_a_rate_per_thousand_servers_does_not_give_the_time_printed_beside_it():
    # arXiv:2602.00277: 2.3 interruptions per 1,000 servers a day give 50 min at 100,000 chips, not 18 min.
    rate = failure_rate(100_000, rate_of_node_days(2.3, 8))
    assert mean_time_between(rate) * 60 == pytest.approx(50, abs=0.2)


def test_a_fleet_range_in_chip_days_is_a_range_of_mean_times():
    # SemiAnalysis, 2025-08-20: 2,000 to 5,000 chip-days an interruption of H100 fleets.
    times = mean_time_between(failure_rate(2048, rate_of_chip_days(np.array([2000.0, 5000.0]))))
    np.testing.assert_allclose(times, [23.4, 58.6], atol=0.05)


def test_a_sagging_efficiency_needs_its_mean_and_a_restart_that_pays():
    # github.com/stas00/ml-engineering/issues/52: some percent a day, back after a restart.
    assert sagging_mean(0.03, 10) == pytest.approx(0.864, abs=5e-4)
    period = sag_restart_period(20 / 60 / 24, 0.03)
    assert period == pytest.approx(0.96, abs=0.01)


def test_the_catalogue_counts_chips_and_links_of_llama_3_apart():
    # 384 of the 419 interruptions from chips, hosts and software, 35 from switches and cables (table 5).
    record = load_catalogue().get("reliabilities", "llama-3", Reliability)
    chips = failure_rate(16_384, rate_of_chip_days(value_of(record.chip_days)))
    links = failure_rate(16_384, rate_of_chip_days(value_of(record.link_days)))
    np.testing.assert_allclose(np.array([chips, links]) * 54 * 24, [384, 35], rtol=1e-3)


@pytest.mark.parametrize(("name", "per_thousand"), [("meta-rsc-1", 6.50), ("meta-rsc-2", 2.34)])
def test_the_catalogue_keeps_meta_s_rates_per_node(name, per_thousand):
    record = load_catalogue().get("reliabilities", name, Reliability)
    rate = rate_of_chip_days(value_of(record.chip_days))
    assert rate == pytest.approx(float(rate_of_node_days(per_thousand, record.chips_per_node)), rel=1e-4)


def test_a_claimed_day_between_failures_of_a_supernode_stops_ten_thousand_chips_within_the_hour():
    # Press, 2025-06-10: more than 24 h for 384 chips, and 98 % of the time available on 10,000.
    record = load_catalogue().get("reliabilities", "ascend-910c-claim", Reliability)
    day = rate_of_chip_days(value_of(record.chip_days))
    assert mean_time_between(failure_rate(384, day)) == pytest.approx(24.0)
    assert mean_time_between(failure_rate(10_000, day)) == pytest.approx(0.92, abs=0.005)
