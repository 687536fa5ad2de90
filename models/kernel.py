"""How numeric kernels are compiled: once for all models, cached on disk, without the interpreter's lock."""

import os
import re
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba import njit
from numba.core import cgutils
from numba.extending import intrinsic

Array = np.ndarray[Any, Any]
_F = TypeVar("_F", bound=Callable[..., Any])
_HERE = Path(__file__).parent


def sources_digest() -> str:
    """What the compiled code depends on: every kernel's source, and the compiler."""
    files = sorted(
        [*_HERE.glob("*/kernels/*.py"), _HERE / "kernel.py", _HERE / "events.py", _HERE / "population/plan.py"]
    )
    return sha256(b"".join([numba.__version__.encode(), *(file.read_bytes() for file in files)])).hexdigest()[:16]


def cache_folder() -> Path:
    """Beside the sources, or under the user's home where those are read-only."""
    beside, home = _HERE / "__pycache__", Path.home() / ".cache" / "titrate"
    try:
        beside.mkdir(exist_ok=True)
        (beside / ".writable").touch()
    except OSError:
        return home
    return beside


# numba looks at the file of the outermost function only: after an edit to a function that it calls, old machine code,
# and so old numbers, would be loaded. One folder for each state of the sources makes that impossible.
_CONFIG: Any = numba.config  # its attributes are made at run time
_CONFIG.CACHE_DIR = str(Path(_CONFIG.CACHE_DIR or cache_folder()) / f"kernels-{sources_digest()}")
# Machine code of other states of the sources goes once nobody has used it for this long: 10 MB a state add up.
UNUSED_DAYS = 7.0


def tidy(current: Path | None = None) -> tuple[Path, ...]:
    """Marks the folder of this state as used, and removes those beside it that were not for UNUSED_DAYS.

    A process that still runs such an older state compiles again at its next start; no number depends on it. Only
    folders named as this module names them are touched. Returns what was removed.
    """
    here = current or Path(_CONFIG.CACHE_DIR)
    try:
        here.mkdir(parents=True, exist_ok=True)
        os.utime(here)
        latest = here.stat().st_mtime
        beside = [folder for folder in here.parent.iterdir() if re.fullmatch(r"kernels-[0-9a-f]{16}", folder.name)]
        stale = [folder for folder in beside if folder != here and _unused(folder, latest)]
    except OSError:
        return ()  # a cache that can not be tidied is no reason not to compute
    for folder in stale:
        shutil.rmtree(folder, ignore_errors=True)
    return tuple(stale)


def _unused(folder: Path, latest: float) -> bool:
    is_ours = folder.is_dir() and not folder.is_symlink()
    return is_ours and latest - folder.stat().st_mtime > UNUSED_DAYS * 86400.0


def _compiled(function: _F, **options: Any) -> _F:
    compiler: Any = njit  # its stubs do not know all of its options
    options = {"_nrt": True} | options  # said aloud, as a callee would else inherit its first caller's
    return cast(_F, compiler(nogil=True, error_model="numpy", **options)(function))


def kernel(function: _F) -> _F:
    """For kernels that other kernels call: no doorway from Python is compiled, so Python must not call them.

    Division by zero gives inf or nan, as in numpy; callers check what comes out.
    """
    return _compiled(function, cache=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def lean(function: _F) -> _F:
    """A kernel that allocates no array: without numba's counting of references, which costs more than its arithmetic.

    Views of arrays that are passed in are allowed.
    """
    return _compiled(function, cache=True, no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False)


def part(function: _F) -> _F:
    """For a piece of one kernel, written into its caller: spares the counting of references of a call."""
    return _compiled(function, inline="always")


def entry(function: _F) -> _F:
    """For kernels that Python calls; compiled on first call and cached."""
    return _compiled(function, cache=True)


def address(function: Any, arguments: tuple[Any, ...]) -> int:
    """Where the machine code of a kernel for these numba types lies, in this process; compiles it if need be."""
    function.compile(arguments)
    compiled = function.overloads[arguments]
    return int(compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name))


def indirect(result: Any) -> Any:
    """A caller of kernels by address: call(address, (argument, ...)) returns `result`.

    An ordinary call makes numba optimise all of the callee's code again inside each of its callers, which for the
    few large kernels would cost minutes; a call by address keeps them apart.
    """

    @intrinsic
    def call(typing: Any, address: Any, arguments: Any) -> Any:
        kinds = tuple(arguments)

        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            where, packed = values
            convention = context.call_conv
            function = builder.inttoptr(where, convention.get_function_type(result, kinds).as_pointer())
            unpacked = cgutils.unpack_tuple(builder, packed, len(kinds))
            status, out = convention.call_function(builder, function, result, kinds, unpacked)
            with cgutils.if_unlikely(builder, status.is_error):
                convention.return_status_propagate(builder, status)
            return out

        return result(address, arguments), generate

    return call
