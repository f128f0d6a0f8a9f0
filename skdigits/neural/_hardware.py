"""What to compute on: device, precision, threads."""

import contextlib

import torch

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
    if torch.backends.mps.is_available() and str(X.dtype) != "float64":
        return torch.device("mps")
    return torch.device("cpu")


def uses_bfloat16(precision, device, X):
    """Whether to train in bfloat16: where asked, or where it is fast and there is much to do."""
    if "float64" in str(X.dtype):
        return False
    if precision == "auto":
        return _n_pixels(X) > SMALL and has_fast_bfloat16(device)
    return precision == "bfloat16"


def has_fast_bfloat16(device):
    """Whether the processor multiplies bfloat16 matrices itself; elsewhere it is emulated."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type != "cpu" or not hasattr(torch.cpu, "get_capabilities"):
        return False
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def _n_pixels(X):
    return X.shape[0] * X.shape[1]


def resources_for(X, device):
    """Return the context to train in: one thread for small sets, memory kept for large ones."""
    if device.type != "cpu":
        return contextlib.nullcontext()
    return freed_memory_kept() if _n_pixels(X) > SMALL else one_thread()


@contextlib.contextmanager
def one_thread():
    """Compute on one thread; put the calling thread's number back afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
