"""Every bundled model against the counts that its maker published, and its work against published formulas."""

import pytest

from autarky.errors import UnknownKeyError
from autarky.workloads.operations import sequence_work, six_n
from autarky.workloads.reference import printed_count, reference_model, reference_names

READINGS = [(name, reading) for name in reference_names() for reading in reference_model(name).published]


@pytest.mark.parametrize(("name", "reading"), READINGS)
def test_counts_agree_with_the_maker_within_one_unit_of_the_last_printed_digit(name, reading):
    model = reference_model(name)
    printed, unit = printed_count(model.published[reading])
    assert abs(model.reading(reading) - printed) < unit


@pytest.mark.parametrize("name", reference_names())
def test_every_model_is_read_completely_and_names_its_source(name):
    model = reference_model(name)
    assert model.config.unread == ()
    assert model.source["url"].startswith("https://")
    assert model.source["published"][:2] == "20"


def test_at_least_thirty_models_come_with_the_package():
    assert len(reference_names()) >= 30


def test_an_unknown_model_names_the_nearest():
    with pytest.raises(UnknownKeyError, match=r"deepseek-v33: no such reference model; did you mean deepseek-v3"):
        reference_model("deepseek-v33")


def test_bloom_has_exactly_the_number_of_parameters_that_its_card_states():
    # Model card of bigscience/bloom: 176,247,271,424.
    assert reference_model("bloom-176b").reading("total") == 176_247_271_424


@pytest.mark.parametrize("name", ["megatron-175b", "megatron-530b", "megatron-1t"])
def test_work_equals_the_formula_of_narayanan_2021(name):
    # arXiv:2104.04473, equation 3 without recomputation: 72 l h^2 (1 + s/6h + V/12lh) a token.
    model = reference_model(name).config
    layers, hidden, tokens = len(model.layers), model.hidden, 2048
    formula = 72 * layers * hidden**2 * (1 + tokens / (6 * hidden) + model.vocabulary / (12 * layers * hidden))
    assert sequence_work(model, tokens, "whole").training == pytest.approx(formula, rel=1e-12)


def test_deepseek_v3_work_agrees_with_its_published_throughput():
    # DeepSeek's profile: 385 TFLOP/s causal at 180,000 GPU hours a trillion tokens, sequences of 4,096.
    work = sequence_work(reference_model("deepseek-v3").config, 4096, "half")
    tokens_per_second = 1e12 / (180e3 * 3600)
    assert work.training * tokens_per_second == pytest.approx(385e12, rel=0.01)


def test_counting_attention_whole_adds_a_ninth_to_deepseek_v3():
    # The same profile prints 432 TFLOP/s non-causal beside 385 causal.
    model = reference_model("deepseek-v3").config
    ratio = sequence_work(model, 4096, "whole").training / sequence_work(model, 4096, "half").training
    assert ratio == pytest.approx(432 / 385, rel=0.005)


def test_six_n_leaves_attention_out():
    model = reference_model("llama-3.1-405b").config
    exact = sequence_work(model, 8192, "half").training
    assert six_n(model, "without input") < exact < 1.06 * six_n(model, "without input")
