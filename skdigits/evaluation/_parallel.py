"""Work on several processors that can be stopped."""

from contextlib import contextmanager
from warnings import catch_warnings, simplefilter

from joblib.parallel import get_active_backend
from sklearn.utils.parallel import Parallel


@contextmanager
def run_parallel(jobs, n_jobs):
    """Give the jobs' results as they come; where the block fails, cancel the rest in silence."""
    results = _start(jobs, n_jobs)
    try:
        yield results
    except BaseException:
        with catch_warnings():
            simplefilter("ignore", UserWarning)  # joblib's, that results are thrown away
            results.close()
        raise


def _start(jobs, n_jobs):
    """Return a generator of results: all at the end from a backend that gives none before (Ray)."""
    backend, _ = get_active_backend()
    if backend.supports_return_generator:
        return Parallel(n_jobs=n_jobs, return_as="generator_unordered")(jobs)
    return (result for result in Parallel(n_jobs=n_jobs)(jobs))
