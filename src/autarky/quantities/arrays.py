"""Array types shared by every room. Draws are always the last axis."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
MonthArray = NDArray[np.int64]
