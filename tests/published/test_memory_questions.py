"""Public questions about the memory of a training job and about the chip behind a name."""

import pytest

import autarky
from autarky.errors import AutarkyError
from autarky.facts.records import Chip
from autarky.systems.system import build
from autarky.workloads.parameters import parameters
from autarky.workloads.plans import plans
from autarky.workloads.reference import reference_model
from autarky.workloads.stack import rates
from autarky.workloads.train import Job, price, setting_of

GIB = 2**30


@pytest.fixture(scope="module")
def divided():
    """Return parameters and bytes by part of a dense model whose weights and states four chips divide."""
    catalogue = autarky.load_catalogue()
    config = reference_model("llama-3-8b").config
    job = Job(config, build(catalogue, "hgx-h100", 4), 2048, 4, "bf16", "torchtitan")
    memory = price(catalogue, job, plans(data=4, sharded=3)).memory
    return parameters(config).total, {name: float(value[0]) for name, value in memory.items()}


def test_an_estimator_of_divided_states_gives_gib_and_leaves_the_rest_out(divided):
    """DeepSpeed #4527 and #5102: 6,805M parameters, a largest layer of 131M, four chips, everything divided.

    Printed as GB: 29.01 without offload, 3.66 with weights alone on the chip, 0.49 with the largest layer alone. All
    three are GiB, and none counts activations, logits or buffers: 14,678 MiB were in use after set-up.
    """
    total, memory = divided
    states = (memory["gradients"] + memory["optimiser"]) * 4 / total
    # Two whole layers stand beside the divided weights, which is how this model counts what the other calls largest.
    assert states == pytest.approx(16, rel=0.01)
    largest, weights = 4 * 131e6, 2 * 6805e6 / 4
    assert largest / GIB == pytest.approx(0.49, abs=0.005)
    assert (largest + weights) / GIB == pytest.approx(3.66, abs=0.005)
    assert (largest + weights + states * 6805e6 / 4) / GIB == pytest.approx(29.01, abs=0.3)
    assert memory["activations"] > 0
    assert memory["logits"] > 0


@pytest.mark.parametrize(
    ("chip", "peak"),
    [
        ("gb200", 2500),
        ("b200-sxm", 2250),
        ("h200-sxm", 989.5),
        ("h20", 148),
        ("h100-nvl", 835),
        ("h100-pcie", 756),
        ("a100-80gb-sxm", 312),
    ],
)
def test_a_name_inside_another_is_another_chip_and_every_peak_is_dense(chip, peak):
    """VeOmni #986, OLMo-core #810, composer #3889: peaks from a part of a name, or from sparse rates."""
    record = autarky.load_catalogue().get("chips", chip, Chip)
    assert record.dense["bf16"].pooled.mean() == pytest.approx(peak, rel=0.03)


@pytest.mark.parametrize("name", ["b20", "h2", "a1000", "h100"])
def test_an_unknown_chip_is_an_error_and_never_the_nearest(name):
    with pytest.raises(AutarkyError, match=name):
        autarky.load_catalogue().get("chips", name, Chip)


@pytest.mark.parametrize("recipe", ["nvfp4", "fp8"])
def test_what_fits_by_size_still_needs_a_chip_that_has_its_format(recipe):
    """vllm-ascend #8746 and #12675: four-bit and eight-bit floating point on an Ascend that has neither."""
    with pytest.raises(AutarkyError, match=r"ascend-910b.* has no fp"):
        rates(autarky.load_catalogue(), "ascend-910b", recipe)


def test_logits_outgrow_all_else_at_long_sequences():
    """torchtitan 2024-12: Llama 3.1 8B over 131,072 tokens on 8 H100, four to a sequence: 84 GiB a chip, measured.

    By hand the logits are 32,768 tokens by 128,256 words at 14 bytes, 54.8 GiB: 2 in 16 bits, and in 32 bits a copy,
    its log-softmax and the gradient.
    """
    catalogue = autarky.load_catalogue()
    config = reference_model("llama-3-8b").config
    job = Job(config, build(catalogue, "hgx-h100-96gb-500w", 8), 131_072, 2, "fp8", "torchtitan")
    priced = price(catalogue, job, plans(data=2, context=4, recompute=2, sharded=3), setting=setting_of(catalogue, job))
    by_hand = 32_768 * 128_256 * 14 / GIB
    assert priced.memory["logits"][0] / GIB == pytest.approx(by_hand, rel=0.05)
    assert priced.peak_memory[0] / GIB == pytest.approx(84.0, rel=0.05)
