"""The C library's memory, kept between the steps of a training."""

import contextlib
import ctypes
import os
import sys

# glibc's mallopt(3): blocks from this size on are mapped and unmapped one by one; free memory
# above this size goes back to the system.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_MB = 1 << 20
# Where glibc's own, adaptive thresholds end after a block of 32 MB was freed.
_ITS_OWN_HIGHEST = {_M_MMAP_THRESHOLD: 32 * _MB, _M_TRIM_THRESHOLD: 64 * _MB}
_IN_TRAINING = {_M_MMAP_THRESHOLD: 32 * _MB, _M_TRIM_THRESHOLD: 512 * _MB}


@contextlib.contextmanager
def freed_memory_kept():
    """Keep what one step of a training frees for the next, instead of asking the system anew.

    A step frees and takes tens of megabytes, and every page that comes from the system is
    zeroed first. Afterwards what is free is given back. The thresholds then stay where glibc's
    own would have ended; the environment variable ``SKDIGITS_ALLOCATOR=system`` leaves them alone.
    """
    libc = _glibc()
    if libc is None or os.environ.get("SKDIGITS_ALLOCATOR") == "system":
        yield
        return
    _set(libc, _IN_TRAINING)
    try:
        yield
    finally:
        _set(libc, _ITS_OWN_HIGHEST)
        libc.malloc_trim(0)


def _glibc():
    """Return the C library where it is glibc."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim") else None


def _set(libc, thresholds):
    for parameter, size in thresholds.items():
        libc.mallopt(parameter, size)
