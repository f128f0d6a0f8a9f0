"""The C library's memory, kept between the steps of a training."""

import contextlib
import ctypes
import os
import sys
import threading

# glibc's mallopt(3): blocks from this size on are mapped and unmapped one by one; free memory
# above this size goes back to the system.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_MB = 1 << 20
# Where glibc's own, adaptive thresholds end after a block of 32 MB was freed.
_ITS_OWN_HIGHEST = {_M_MMAP_THRESHOLD: 32 * _MB, _M_TRIM_THRESHOLD: 64 * _MB}
_IN_TRAINING = {_M_MMAP_THRESHOLD: 32 * _MB, _M_TRIM_THRESHOLD: 512 * _MB}


# What else may have set them, in the environment.
_SET_BY_USER = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES")

_lock = threading.Lock()
_fits_going_on: set = set()


@contextlib.contextmanager
def freed_memory_kept():
    """Keep what one step of a training frees for the next, instead of asking the system anew.

    A step frees and takes tens of megabytes, and every page that comes from the system is
    zeroed first. When the last of the fits in this process ends, what is free is given back, and
    the thresholds stay where glibc's own would have ended. They are left alone where the
    environment sets them, and by ``SKDIGITS_ALLOCATOR=system``.
    """
    libc = _glibc()
    if libc is None or _left_alone():
        yield
        return
    fit = object()
    with _lock:
        _fits_going_on.add(fit)
        _set(libc, _IN_TRAINING)
    try:
        yield
    finally:
        with _lock:
            _fits_going_on.remove(fit)
            if not _fits_going_on:
                _set(libc, _ITS_OWN_HIGHEST)
                libc.malloc_trim(0)


def _left_alone():
    ours = os.environ.get("SKDIGITS_ALLOCATOR") == "system"
    return ours or any(name in os.environ for name in _SET_BY_USER)


def _glibc():
    """Return the C library where it is glibc."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim") else None


def _set(libc, thresholds):
    for parameter, size in thresholds.items():
        libc.mallopt(parameter, size)
