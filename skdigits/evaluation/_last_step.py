"""The classifier at the end of a Pipeline or a search, and what it is given."""


def last_step(estimator):
    """Return the classifier at the end of a Pipeline or a search, or what was given."""
    if hasattr(estimator, "best_estimator_"):
        return last_step(estimator.best_estimator_)
    return last_step(estimator.steps[-1][1]) if hasattr(estimator, "steps") else estimator


def as_last_step_sees(estimator, X):
    """Return `X` as it comes to the :func:`last_step` of a fitted estimator.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import MaxAbsScaler
    >>> from sklearn.svm import SVC
    >>> from skdigits.evaluation._last_step import as_last_step_sees
    >>> model = make_pipeline(MaxAbsScaler(), SVC()).fit([[0.0], [8.0]], [0, 1])
    >>> as_last_step_sees(model, [[4.0]])
    array([[0.5]])
    """
    if hasattr(estimator, "best_estimator_"):
        return as_last_step_sees(estimator.best_estimator_, X)
    if not hasattr(estimator, "steps"):
        return X
    given = estimator[:-1].transform(X) if len(estimator) > 1 else X
    return as_last_step_sees(estimator.steps[-1][1], given)
