"""How numeric kernels are compiled: once for all models, cached on disk, without the interpreter's lock."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numba import njit

Array = np.ndarray[Any, Any]
_F = TypeVar("_F", bound=Callable[..., Any])


def kernel(function: _F) -> _F:
    """Compiles on first call and caches beside the source (or in the user's cache where that is read-only).

    Division by zero gives inf or nan, as in numpy; callers check what comes out.
    """
    return njit(cache=True, nogil=True, error_model="numpy")(function)
