"""Optimiser states that wait in the memory of the host, and come to the chip for the update.

Of each weight a master copy and two moments wait with the host. Once the gradients of a layer are whole they come
over the host link, are updated on the chip and go back, layer after layer: both directions run at once, and two
layers are on the chip at a time. What software can hide of it runs beside the last backward pass of a step. (A
processor of the host could update them instead, as in Ren et al. 2021, which moves gradients down and weights up;
how fast that is would be a property of the host, of which the catalogue knows nothing.)
"""

from __future__ import annotations

import numpy as np

from autarky.errors import InputError, Problem
from autarky.facts.catalogue import Catalogue, value_of
from autarky.facts.records import Chip, HostLink
from autarky.quantities.arrays import Array

STATES = 12.0
"""Bytes of the states of one weight: a master copy and two moments in 32 bits."""
LAYERS_AT_WORK = 2.0
GIGA = 1e9


def host_link(catalogue: Catalogue, chip: str) -> float | None:
    """Return the bytes/s one way that copies between a chip and its host reach, None where the link is not known.

    A chip's record names its link in words; the fastest of the catalogue's links that it names counts.
    """
    links = catalogue.get("chips", chip, Chip).links
    named = "" if links is None else links.host
    known = [link for link in catalogue.all("host_links", HostLink).values() if link.label in named]
    return max((value_of(link.one_way) * value_of(link.reached) * GIGA for link in known), default=None)


def check_host_link(catalogue: Catalogue, chip: str) -> None:
    """Raise where nothing is known about what joins a chip to its host."""
    if host_link(catalogue, chip) is None:
        raise InputError(
            Problem(
                f"what joins {chip} to its host is not known, so that nothing can wait there",
                "--plan",
                "offload",
                "leave it out, or choose another system",
            )
        )


def on_chip(states: Array, depth: Array, offload: Array) -> Array:
    """Return the bytes of optimiser states on a chip: all, or where they are offloaded those of the layers at work.

    `states` are all bytes of a chip, `depth` the layers that it holds; all shapes (plan,).
    """
    return np.where(offload > 0, states * np.minimum(LAYERS_AT_WORK / depth, 1.0), states)


def shown_transfer(owned: Array, backward: Array, offload: Array, link: float, overlap: float) -> Array:
    """Return the s by which moving the states of `owned` weights lengthens a step, shape (plan,).

    `backward` is the time of the last backward pass in s, `link` bytes/s one way, `overlap` the share of transfers
    that the software can run beside computation.
    """
    whole = STATES * owned / link
    shown = np.maximum(whole - overlap * backward, (1.0 - overlap) * whole)
    return np.where(offload > 0, shown, 0.0)
