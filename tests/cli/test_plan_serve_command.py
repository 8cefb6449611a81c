import json

import pytest

SERVE = ("plan", "serve", "--model", "qwen3-30b-a3b", "--system", "hgx-h100", "--prompt", "4000", "--answer", "1000")
LIMITS = ("--ttft", "2", "--tpot", "20")


@pytest.fixture
def autarky(command_line):
    return command_line


@pytest.fixture
def answer(autarky):
    """Return the answer of `plan serve` as plain data."""

    def call(*arguments):
        status, out, error = autarky(*SERVE, *arguments, "--json")
        assert (status, error) == (0, "")
        return json.loads(out)

    return call


def test_the_best_come_first_within_the_limits_with_why_the_others_lost(answer):
    found = answer(*LIMITS)
    rates = [row["tokens_per_s_per_chip"] for row in found["best"]]
    assert rates == sorted(rates, reverse=True)
    assert all(row["ttft_s"] <= 2 and row["tpot_ms"] <= 20 for row in found["best"])
    assert found["best"][0]["slower_by"] == {}
    assert all(row["slower_by"] for row in found["best"][1:])
    assert found["layouts_fitting"] + sum(found["ruled_out"].values()) == found["layouts_tried"]


def test_parts_add_up_to_the_step_the_memory_and_the_chips(answer):
    for row in answer(*LIMITS)["best"]:
        assert sum(row["step_by_part_ms"].values()) == pytest.approx(row["step_ms"])
        assert sum(row["prompt_pass_by_part_ms"].values()) == pytest.approx(row["prompt_pass_ms"])
        assert sum(row["memory_by_part_gb"].values()) == pytest.approx(row["memory_gb"])
        # Every ms of a chip belongs to some part of a token, and none to two.
        whole = 1e3 / row["tokens_per_s_per_chip"]
        assert sum(row["chip_ms_per_token"].values()) == pytest.approx(whole, rel=0.03)


def test_requests_tokens_and_users_agree(answer):
    row = answer(*LIMITS)["best"][0]
    assert row["tokens_per_s"] == pytest.approx(8 * row["tokens_per_s_per_chip"])
    assert row["requests_per_s"] * 1000 == pytest.approx(row["tokens_per_s"])
    assert row["prompt_tokens_per_s_per_chip"] == pytest.approx(4 * row["tokens_per_s_per_chip"])
    assert row["tokens_per_s_per_user"] == pytest.approx(1e3 / row["tpot_ms"])
    # Requests in flight are the rate times how long each stays (Little 1961).
    stay = row["ttft_s"] + 999 * row["tpot_ms"] / 1e3
    assert row["concurrency"] == pytest.approx(row["requests_per_s"] * stay, rel=0.02)


def test_energy_and_cost_of_prompts_and_answers_are_those_of_all_chips(answer):
    for row in answer(*LIMITS, "--pue", "1.5")["best"]:
        energy, cost = row["energy_j_per_token"], row["cost_usd_per_million_tokens"]
        reading, writing = row["prompt_tokens_per_s_per_chip"], row["tokens_per_s_per_chip"]
        # Eight H100 in a DGX draw 8.2 to 10.2 kW.
        assert 8_200 / 8 * 1.5 < energy["prompt"] * reading + energy["answer"] * writing < 10_200 / 8 * 1.5
        assert cost["prompt"] / cost["answer"] == pytest.approx(energy["prompt"] / energy["answer"])


def test_no_more_is_used_than_there_is(answer):
    for row in answer(*LIMITS)["best"]:
        shares = [*row["compute_utilisation"]["prompts"].values(), *row["compute_utilisation"]["generation"].values()]
        shares += row["bandwidth_utilisation"]["generation"].values()
        assert all(0 < share < 1 for share in shares)
        assert row["memory_gb"] < 80
        assert row["chips_at_work"] <= 8


def test_the_front_trades_the_speed_of_all_for_that_of_each(answer):
    front = answer(*LIMITS)["front"]
    every = [row["tokens_per_s_per_chip"] for row in front]
    each = [row["tokens_per_s_per_user"] for row in front]
    assert every == sorted(every, reverse=True)
    assert each == sorted(each)
    assert all({"memory_gb", "energy_j_per_token", "cost_usd_per_million_tokens"} <= row.keys() for row in front)


def test_one_given_way_is_priced_as_the_search_prices_it(answer):
    for row in answer(*LIMITS)["best"]:
        text = ",".join(f"{key}={value}" for key, value in row["plan"].items())
        (again,) = answer(*LIMITS, "--plan", text)["best"]
        assert again["plan"] == row["plan"]
        assert again["tokens_per_s_per_chip"] == pytest.approx(row["tokens_per_s_per_chip"], rel=1e-2)


def test_a_given_load_is_priced_whatever_it_takes(answer):
    found = answer("--plan", "tp=8,concurrency=4000")
    assert (found["ttft_limit_s"], found["tpot_limit_ms"]) == (None, None)
    assert found["best"][0]["concurrency"] == 4000


def test_guesses_that_are_all_right_give_a_token_more_for_each(autarky):
    job = ("--model", "deepseek-v3", "--system", "hgx-h200", "--chips", "16", "--prompt", "2000", "--answer", "500")
    plan = ("--plan", "tp=8,dp=2,ep=16,concurrency=64", "--json")
    plain = json.loads(autarky("plan", "serve", *job, *plan)[1])["best"][0]
    right = json.loads(autarky("plan", "serve", *job, *plan, "--speculate", "1", "--acceptance", "1")[1])["best"][0]
    wrong = json.loads(autarky("plan", "serve", *job, *plan, "--speculate", "1", "--acceptance", "0")[1])["best"][0]
    assert plain["tpot_ms"] / 2 < right["tpot_ms"] < plain["tpot_ms"] < wrong["tpot_ms"]


def test_what_stands_in_for_options_is_said(answer):
    assert answer()["taken"] == ["--software sglang", "--precision fp8", "--ttft 2", "--tpot 50"]
    assert answer(*LIMITS, "--precision", "bf16", "--software", "vllm")["taken"] == []


def test_the_model_and_the_system_alone_ask_for_the_reference_workload(autarky):
    status, out, _ = autarky("plan", "serve", "--model", "qwen3-30b-a3b", "--system", "hgx-h100", "--json")
    found = json.loads(out)
    assert status == 0
    assert found["taken"][:2] == ["--prompt 4096", "--answer 1024"]
    assert (found["prompt_tokens"], found["answer_tokens"]) == (4096, 1024)


def test_a_format_that_the_chip_lacks_falls_back_and_says_so(answer):
    (note,) = answer("--precision", "int4")["notes"]
    assert note == "h100-sxm does not multiply in int4: weights are unpacked and multiplied in 16 bits"


def test_the_text_tells_the_same_within_the_width_of_a_terminal(autarky):
    status, out, _ = autarky(*SERVE, *LIMITS)
    assert status == 0
    for words in (
        "limits: 2.0 s to the first token, 20 ms",
        "of the fastest:",
        "use of the peak:",
        "energy at rated power",
        "cost:",
    ):
        assert words in out
    table = [line for line in out.splitlines() if "─" in line]
    assert all(len(line.rstrip()) <= 80 for line in table)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--chips", "0"), "hgx-h100  chips: is 0; 1 to 1,000,000 chips can run one job"),
        (("--chips", "10000000"), "hgx-h100  chips: is 10,000,000; 1 to 1,000,000 chips"),
        (("--prompt", "0"), "prompt: 0 is too low; give 1 or more"),
        (("--answer", "-1"), "answer: -1 is too low; give 1 or more"),
        (("--prompt", "100000000"), "prompt and answer: 100,001,000 tokens are far beyond the model's 40,960"),
        (("--ttft", "0"), "ttft: 0 is out of range; give a number above 0 and up to 86,400 s"),
        (("--ttft", "nan"), "ttft: nan is out of range"),
        (("--tpot", "-3"), "tpot: -3 is out of range; give a number above 0 and up to 86,400,000 ms"),
        (("--tpot", "inf"), "tpot: inf is out of range"),
        (("--tpot", "0.01"), "limits: a token takes "),
        (("--ttft", "0.001"), "limits: the first token takes "),
        (("--reuse", "1"), "reuse: 1 is out of range; give a share of 0 or more, below 1"),
        (("--reuse", "nan"), "reuse: nan is out of range"),
        (("--speculate", "2"), "acceptance: is missing beside --speculate; give both or neither"),
        (("--acceptance", "0.5"), "speculate: is missing beside --acceptance; give both or neither"),
        (("--speculate", "0", "--acceptance", "0.5"), "speculate: 0 is too low"),
        (("--speculate", "2", "--acceptance", "1.5"), "acceptance: 1.5 is out of range; give a number from 0 to 1"),
        (("--speculate", "2", "--acceptance", "0.5"), "qwen3-30b-a3b has no prediction layers to guess with"),
        (("--precision", ""), "precision: '' is not known; say bf16"),
        (("--precision", "int8"), "precision: what h100-sxm reaches in int8 is not known"),
        (("--software", "vlm"), "no serving_software record is called 'vlm'; did you mean vllm?"),
        (("--pue", "0.5"), "pue: 0.5 is out of range; give a number from 1 to 10"),
        (("--keep", "0"), "keep: 0 is too low; give 1 or more"),
        (("--model", "qwen3-30b"), "no bundled model is called 'qwen3-30b'; did you mean qwen3-32b or "),
        (("--system", "hgx-h1000"), "did you mean hgx-h100"),
        (("--system", "scalex640"), "scalex640  chips: its chips are not named in the catalogue"),
        (("--plan", "tp=0"), "--plan  tp: is '0'; a whole number from 1 to"),
        (("--plan", "tp=8,tp=8"), "--plan  tp: is given twice"),
        (("--plan", "tp=3"), "no server is possible on 8 chips: the heads of attention do not divide"),
        (("--plan", "tp=64"), "no server is possible on 8 chips: "),
        (("--plan", "tp=8,servers=2"), "no servers in these numbers fit on 8 chips; give fewer of them"),
        (("--plan", "prefill.tp=8,decode.tp=8"), "no servers in these numbers fit on 8 chips; give fewer of them"),
        (("--plan", "tp=8,decode.tp=8"), "fixes servers that do everything and separate ones at once"),
        (("--plan", "junk"), "--plan  'junk' is not a field of a layout"),
    ],
)
def test_bad_input_is_one_line_and_status_2(autarky, options, said):
    status, out, error = autarky(*SERVE, *options)
    assert (status, out) == (2, "")
    (line,) = error.splitlines()
    assert line.startswith("error: ")
    assert said in line


def test_a_model_that_does_not_fit_says_by_how_much_and_what_would(autarky):
    # 671 billion weights of one byte and more, over 8 chips of 80 GB.
    job = ("--model", "deepseek-v3", "--system", "hgx-h100", "--prompt", "4000", "--answer", "1000")
    status, out, error = autarky("plan", "serve", *job)
    assert (status, out) == (2, "")
    needed = float(error.partition("needs ")[2].partition(" GB")[0])
    assert 671 / 8 < needed < 100
    assert "and a job can fill 76.0 of its 80 GB; 16 chips or --precision " in error


def test_separate_servers_are_said_to_be(autarky):
    status, out, _ = autarky(*SERVE, "--plan", "prefill.tp=1,decode.tp=2,prefill.servers=2,decode.servers=3")
    assert status == 0
    assert "1: prompts 2 x (tp=1" in out
    assert "answers 3 x (tp=2" in out
    assert "of servers for prompts:" in out
