"""How fast `autarky plan serve` answers as a whole process, and what it answers, beside aiconfigurator 0.12.0.

    python benchmarks/serving_speed.py

aiconfigurator's `cli default` was measured on two cores of a virtual machine with the same questions: prompts of 4,000
tokens, answers of 1,000, 2 s to the first token, 30 ms for each after it, 32 GPUs, TensorRT-LLM. Its answers rest on
measured kernels of that release; they are a yardstick and not the truth.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

QUESTIONS = (
    ("qwen3-32b", "hgx-h200", 10.2, 1449),
    ("qwen3-235b-a22b", "hgx-h100", 28.5, 356),
    ("qwen3-235b-a22b", "hgx-h200", 41.8, 497),
    ("deepseek-v3", "hgx-h100", 16.1, 123),
    ("deepseek-v3", "hgx-h200", 30.1, 280),
    ("deepseek-v3", "gb200-nvl72", 46.9, 867),
)
"""Model, system, and aiconfigurator's s of CPU and tokens per s and chip."""
ASKED = "--chips 32 --prompt 4000 --answer 1000 --ttft 2 --tpot 30 --precision fp8 --software trtllm --json"


def main() -> None:
    """Ask every question in a process of its own."""
    for model, system, their_time, their_speed in QUESTIONS:
        command = [
            str(Path(sys.executable).with_name("autarky")),
            "plan",
            "serve",
            "--model",
            model,
            "--system",
            system,
        ]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        said = subprocess.run([*command, *ASKED.split()], capture_output=True, text=True, check=True).stdout
        wall = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        best = json.loads(said)["best"][0]
        print(
            f"{model} on 32 of {system}: {wall:.2f} s, {busy:.2f} s of CPU; "
            f"{best['tokens_per_s_per_chip']:,.0f} tokens/s a chip, {best['mode']}"
        )
        print(f"  aiconfigurator: {their_time:.1f} s of CPU; {their_speed:,} tokens/s a chip")
    print(f"largest memory: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:,.0f} MiB")


if __name__ == "__main__":
    main()
