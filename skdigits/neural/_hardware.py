"""What to compute on: device, precision, threads."""

import contextlib
import os

import torch
from joblib.parallel import get_active_backend

from skdigits.neural._allocator import freed_memory_kept

# A training set of at most this many pixels (2,551 images of 28x28) is trained on one thread.
# More threads gain little there, and would make the bits depend on how many there are: a grid
# search would score differently with n_jobs=2.
SMALL = 2_000_000


def choose_device(device, X, *, who):
    """Return the torch device that `device` stands for, given data `X`."""
    if device == "auto":
        return _automatic_device(X)
    try:
        return torch.Generator(device=torch.empty(0, device=device).device).device
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f"The 'device' parameter of {who} must be 'auto' or a device that torch has on this "
            f"machine. Got {device!r} instead."
        ) from error


def _automatic_device(X):
    if isinstance(X, torch.Tensor):
        return X.device
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available() and not _is_float64(X):
        return torch.device("mps")
    return torch.device("cpu")


def uses_bfloat16(precision, device, X):
    """Whether to train in bfloat16: where asked, or where it is fast and there is much to do."""
    if _is_float64(X):
        return False
    if precision == "auto":
        return count_pixels(X) > SMALL and has_fast_bfloat16(device)
    return precision == "bfloat16"


def has_fast_bfloat16(device):
    """Whether the processor multiplies bfloat16 matrices itself; elsewhere it is emulated."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type != "cpu" or not hasattr(torch.cpu, "get_capabilities"):
        return False
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def _is_float64(X):
    return getattr(X.dtype, "name", str(X.dtype)).endswith("float64")  # in any byte order


def count_pixels(X):
    """Return the number of pixels in all rows."""
    return X.shape[0] * X.shape[1]


def resources_for(n_pixels, device):
    """Return the context to train in: one thread for small sets, memory kept for large ones."""
    if device.type != "cpu":
        return contextlib.nullcontext()
    return one_thread() if n_pixels <= SMALL else _large_fit()


@contextlib.contextmanager
def _large_fit():
    """Keep memory; compute on one thread where other fits beside this one would take all too."""
    threads = one_thread() if _has_neighbours() else contextlib.nullcontext()
    with freed_memory_kept(), threads:
        yield


def _has_neighbours():
    """Whether this runs in one of joblib's threads or forks, each of which has all processors.

    joblib's other workers are told their number of threads in the environment.
    """
    backend, _ = get_active_backend()
    return backend.nesting_level > 0 and "OMP_NUM_THREADS" not in os.environ


@contextlib.contextmanager
def one_thread():
    """Compute on one thread; put the calling thread's number back afterwards."""
    before = torch.get_num_threads()
    if before == 1:  # maybe of a fit beside this one, from which a new thread has it
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
