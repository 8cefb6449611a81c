import json

import pytest

PLAN = ("plan", "train", "--model", "llama-3-70b", "--system", "hgx-h100", "--chips", "64", "--batch", "128")


@pytest.fixture
def autarky(command_line):
    return command_line


def test_the_best_plans_come_fastest_first_with_why_the_others_lost(autarky):
    status, out, _ = autarky(*PLAN, "--json")
    answer = json.loads(out)
    assert status == 0
    times = [plan["step_time_s"] for plan in answer["best"]]
    assert times == sorted(times)
    assert all(plan["slower_by"] for plan in answer["best"][1:])
    assert answer["plans_fitting"] <= answer["plans_tried"]


def test_parts_of_time_and_memory_add_up(autarky):
    best = json.loads(autarky(*PLAN, "--json")[1])["best"][0]
    assert sum(best["time_by_part_s"].values()) == pytest.approx(best["step_time_s"])
    assert sum(best["memory_by_part_gb"].values()) == pytest.approx(best["memory_gb"])
    assert best["tokens_per_s"] == pytest.approx(128 * 4096 / best["step_time_s"])
    assert 0 < best["mfu"]["half"] < best["mfu"]["whole"] < 1
    assert best["energy_j_per_token"] > 0
    assert best["cost_usd_per_million_tokens"] > 0


def test_one_given_plan_is_priced(autarky):
    fixed = "tp=4,pp=4,vpp=5,dp=4,cp=1,ep=1,mbs=1,recompute=none,zero=1,sp=1"
    answer = json.loads(autarky(*PLAN, "--plan", fixed, "--json")[1])
    assert answer["plans_tried"] == 1
    assert answer["best"][0]["plan"]["vpp"] == 5


def test_the_text_tells_the_same(autarky):
    status, out, _ = autarky(*PLAN)
    assert status == 0
    assert "fit in memory" in out
    assert "MFU" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--chips", "0"), "1 to 1,000,000 chips"),
        (("--chips", "10000000"), "1 to 1,000,000 chips"),
        (("--chips", "1"), "the leanest plan needs"),
        (("--plan", "tp=3"), "no plan is possible"),
        (("--plan", "tq=3"), "not a field of a plan"),
        (("--plan", "tp=8,pp=1,zero=0,recompute=none"), "fits"),
        (("--precision", "nvfp4"), "has no fp4"),
        (("--precision", "fp7"), "is not known"),
        (("--system", "hgx-h1000"), "did you mean"),
        (("--model", "nothing.json"), "no such file"),
        (("--software", "megatron"), "did you mean"),
        (("--batch", "0"), "0 is too low"),
        (("--pue", "0.5"), "out of range"),
    ],
)
def test_bad_input_is_one_line_and_status_2(autarky, arguments, said):
    status, out, error = autarky(*PLAN, *arguments)
    assert (status, out) == (2, "")
    assert len(error.splitlines()) == 1
    assert said in error


def test_two_systems_stand_side_by_side(autarky):
    status, out, _ = autarky("compare-systems", "cloudmatrix-384", "gb200-nvl72", "--json")
    answer = json.loads(out)
    assert status == 0
    rows = {row["quantity"]: row for row in answer["rows"]}
    assert rows["compute bf16"]["ratio_low"] < 1.67 < rows["compute bf16"]["ratio_high"]
    # What draws more for each operation and each byte draws more for each token of every kind.
    for task in ("training", "prefill", "decode"):
        assert rows[f"energy per token, {task}"]["ratio_low"] > 1
    assert "cloudmatrix-384" in autarky("compare-systems", "cloudmatrix-384", "gb200-nvl72")[1]


def test_an_unknown_system_names_the_nearest(autarky):
    status, _, error = autarky("compare-systems", "cloudmatrix", "gb200-nvl72")
    assert status == 2
    assert "cloudmatrix-384" in error
