"""Share of gross dies that work, from die area and defect density, by models named after their authors.

Every model takes area (cm**2) and defect density (1/cm**2), scalars or arrays that broadcast, and sees only
their product x, the mean number of fatal defects on a die. In order of rising yield at the same x > 0, the
one-parameter models are poisson, murphy1964, murphy1964_uniform, one_over_one_plus_x. They differ in how
far the density is thought to vary from die to die; at x below 0.1 they agree to a hundredth.

Reported yields rarely say which one is meant, nor whether partly good dies count; see `salvaged`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import comb
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from autarky.errors import QuantityError
from autarky.quantities.arrays import Array

# Nodes and reach of the quadrature over the gamma distribution in `bins`. Measured errors stay below 1e-5
# for clustering of 0.5, 1e-7 for 1 and more.
_NODES = 64
_TAIL = 14.0


def poisson(area: ArrayLike, defect_density: ArrayLike) -> Array:
    """Return yield as a share, 0 to 1: exp(-x).

    Defects fall independently with one density everywhere. The lowest of all models; right for small x,
    too low for large dies, because real defects cluster.
    """
    return np.exp(-_defects(area, defect_density))


def murphy1964(area: ArrayLike, defect_density: ArrayLike) -> Array:
    """Return yield as a share, 0 to 1: ((1 - exp(-x)) / x)**2.

    Murphy (Proceedings of the IEEE 52, 1964): the density varies by a triangle from 0 to twice its mean,
    his stand-in for a bell shape. What calculators call "Murphy". Common for x up to about 3.
    """
    return _mean_survival(_defects(area, defect_density)) ** 2


def murphy1964_uniform(area: ArrayLike, defect_density: ArrayLike) -> Array:
    """Return yield as a share, 0 to 1: (1 - exp(-2 x)) / (2 x).

    Murphy's other case, the density uniform from 0 to twice its mean; also called "rectangular".
    """
    return _mean_survival(2 * _defects(area, defect_density))


def one_over_one_plus_x(area: ArrayLike, defect_density: ArrayLike) -> Array:
    """Return yield as a share, 0 to 1: 1 / (1 + x).

    The density is exponentially distributed. Called "Seeds" by many texts and by the die calculator of
    SemiAnalysis, "exponential" or "Price" by others. Equals `negative_binomial` with clustering 1 and
    `bose_einstein` with one layer. Optimistic: half the dies still work at one defect per die.
    """
    return 1 / (1 + _defects(area, defect_density))


def exp_of_minus_sqrt_x(area: ArrayLike, defect_density: ArrayLike) -> Array:
    """Return yield as a share, 0 to 1: exp(-sqrt(x)).

    Called "Seeds" by some texts and "Moore" by others, the die calculator of SemiAnalysis among them. An
    empirical rule: below `poisson` for x < 1 and above it beyond, so it is wrong in the limit of small
    dies, where it loses the square root of the defects and not their number.
    """
    return np.exp(-np.sqrt(_defects(area, defect_density)))


def bose_einstein(area: ArrayLike, defect_density: ArrayLike, layers: ArrayLike) -> Array:
    """Return yield as a share, 0 to 1: 1 / (1 + x)**layers.

    `layers` is the number of critical layers, and the defect density is that of one layer: a density for
    the whole process has to be divided by `layers` first.
    """
    share: Array = (1 + _defects(area, defect_density)) ** -np.asarray(layers, dtype=float)
    return share


def negative_binomial(area: ArrayLike, defect_density: ArrayLike, clustering: ArrayLike) -> Array:
    """Return yield as a share, 0 to 1: (1 + x / clustering)**-clustering.

    The density is gamma distributed (Stapper). `clustering`, often alpha, is above 0: small when defects
    come in clusters, infinite for `poisson`. Holds while clusters are larger than a die.
    """
    x = _defects(area, defect_density)
    alpha = np.asarray(clustering, dtype=float)
    finite = np.where(np.isinf(alpha), 1.0, alpha)
    return np.exp(-np.where(np.isinf(alpha), x, finite * np.log1p(x / finite)))


MODELS: Mapping[str, Callable[..., Array]] = MappingProxyType(
    {
        "poisson": poisson,
        "murphy1964": murphy1964,
        "murphy1964_uniform": murphy1964_uniform,
        "one_over_one_plus_x": one_over_one_plus_x,
        "exp_of_minus_sqrt_x": exp_of_minus_sqrt_x,
        "bose_einstein": bose_einstein,
        "negative_binomial": negative_binomial,
    }
)


def defect_density_from_yield(good_share: ArrayLike, area: ArrayLike, clustering: ArrayLike = np.inf) -> Array:
    """Return the defect density, 1/cm**2, that gives this yield on a die of this area (cm**2).

    The inverse of `negative_binomial`, clustering (good_share**(-1 / clustering) - 1) / area, and of
    `poisson`, -ln(good_share) / area, which is the case of infinite clustering. `good_share` lies in
    (0, 1]; it must count only dies without a fatal defect.
    """
    logarithm = -np.log(np.asarray(good_share, dtype=float))
    alpha = np.asarray(clustering, dtype=float)
    finite = np.where(np.isinf(alpha), 1.0, alpha)
    x = np.where(np.isinf(alpha), logarithm, finite * np.expm1(logarithm / finite))
    density: Array = x / np.asarray(area, dtype=float)
    return density


def salvaged(
    area: ArrayLike,
    defect_density: ArrayLike,
    *,
    cores: int,
    good_cores: int,
    core_area_share: ArrayLike,
    clustering: ArrayLike = np.inf,
) -> Array:
    """Return the share of dies, 0 to 1, with a good uncore and at least `good_cores` of `cores` good.

    See `bins`, of which this is the only bin.
    """
    shares = bins(
        area,
        defect_density,
        cores=cores,
        good_cores=(good_cores,),
        core_area_share=core_area_share,
        clustering=clustering,
    )
    sold: Array = shares[0]
    return sold


def bins(
    area: ArrayLike,
    defect_density: ArrayLike,
    *,
    cores: int,
    good_cores: Sequence[int],
    core_area_share: ArrayLike,
    clustering: ArrayLike = np.inf,
) -> Array:
    """Return the share of dies in each bin, 0 to 1, (bin + 1, ...): the last row is scrap, the sum is 1.

    A die goes to the best bin whose number of good cores it reaches, if everything outside the cores works.
    With c = x core_area_share / cores the defects of one core and u = x (1 - core_area_share) those of the
    rest, and one density for the whole die,

        P(g good) = exp(-u) C(cores, g) exp(-c g) (1 - exp(-c))**(cores - g)

    which holds as it stands for infinite clustering (`poisson`, independent cores). For finite clustering it
    is averaged over the gamma distribution of the density, as in `negative_binomial`: cores of one die then
    fail together, and salvage helps less than independence suggests. Both limits come back exactly: all
    cores needed gives the plain yield, none needed gives the yield of the uncore alone.

    Parameters
    ----------
    area, defect_density
        cm**2 of the whole die and fatal defects per cm**2; any shapes that broadcast, (month, draw) for one.
    cores
        identical cores on the die.
    good_cores
        good cores that each bin needs, falling.
    core_area_share
        share of the die's area that the cores take together, 0 to 1; the rest has no spare parts.
    clustering
        as in `negative_binomial`, at least 0.5. A finite value takes fifty times longer than an infinite one.
    """
    steps = zip((cores + 1, *good_cores), good_cores, strict=False)
    if not good_cores or any(lower >= upper for upper, lower in steps):
        raise QuantityError(
            f"bins of {', '.join(map(str, good_cores)) or 'nothing'} good cores do not fit {cores} cores",
            "list them from most to fewest",
            at=("good_cores",),
        )
    if good_cores[-1] < 0:
        raise QuantityError(f"a bin cannot need {good_cores[-1]} cores", "0 or more", at=("good_cores",))
    share = np.asarray(core_area_share, dtype=float)
    x = _defects(area, defect_density)
    alpha = np.asarray(clustering, dtype=float)
    core, rest, alpha = np.broadcast_arrays(x * share / cores, x * (1 - share), alpha)
    independent = np.isinf(alpha)
    sold = np.zeros((len(good_cores), *core.shape))
    if independent.all():
        _add_bins(sold, core, rest, np.ones(()), cores, good_cores)
    else:
        finite = np.where(independent, 1.0, alpha)
        for scale, weight in _gamma_nodes(finite):
            scale = np.where(independent, 1.0, scale)
            _add_bins(sold, core * scale, rest * scale, weight, cores, good_cores)
    return np.concatenate([sold, 1 - sold.sum(axis=0, keepdims=True)])


def _add_bins(sold: Array, core: Array, rest: Array, weight: Array, cores: int, good_cores: Sequence[int]) -> None:
    """Add weight x P(bin) for dies whose density is known; `core` and `rest` are mean defects."""
    good, bad = np.exp(-core), -np.expm1(-core)
    uncore = weight * np.exp(-rest)
    upper = cores
    for row, lower in enumerate(good_cores):
        # Sum of C(cores, g) good**g bad**(cores - g) from lower to upper, by Horner's rule in both.
        total, power = np.full(core.shape, float(comb(cores, upper))), np.ones(core.shape)
        for working in range(upper - 1, lower - 1, -1):
            power = power * bad
            total = total * good + comb(cores, working) * power
        sold[row] += uncore * total * good**lower * bad ** (cores - upper)
        upper = lower - 1


def _gamma_nodes(alpha: Array) -> list[tuple[Array, Array]]:
    """Return nodes and weights of a mean over the gamma distribution of shape alpha and mean 1.

    The trapezoidal rule in the logarithm of the variable: the integrand is smooth and dies off at both ends,
    so it converges geometrically. Weights sum to 1, which spares the gamma function.
    """
    spread = 1 / np.sqrt(alpha)
    lowest = -(_TAIL / alpha + 6 * spread)
    highest = np.log1p(7 * spread + _TAIL / alpha)
    position = [lowest + (highest - lowest) * node / (_NODES - 1) for node in range(_NODES)]
    density = [np.exp(alpha * (place - np.expm1(place))) for place in position]
    total = np.sum(density, axis=0)
    return [(np.exp(place), height / total) for place, height in zip(position, density, strict=True)]


def _mean_survival(x: Array) -> Array:
    """Return (1 - exp(-x)) / x, which is 1 at 0."""
    safe = np.where(x > 0, x, 1.0)
    survival: Array = np.where(x > 0, -np.expm1(-safe) / safe, 1.0)
    return survival


def _defects(area: ArrayLike, defect_density: ArrayLike) -> Array:
    x: Array = np.asarray(area, dtype=float) * np.asarray(defect_density, dtype=float)
    return x
