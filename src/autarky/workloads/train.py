"""A training job priced under many parallel plans: time, memory, utilisation, energy and cost."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autarky.errors import InputError, Problem
from autarky.facts.catalogue import Catalogue, value_of
from autarky.facts.performance_records import Efficiency
from autarky.quantities.arrays import Array
from autarky.systems.system import System
from autarky.workloads.architecture import ModelConfig
from autarky.workloads.layer_time import Setting
from autarky.workloads.offload import STATES, host_link
from autarky.workloads.operations import Convention, sequence_work
from autarky.workloads.plans import SELECTIVE, Plans
from autarky.workloads.stack import CAST, ELEMENT, USUAL, Features, efficiency_of, rates, reached_network, stack
from autarky.workloads.training import Steps, all_layers, owned_weights, step_time
from autarky.workloads.training_memory import memory_by_part

Mask = NDArray[np.bool_]
CONVENTIONS: tuple[Convention, Convention] = ("half", "whole")


@dataclass(frozen=True)
class Job:
    """What is trained, on what, and how it is computed.

    tokens      of a sequence; `batch` sequences make a step, or at most that many where it is `flexible`: each
                plan then takes the most that its replicas divide
    recipe      how matrix products are computed: bf16, fp8, ...
    software    a training stack of the catalogue; `features` are those of its choices that the run makes
    prediction  whether layers of multi-token prediction are trained too
    """

    config: ModelConfig
    system: System
    tokens: int
    batch: float
    recipe: str
    software: str
    prediction: bool = False
    flexible: bool = False
    features: Features = USUAL

    def batches(self, plans: Plans) -> Array:
        """Return the sequences of a step under each plan, shape (plan,)."""
        if not self.flexible:
            return np.full(len(plans), float(self.batch))
        together = plans.data * plans.micro_batch
        return np.asarray(np.floor(self.batch / together) * together, float)


@dataclass(frozen=True)
class Priced:
    """A job under many plans. All arrays have shape (plan,).

    steps    times by part
    memory   bytes by part on the fullest chip
    peak     FLOP/s, dense, of one chip in the job's format
    usable   bytes of one chip that a job can fill
    """

    job: Job
    steps: Steps
    memory: dict[str, Array]
    peak: float
    usable: float

    @property
    def plans(self) -> Plans:
        """The plans."""
        return self.steps.plans

    @property
    def peak_memory(self) -> Array:
        """Bytes on the fullest chip."""
        return np.asarray(sum(self.memory.values()), float)

    @property
    def waiting(self) -> Array:
        """Bytes of optimiser states a chip that wait in the memory of its host."""
        layers = all_layers(self.job.config, self.job.prediction)
        return STATES * owned_weights(layers, self.plans, self.job.config) * (self.plans.offload > 0)

    def utilisation(self, convention: Convention, peak: float | None = None) -> Array:
        """Return model FLOP utilisation, with attention counted by `convention`; above 1 is an error."""
        job = self.job
        work = sequence_work(job.config, job.tokens, convention, prediction=job.prediction).training
        share = self.steps.tokens_per_second_per_chip * work / (peak or self.peak)
        if np.any(share > 1.0):
            raise InputError(
                Problem(
                    f"is {np.max(share):.0%} of the peak with attention counted {convention}, which cannot be",
                    field="mfu",
                    hint="an efficiency, a peak or a bandwidth of the system is wrong",
                )
            )
        return np.asarray(share, float)

    def hardware_utilisation(self, convention: Convention) -> Array:
        """Return utilisation with recomputed operations counted as work (HFU)."""
        job, recompute = self.job, self.plans.recompute
        work = sequence_work(job.config, job.tokens, convention, prediction=job.prediction)
        layers = work.forward - work.head
        scores = work.attention if not self.steps.fused else 0.0
        share = np.clip(recompute - SELECTIVE, 0.0, 1.0)
        again = share * layers + np.where(recompute >= SELECTIVE, 1.0 - share, 0.0) * scores
        return self.utilisation(convention) * (work.training + again) / work.training

    def energy_per_token(self, pue: float) -> Array | None:
        """Return J per token at the system's power, cooling by `pue`; None where the power is not known."""
        watts = self.job.system.watts
        return None if watts is None else np.asarray(watts * pue / self.steps.tokens_per_second_per_chip, float)


def setting_of(catalogue: Catalogue, job: Job, efficiency: Efficiency | None = None) -> Setting:
    """Return what is the same for every plan of a job; `efficiency` stands in for the catalogue's."""
    found = efficiency or efficiency_of(catalogue, job.system.chip)
    speed, tools = rates(catalogue, job.system.chip, job.recipe, found), stack(catalogue, job.software, job.features)
    speed = replace(
        speed,
        attention_share=speed.attention_share * tools.attention_speed,
        backward_share=speed.backward_share * tools.attention_speed,
    )
    plain = found.products.get("bf16") or found.products.get("fp16") or found.products[next(iter(found.products))]
    return Setting(
        config=job.config,
        tokens=job.tokens,
        rates=speed,
        network=reached_network(job.system, found),
        stack=tools,
        element=ELEMENT[job.recipe],
        cast=CAST[job.recipe],
        head_share=value_of(plain),
        usable_memory=value_of(found.usable_memory),
        sag=value_of(found.sag),
        host_link=host_link(catalogue, job.system.chip),
    )


def price(catalogue: Catalogue, job: Job, plans: Plans, *, setting: Setting | None = None) -> Priced:
    """Return times and memory of a job under each plan."""
    found = setting or setting_of(catalogue, job)
    batch = job.batches(plans)
    steps = step_time(plans, found, batch, prediction=job.prediction)
    memory = memory_by_part(plans, found, batch, prediction=job.prediction)
    usable = found.usable_memory * job.system.memory
    return Priced(job, steps, memory, found.rates.peak, usable)


def why_not(plans: Plans, job: Job) -> dict[str, Mask]:
    """Return for each rule of a parallel plan where it is broken, shape (plan,)."""
    layers = len(all_layers(job.config, job.prediction))
    experts = max((layer.experts.experts for layer in job.config.layers if layer.experts), default=1)
    each = job.batches(plans) / (plans.data * plans.micro_batch)
    return {
        "does not use the chips": plans.chips != job.system.chips,
        "more stages than layers": plans.pipeline * plans.interleave > layers,
        "the batch does not divide": (each < 1) | (each != np.floor(each)),
        "more expert parts than experts": (plans.expert > experts) | (experts % plans.expert != 0),
        "experts do not divide the replicas": (plans.tensor * plans.context * plans.data) % plans.expert != 0,
        "gradients or weights divided under a pipeline": (plans.sharded > 1) & (plans.pipeline > 1),
        "interleaving without stages": (plans.interleave > 1) & (plans.pipeline == 1),
        "interleaving needs a batch in multiples of the stages": (plans.interleave > 1) & (each % plans.pipeline != 0),
        "sequence does not divide": (job.tokens % (plans.context * plans.tensor) != 0),
    }
