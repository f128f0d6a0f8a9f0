"""Processor and memory: what training sets for itself, and puts back."""

import ast
import os
import subprocess
import sys

import pytest

from skdigits.neural import _allocator

FIT = """
import ctypes, sys
import numpy as np
from skdigits import CNNClassifier
from skdigits.neural import _allocator

calls = []
libc = _allocator._glibc()
if libc is not None:
    class Spy:
        def mallopt(self, parameter, size):
            calls.append((parameter, size))
            return libc.mallopt(parameter, size)
        def malloc_trim(self, pad):
            calls.append("trimmed")
            return libc.malloc_trim(pad)
    _allocator._glibc = Spy
rng = np.random.default_rng(0)
n_images = int(sys.argv[1])
X, y = rng.integers(0, 255, (n_images, 784), dtype=np.uint8), np.arange(n_images) % 2
CNNClassifier((2,), max_iter=1).fit(X, y)
print(calls)
"""


def calls_to_the_allocator(n_images, **environment):
    done = subprocess.run(
        [sys.executable, "-c", FIT, str(n_images)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return ast.literal_eval(done.stdout)


@pytest.fixture(autouse=True)
def own_environment(monkeypatch):
    """Take out what Dask, once it has started workers, leaves in the environment."""
    for name in _allocator._SET_BY_USER:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.skipif(_allocator._glibc() is None, reason="another C library")
def test_memory_is_kept_in_large_fits_and_given_back():
    # Parameters -1 and -3 are glibc's M_TRIM_THRESHOLD and M_MMAP_THRESHOLD.
    *settings, last = calls_to_the_allocator(2600)
    assert {parameter for parameter, _ in settings} == {-1, -3}
    assert dict(settings[:2])[-1] > dict(settings[2:])[-1]
    assert last == "trimmed"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "value"),
    [("SKDIGITS_ALLOCATOR", "system"), ("MALLOC_TRIM_THRESHOLD_", "1000000")],
)
def test_memory_is_left_alone_where_asked(name, value):
    assert calls_to_the_allocator(2600, **{name: value}) == []


@pytest.mark.slow
def test_memory_is_left_alone_in_small_fits():
    assert calls_to_the_allocator(100) == []


def test_the_last_of_several_fits_gives_memory_back(monkeypatch):
    calls = []

    class Libc:
        def mallopt(self, parameter, size):
            calls.append(size)

        def malloc_trim(self, pad):
            calls.append("trimmed")

    monkeypatch.setattr(_allocator, "_glibc", Libc)
    monkeypatch.delenv("SKDIGITS_ALLOCATOR", raising=False)
    with _allocator.freed_memory_kept():
        with _allocator.freed_memory_kept():
            pass
        assert "trimmed" not in calls
        assert max(calls) == calls[1]
    assert calls[-1] == "trimmed"
