"""Answers to cases of the table of measured servers: times per token and to the first, and rates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from autarky.errors import AutarkyError
from autarky.facts.catalogue import Catalogue
from autarky.workloads.layouts import Layouts, joined
from autarky.workloads.serving import decode, prefill
from autarky.workloads.serving_load import Load, apart, together
from autarky.workloads.serving_memory import most_sequences
from autarky.workloads.serving_setting import ServingSetting, setting_of
from truth_servers import Case
from truth_training import Answer, number

Row = Mapping[str, str]

LEAST_ROOM = 0.5
"""Share of the requests in flight that memory must hold: no benchmark lets more than half of them wait for room."""
BUNCHED = 0.2
"""Share of requests that come in waves when a benchmark sends as many as may be in flight at once, ten times over; a
judgement."""
LARGE = ("cloudmatrix", "xdeepserve", "deepseek_", "sglang_", "antgroup_h20", "infersim", "pangu_pro_moe")


def answers(cases: Sequence[Case], catalogue: Catalogue) -> dict[str, list[Answer] | str]:
    """Return the answers of many cases by row, or why one has none; cases of one job are priced together."""
    groups: dict[tuple[object, ...], list[Case]] = defaultdict(list)
    for case in cases:
        job = case.job
        key = (job.config.name, job.system.name, job.recipe, job.dense, job.attention, job.cache, job.software)
        groups[(*key, job.speculation, job.balance, case.kind)].append(case)
    found: dict[str, list[Answer] | str] = {}
    for members in groups.values():
        found.update(_answered(members, catalogue))
    return found


def _answered(members: Sequence[Case], catalogue: Catalogue) -> dict[str, list[Answer] | str]:
    """Return the answers of cases of one job; one that cannot be priced does not keep the others from theirs."""
    try:
        return _priced(members, setting_of(catalogue, members[0].job))
    except AutarkyError as error:
        if len(members) == 1:
            return {members[0].row["row_id"]: str(error)}
    return {name: answer for case in members for name, answer in _answered([case], catalogue).items()}


def _column(cases: Sequence[Case], field: str, default: float = 0.0) -> np.ndarray:
    return np.array([number(case.row, field) or default for case in cases])


def _priced(cases: Sequence[Case], setting: ServingSetting) -> dict[str, list[Answer] | str]:
    return {"prefill": _prefilled, "decode": _decoded}.get(cases[0].kind, _loaded)(cases, setting)


def _prefilled(cases: Sequence[Case], setting: ServingSetting) -> dict[str, list[Answer]]:
    plan = joined([case.layouts for case in cases])
    prompt = _column(cases, "isl")
    chunk = setting.software.chunk
    per_chip = _column(cases, "batch_per_chip")
    stated = per_chip * plan.devices / setting.devices / plan.data
    tokens = np.where(per_chip > 0, stated, np.maximum(np.floor(chunk / prompt), 1.0) * prompt)
    rate = prefill(plan, setting, tokens, prompt).tokens_per_second_per_chip
    return {
        case.row["row_id"]: [Answer("input_tok_s_per_chip", float(rate[i]), measured)]
        for i, case in enumerate(cases)
        if (measured := number(case.row, "input_tok_s_per_chip"))
    }


def _decoded(cases: Sequence[Case], setting: ServingSetting) -> dict[str, list[Answer]]:
    plan = joined([case.layouts for case in cases])
    context = (
        np.array([number(case.row, "kv_len") or (number(case.row, "isl") or 0) for case in cases])
        + _column(cases, "osl") / 2.0
    )
    per_chip = _column(cases, "batch_per_chip")
    sequences = per_chip * plan.devices / setting.devices / plan.data
    most = np.maximum(most_sequences(plan, setting, context), 1.0)
    user = _column(cases, "tok_s_per_user")
    at_speed = np.array(
        [_at_speed(plan.take(np.array([i])), setting, context[i], user[i], most[i]) for i in range(len(plan))]
    )
    sequences = np.where(per_chip > 0, sequences, np.where(user > 0, at_speed, most))
    step = decode(plan, setting, sequences, context)
    tpot = step.time / (step.tokens / (sequences * plan.data))
    result = {}
    for i, case in enumerate(cases):
        predicted = {"tpot_ms": tpot[i] * 1e3, "output_tok_s_per_chip": step.tokens_per_second_per_chip[i]}
        result[case.row["row_id"]] = [
            Answer(name, float(value), measured)
            for name, value in predicted.items()
            if (measured := number(case.row, name))
        ]
    return result


def _at_speed(plan: Layouts, setting: ServingSetting, context: float, user: float, most: float) -> float:
    """Return the sequences a group at which each gains `user` tokens per s."""
    if not user:
        return most
    counts = np.unique(np.round(np.geomspace(1.0, most, 60)))
    many = plan.take(np.zeros(len(counts), int))
    step = decode(many, setting, counts, context)
    each = step.tokens / (counts * many.data) / step.time
    return float(np.interp(-user, -each, counts))


def _loaded(cases: Sequence[Case], setting: ServingSetting) -> dict[str, list[Answer] | str]:
    plan = joined([case.layouts for case in cases])
    wanted, prompt, output = (_column(cases, name) for name in ("concurrency", "isl", "osl"))
    load = Load(wanted, prompt, output, bunched=BUNCHED)
    groups = np.array([case.decode_workers * (case.then or case.layouts).data[0] for case in cases])
    holding = plan if cases[0].then is None else joined([case.then for case in cases if case.then is not None])
    room = groups * most_sequences(holding, setting, prompt + output / 2.0)
    if cases[0].then is None:
        served = together(plan, setting, load)
    else:
        workers = np.array([[case.prefill_workers, case.decode_workers] for case in cases]).T
        served = apart(plan, holding, setting, load, prefill_workers=workers[0], decode_workers=workers[1])
    result: dict[str, list[Answer] | str] = {}
    for i, case in enumerate(cases):
        if room[i] < LEAST_ROOM * wanted[i]:
            result[case.row["row_id"]] = f"memory holds {room[i]:.0f} of the {wanted[i]:.0f} requests in flight"
            continue
        predicted = {"tpot_ms": served.tpot[i] * 1e3, "ttft_ms": served.ttft[i] * 1e3}
        found = [Answer(n, float(v), measured) for n, v in predicted.items() if (measured := number(case.row, n))]
        if measured := _throughput(case, float(served.chips[i])):
            found.append(Answer("output_tok_s_per_chip", float(served.output_rate[i]), measured))
        result[case.row["row_id"]] = found
    return result


def _throughput(case: Case, chips: float) -> float | None:
    """Return the measured output per chip; rates that the table derived from one server of each kind are put right."""
    stated = number(case.row, "output_tok_s_per_chip")
    listed = number(case.row, "chips")
    if stated is None or listed is None:
        return None
    return stated * listed / chips if "inferencex" in case.row["source_key"] else stated


def slices_of(row: Row) -> tuple[str, ...]:
    """Return the parts of the table that a row is counted in besides its source: its mode and its chip.

    Published large servers are one part of their own: those whose layout and load a publication states.
    """
    if "inferencex" in row["source_key"]:
        return (f"inferencex {row['serving_mode']}", f"inferencex {row['chip'].split('-')[0]}")
    return ("published large servers",) if row["source_key"].startswith(LARGE) else ()
