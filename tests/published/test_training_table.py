"""The reader of tables of measured training runs, on rows as such a table writes them, and on rows gone wrong."""

import math
import random
from pathlib import Path

import pytest

import autarky
from autarky.workloads.parameters import parameters

COLUMNS = (
    "row_id", "source_key", "model", "arch", "params_total_b", "params_active_b", "layers", "hidden", "ffn_hidden",
    "heads", "kv_heads", "head_dim", "attention", "vocab", "experts", "topk", "moe_ffn_hidden", "shared_experts",
    "mtp_layers", "seq_len", "chip", "chips", "chips_per_node", "interconnect", "software", "tp", "pp", "vpp", "dp",
    "cp", "ep", "sequence_parallel", "zero_or_fsdp", "micro_batch", "global_batch_seqs", "precision", "recompute",
    "overlap", "step_time_s", "tokens_per_s_total", "tokens_per_s_per_chip", "tflops_per_chip", "mfu_pct", "hfu_pct",
    "peak_mem_gib_per_chip", "other_measured", "flops_convention", "source_title", "date", "notes",
)  # fmt: skip
DENSE = {
    "row_id": "1", "source_key": "korthikanti2022_t5", "model": "175B", "layers": "96", "hidden": "12288",
    "ffn_hidden": "49152", "heads": "96", "vocab": "51200", "seq_len": "2048", "chip": "A100-80GB-SXM", "chips": "64",
    "software": "Megatron-LM 2022", "tp": "8", "pp": "8", "vpp": "3", "dp": "1", "micro_batch": "1",
    "global_batch_seqs": "64", "precision": "fp16 mixed", "recompute": "full", "zero_or_fsdp": "none",
    "sequence_parallel": "no", "step_time_s": "18.13", "params_total_b": "174.6",
}  # fmt: skip
EXPERTS = {
    "row_id": "2", "source_key": "mbridge_26.06.01", "model": "Qwen3_30B_a3B", "seq_len": "4096",
    "chip": "GB200-NVL72", "chips": "8", "software": "NeMo Megatron-Bridge", "tp": "1", "pp": "1", "dp": "8",
    "cp": "1", "ep": "8", "micro_batch": "4", "global_batch_seqs": "512", "precision": "mxfp8",
    "zero_or_fsdp": "distributed optimizer", "step_time_s": "6.40", "date": "2026-06",
}  # fmt: skip
ODD = ("", "n/a", "-", "nan", "inf", "-1", "0", "0.5", "1e9", "8x8", "~8", "interleaved", "full", "fp6", "ünicode")


def row(base, **changes):
    return dict.fromkeys(COLUMNS, "") | base | changes


@pytest.fixture
def truth(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    catalogue = autarky.load_catalogue()
    monkeypatch.setattr(autarky, "load_catalogue", lambda: catalogue)
    import truth

    return truth


def test_a_run_that_states_its_layout_is_predicted(truth):
    # Korthikanti et al. 2022, table 5.
    (line,) = truth.training([row(DENSE)])
    assert line.quantity == "step_time"
    assert not line.fitted
    assert abs(line.error) < 0.05


def test_what_a_table_leaves_out_is_taken_from_the_recipe_of_the_release(truth):
    from truth_training import case_of

    new, old = (
        case_of(row(EXPERTS, source_key=f"mbridge_{release}"), autarky.load_catalogue()).job.features
        for release in ("26.06.01", "26.04")
    )
    assert (new.graphs, new.paired) == ("whole", True)
    assert (old.graphs, old.paired) == ("part", False)
    assert {new.exchange, old.exchange} == {"fused"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"chip": "H200 NVL"}, "no system with the chip"),
        ({"chip": "H100-80GB-PCIe"}, "no system with the chip"),
        ({"precision": "fp6"}, "the precision 'fp6' is not known"),
        ({"precision": "fp8"}, "has no fp8"),
        ({"software": "in house"}, "the training software is not stated"),
        ({"layers": "2.5"}, "which is no count"),
        ({"hidden": ""}, "the dimensions of the model are not stated"),
        ({"tp": "8", "pp": "64"}, "the layout takes 512 of 64 chips"),
        ({"vpp": "30"}, "more than the layers"),
        ({"micro_batch": "128"}, "more than a batch of 64"),
        ({"notes": "LoRA"}, "trains adapters only"),
        ({"step_time_s": ""}, "measures nothing that the model predicts"),
        ({"chips": "99999999"}, "which is no count"),
    ],
)
def test_what_cannot_be_predicted_says_why(truth, changes, said):
    (line,) = truth.training([row(DENSE, **changes)])
    assert line.predicted is None
    assert said in line.reason


def test_no_value_of_any_column_stops_the_table(truth):
    draw = random.Random(1)
    rows = [
        row(base) | {draw.choice(COLUMNS): draw.choice(ODD) for _ in range(draw.randint(1, 3))}
        for base in (DENSE, EXPERTS) * 60
    ]
    for line in truth.training(rows):
        assert line.predicted is None or (math.isfinite(line.predicted) and line.predicted > 0)
        assert (line.predicted is None) == bool(line.reason)


@pytest.mark.parametrize(("scale", "billions"), [(16, 16), (32, 32), (64, 63), (128, 125), (256, 250), (1024, 1000)])
def test_models_named_after_their_scale_have_about_that_many_parameters(truth, scale, billions):
    # MaxText doubles heads and feed, then the width, then the number of layers of a model of 1B.
    from truth_rows import model_of

    config, _ = model_of(row({}, model=f"MaxText-{scale}B"))
    assert parameters(config).total / 1e9 == pytest.approx(billions, rel=0.03)


def test_a_null_model_of_one_source_alone_is_marked(truth):
    again = [row(DENSE, row_id="1"), row(DENSE, row_id="2", step_time_s="18.2")]
    found = next(group for group in truth.summary(truth.training(again)) if group["source"] == "korthikanti2022")
    assert found["null_alone"]
    assert found["null_mean"] < 0.01
