"""How many chips can be classified in a second: arrays of variants, single chips with all reasons, a plain loop.

    python benchmarks/classification.py [--variants 100000] [--repeats 5] [--json]

The plain loop writes the rule of October 2023 out by hand, as public calculators do, and must agree with every class.
Times are the best of the repeats. The exit status is 1 where the target of 100,000 variants a second is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date

import numpy as np

from autarky.facts.loader import load_catalogue
from autarky.facts.records import Chip
from autarky.facts.rule_records import Rule
from autarky.rules import ManyClasses, classify_many
from autarky.rules.answers import answers

TARGET = 100_000
DAYS = {"October 2022": date(2023, 3, 1), "October 2023": date(2024, 6, 1), "January 2026": date(2026, 2, 1)}


def variants(count: int) -> dict[str, np.ndarray]:
    """Return chips spread over the whole range that the rules cut, a fifth of them not for data centres."""
    random = np.random.default_rng(1)
    return {
        "tpp": np.exp(random.uniform(np.log(200), np.log(60_000), count)),
        "area": random.uniform(100, 1700, count),
        "interconnect": random.uniform(30, 2000, count),
        "data_centre": random.random(count) < 0.8,
    }


def by_hand(tpp: float, area: float, data_centre: bool) -> str:
    """Return the class under the rule of October 2023, written out."""
    density = tpp / area
    if not data_centre and tpp < 4800:
        return "none"
    if tpp >= 4800 or (tpp >= 1600 and density >= 5.92):
        return "3A090.a"
    if (2400 <= tpp < 4800 and 1.6 <= density < 5.92) or (tpp >= 1600 and 3.2 <= density < 5.92):
        return "3A090.b"
    return "none"


def best(run: Callable[[], object], repeats: int) -> float:
    """Return the shortest time of a run, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def measured(count: int, repeats: int) -> dict[str, float]:
    """Return chips per second of each way."""
    catalogue = load_catalogue()
    rules, chips = catalogue.all("rules", Rule), variants(count)

    def many(day: date, known: Sequence[str] = ("tpp", "area", "interconnect", "data_centre")) -> ManyClasses:
        return classify_many(**{name: chips[name] for name in known}, date=day, rules=rules)

    rates = {f"arrays, rule of {name}": count / best(lambda day=day: many(day), repeats) for name, day in DAYS.items()}
    partly = ("tpp", "data_centre")
    unknown = DAYS["October 2023"]
    rates["arrays, area unknown"] = count / best(lambda: many(unknown, partly), repeats)
    ids = [name for name, chip in catalogue.all("chips", Chip).items() if chip.dense]
    whole = best(lambda: answers(ids, to="CN", date="2024-06-01", catalogue=catalogue), max(repeats // 2, 1))
    rates["one by one, with every reason and the next change"] = len(ids) / whole
    loop = list(zip(chips["tpp"].tolist(), chips["area"].tolist(), chips["data_centre"].tolist(), strict=True))
    rates["plain loop over one rule, class alone"] = count / best(lambda: [by_hand(*chip) for chip in loop], repeats)
    found = many(unknown)
    differing = sum(found.names[code] != by_hand(*chip) for code, chip in zip(found.codes, loop, strict=True))
    if differing:
        sys.exit(f"{differing} of {count} classes differ from the rule written out by hand")
    return rates


def main() -> None:
    parser = argparse.ArgumentParser(description="Chips classified per second.")
    parser.add_argument("--variants", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rates = measured(options.variants, options.repeats)
    if options.json:
        print(json.dumps({"variants": options.variants, "chips_per_second": rates}, indent=2))
    else:
        for name, rate in rates.items():
            print(f"{name:<52}{rate:>14,.0f} chips/s")
        print(f"{options.variants:,} variants; all classes agree with the rule written out by hand")
    if min(rate for name, rate in rates.items() if name.startswith("arrays")) < TARGET:
        sys.exit(1)


if __name__ == "__main__":
    main()
