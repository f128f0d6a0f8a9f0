"""What a fitted estimator consists of, one step after another."""

from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

PASSES = ("passthrough", None)  # what may stand in a Pipeline in the place of a step


def flat_steps(estimator):
    """Return the fitted estimators that do the work, the steps of Pipelines one by one.

    Parameters
    ----------
    estimator : estimator instance
        A fitted classifier, Pipeline, search or frozen estimator, in one another as they like.

    Returns
    -------
    list of estimator instance
        Transformers, and a classifier at the end.
    """
    if isinstance(estimator, Pipeline):
        steps = [step for _, step in estimator.steps if step not in PASSES]
        return [part for step in steps for part in flat_steps(step)]
    if hasattr(estimator, "best_estimator_"):
        return flat_steps(estimator.best_estimator_)
    if isinstance(estimator, FrozenEstimator):
        return flat_steps(estimator.estimator)
    return [estimator]
