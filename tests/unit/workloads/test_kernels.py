"""Single operations against limits that can be done by hand."""

import numpy as np
import pytest

from autarky.workloads.kernels import Rates, attention, cached_attention, product, streamed, unfused_attention

IDEAL = Rates(
    peak=1e12,
    product_share=1.0,
    half_size=0.0,
    attention_peak=1e12,
    attention_share=1.0,
    backward_share=1.0,
    attention_half=0.0,
    attention_width=0.0,
    stream=1e11,
    launch=0.0,
)


def test_a_large_product_takes_its_operations_over_the_peak():
    assert product(1000, 1000, 1000, IDEAL) == pytest.approx(2e9 / 1e12)


def test_a_thin_product_takes_its_traffic():
    assert product(1, 1000, 1000, IDEAL) == pytest.approx(2 * (1000 + 1e6 + 1000) / 1e11)


def test_a_product_with_half_rows_takes_twice_its_ideal_time():
    rates = Rates(**{**vars(IDEAL), "half_size": 128.0, "stream": 1e30})
    wide = product(128, 1e12, 1e12, rates)
    assert wide == pytest.approx(2 * (2 * 128 * 1e24 / 1e12))


def test_groups_multiply_the_work_but_not_the_launch():
    rates = Rates(**{**vars(IDEAL), "launch": 1.0})
    assert product(1000, 1000, 1000, rates, groups=3) - 1 == pytest.approx(3 * (product(1000, 1000, 1000, rates) - 1))


def test_streams_move_bytes_and_launch_each_operation():
    rates = Rates(**{**vars(IDEAL), "launch": 0.5})
    assert streamed(1e11, rates, operations=4) == pytest.approx(3.0)


def test_backward_attention_does_two_and_a_half_times_the_work():
    forward = attention(1e12, IDEAL, sequence=4096, width=256)
    assert attention(1e12, IDEAL, sequence=4096, width=256, backward=True) == pytest.approx(2.5 * forward)


def test_short_sequences_slow_attention_down():
    rates = Rates(**{**vars(IDEAL), "attention_half": 512.0})
    assert attention(1e12, rates, sequence=512, width=256) == pytest.approx(2.0)


def test_narrow_heads_slow_attention_down():
    rates = Rates(**{**vars(IDEAL), "attention_width": 128.0})
    assert attention(1e12, rates, sequence=4096, width=128) == pytest.approx(2.0)


def test_scores_in_memory_cost_more_than_fused_attention():
    flop = 4 * 4096 * 4096 * 128 * 16
    assert unfused_attention(4096, 4096, 16, 256, IDEAL) > attention(flop, IDEAL, sequence=4096, width=256)


def test_decode_is_bound_by_the_cache_or_by_the_work():
    assert cached_attention(10, 1.0, 1e9, IDEAL) == pytest.approx(0.1)
    assert cached_attention(10, 1e12, 1.0, IDEAL) == pytest.approx(10.0)


def test_operations_take_arrays_of_plans():
    rows = np.array([1.0, 64.0, 4096.0])
    times = product(rows, 4096, 4096, IDEAL)
    assert times.shape == (3,)
    assert np.all(np.diff(times) > 0)
