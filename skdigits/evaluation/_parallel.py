"""Work on several processors that can be stopped."""

from contextlib import contextmanager
from warnings import catch_warnings, simplefilter

from sklearn.utils.parallel import Parallel


@contextmanager
def run_parallel(jobs, n_jobs):
    """Give the jobs' results as they come; where the block fails, cancel the rest in silence."""
    results = Parallel(n_jobs=n_jobs, return_as="generator_unordered")(jobs)
    try:
        yield results
    except BaseException:
        with catch_warnings():
            simplefilter("ignore", UserWarning)  # joblib's, that results are thrown away
            results.close()
        raise
