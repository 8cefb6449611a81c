"""What a serving plan is asked for: a model on a system, its requests, and how long they may take."""

from __future__ import annotations

from dataclasses import dataclass

from autarky.workloads.serving_setting import ServingSetting


@dataclass(frozen=True)
class Question:
    """Requests of one kind, and limits.

    prompt, answer   tokens; of a prompt the first `reused` are cached already
    ttft, tpot       s that the first token may take, waiting included, and each token after it
    bandwidth        bytes/s, nominal, of the memory of one device
    """

    setting: ServingSetting
    prompt: float
    answer: float
    reused: float
    ttft: float
    tpot: float
    bandwidth: float

    @property
    def context(self) -> float:
        """Tokens cached for a sequence in the middle of its answer."""
        return self.prompt + self.answer / 2.0

    @property
    def after(self) -> float:
        """Tokens of an answer after the first."""
        return max(self.answer - 1.0, 1.0)

    @property
    def chips(self) -> int:
        """Packages of the system."""
        return self.setting.job.system.chips
