"""How fast the training search is, beside the published rate of calculon on one core of a similar machine.

    python benchmarks/search_speed.py [--quick]

calculon (commit caa4b11) priced its README search, 530B on 5,128 A100, in 61.3 s for 10,944 plans, and about 289 plans
a second of the space of GPT-3 on 4,096 H100, both on one core of an EPYC virtual machine. The plan that it answers to
the first keeps weights and activations in a second tier of memory; without one, none of its 1,584 plans fits, and what
is found here divides the weights between replicas. Its fastest plan for the second without offload stands beside
ours, both priced here.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Iterator

import autarky
from autarky.systems.system import build
from autarky.workloads.plans import Plans, plans
from autarky.workloads.reference import reference_model
from autarky.workloads.search import Found, search, space
from autarky.workloads.train import Job, price

README_SECONDS = 61.3
README_PLANS = 10_944
LARGE = 6_000_000
THEIRS = {"tensor": 8, "pipeline": 4, "data": 128, "interleave": 12, "micro_batch": 2, "sequence": 1}
"""What calculon finds fastest for GPT-3 on 4,096 H100."""


def timed(job: Job, *, threads: int, blocks: Iterator[Plans] | None = None) -> tuple[Found, float, float]:
    """Return (what was found, wall s, processor s) of a search."""
    catalogue = autarky.load_catalogue()
    wall, busy = time.perf_counter(), time.process_time()
    found = search(catalogue, job, threads=threads, blocks=blocks)
    return found, time.perf_counter() - wall, time.process_time() - busy


def repeated(job: Job, most: int) -> Iterator[Plans]:
    """Yield the space of a job over and over, up to `most` plans: a larger space of the same kind."""
    given = 0
    while given < most:
        for block in space(job, {}):
            given += len(block)
            yield block
            if given >= most:
                return


def report(name: str, found: Found, wall: float, busy: float) -> None:
    """Print one search."""
    print(f"{name}: {found.tried:,} plans in {wall:.2f} s ({found.tried / busy:,.0f} a second and core), ", end="")
    print(f"{found.fitting:,} fit", end="")
    if found.best is not None:
        plan = " ".join(f"{key}={value}" for key, value in found.best.plans.describe(0).items())
        print(f"; fastest {found.best.steps.time[0]:.2f} s: {plan}", end="")
    print()


def main() -> None:
    """Time three searches."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="leave out the space of six million plans")
    arguments = parser.parse_args()
    catalogue = autarky.load_catalogue()
    gpt, large = reference_model("gpt-3-175b").config, reference_model("megatron-530b").config
    readme = Job(large, build(catalogue, "hgx-a100", 5128), 2048, 2520, "bf16", "megatron-core", flexible=True)
    report("530B on 5,128 A100", *timed(readme, threads=1))
    print(f"  calculon: {README_PLANS:,} plans in {README_SECONDS} s ({README_PLANS / README_SECONDS:,.0f} a second)")
    job = Job(gpt, build(catalogue, "hgx-h100", 4096), 2048, 2048, "bf16", "megatron-core")
    report("GPT-3 on 4,096 H100", *timed(job, threads=1))
    theirs = price(catalogue, job, plans(**THEIRS))
    fits = "fits" if theirs.peak_memory[0] <= theirs.usable else "does not fit"
    print(
        f"  calculon's plan, priced here: {theirs.steps.time[0]:.2f} s; {theirs.peak_memory[0] / 2**30:.0f} GiB, ",
        end="",
    )
    print(f"which {fits} in {theirs.usable / 2**30:.0f} GiB")
    if not arguments.quick:
        report("the same space repeated", *timed(job, threads=2, blocks=repeated(job, LARGE)))
    print(f"largest memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")


if __name__ == "__main__":
    main()
