"""A small market in exact numbers: one chip of the region, with dies from home and abroad, and one import."""

import copy
import functools

from autarky.facts.loader import load_catalogue


@functools.cache
def real_events():
    """Return the ids of all events of the catalogue: none of them bears on an invented market."""
    return tuple(load_catalogue().collections["events"])


def record(**fields):
    return {"label": "invented", "source": "autarky-2022-engineering-prior", **fields}


FACTS = {
    "processes": {"process": record(foundry="any", node_class="any")},
    "dies": {"die": record(gross_dies="10 die/wafer")},
    "fabs": {
        "fab": record(
            operator="any", country="HERE", process="process", capacity="30 wafer/month",
            dies={"die": {"mix": 1, "yield": "100%"}},
        )
    },
    "die_banks": {
        "bank": record(die="die", deliveries=[{"from": "2025-01", "until": "2026-01", "amount": "1200 die"}]),
    },
    "packaging_lines": {"line": record(country="HERE")},
    "chips": {
        "own": record(
            vendor="own-vendor", designed_in="HERE", status="shipped", dies=[{"die": "die", "count": 1}],
            dense={"bf16": "100 TFLOPS"}, memory={"bandwidth": "1000 GB/s"}, price_usd="1000 USD",
        ),
        "foreign": record(
            vendor="foreign-vendor", designed_in="THERE", status="shipped",
            dense={"bf16": "200 TFLOPS"}, memory={"bandwidth": "2000 GB/s"}, price_usd="2000 USD",
        ),
    },
    "products": {"own": record(line="line")},
    "vendors": {name: record(fiscal_year_starts=1) for name in ("own-vendor", "foreign-vendor")},
    "software_readiness": {"software": record(vendors=["own-vendor", "foreign-vendor"], share="100%")},
    "demand": {
        "demand": record(
            region="HERE", spending="1M USD/month", performance=["dense_16bit"], sensitivity="1",
            failure="0 1/month", service_life="60 month",
        )
    },
    "buyer_groups": {
        "firms": record(region="HERE", share="3", favour="1"),
        "state": record(region="HERE", share="1", favour="1"),
    },
    "series": {
        "shipped": record(unit="chip", kind="flow", values={"2025Q1": "150 chip", "2025Q2": "60 chip"}),
    },
    "imports": {
        "foreign": record(
            chip="foreign", region="HERE", recorded="shipped", recorded_until="2025-07", offered="100 chip/month",
            under_way="6 month", unit_cost="500 USD",
        )
    },
    "grey_channels": {
        "grey": record(region="HERE", flow="20 chip/month", chips={"foreign": "1"}, located="0%", evaded="0%")
    },
    "rentals": {"rented": record(region="HERE", measure="dense_16bit", wanted="50 h100e", open_share="100%")},
    "reference_stocks": {"world": record(holder="world", measure="dense_16bit", stock="10k h100e")},
}  # fmt: skip

SCENARIO = {
    "label": "A small market",
    "region": "HERE",
    "horizon": {"start": "2025-01", "end": "2025-12"},
    "reference_chip": "own",
    "chain": {"fabs": ["fab"], "die_banks": ["bank"], "products": ["own"]},
    "facts": FACTS,
    "market": {
        "demand": "demand",
        "buyers": ["firms", "state"],
        "imports": ["foreign"],
        "grey_channel": "grey",
        "rental": "rented",
        "compared_with": ["world"],
    },
}


def event(*levers, date="2025-09-01"):
    """Return an event that moves levers."""
    return record(date=date, actor="any", confidence="A", levers=list(levers))


def lever(kind, value, **scope):
    return {"kind": kind, "value": value, **scope}


def market(*, events=(), horizon=None, model_from=None, without=(), **facts):
    """Return the small market with some fields changed: `imports__foreign={"offered": ...}`."""
    plain = copy.deepcopy(SCENARIO)
    for key, fields in facts.items():
        collection, name = key.split("__")
        plain["facts"][collection][name.replace("_", "-")].update(fields)
    added = {f"event-{index}": one for index, one in enumerate(events)}
    plain["events"] = {"off": list(real_events()), "add": added}
    if horizon is not None:
        plain["horizon"] = horizon
    if model_from is not None:
        plain["market"]["model_from"] = model_from
    for field in without:
        plain["market"].pop(field)
    return plain
