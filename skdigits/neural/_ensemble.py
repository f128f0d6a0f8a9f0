"""EnsembleClassifier: networks that differ by chance, trained at once and averaged."""

from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import check_random_state, get_tags
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted

from skdigits._documentation import DocumentationLinkMixin
from skdigits._validation import HasMethods, Interval, as_numpy, fit_context
from skdigits.neural._classifiers import CNNClassifier


class EnsembleClassifier(
    DocumentationLinkMixin, MetaEstimatorMixin, ClassifierMixin, BaseEstimator
):
    """Average of networks that were trained from different random states, at the same time.

    Networks of one shape that begin with other weights and see other batches make other mistakes:
    the mean of their probabilities is right more often than any of them (Hansen & Salamon 1990).
    :class:`ANNClassifier` and :class:`CNNClassifier` are trained together, as
    :class:`FusedGridSearchCV` does; any other classifier with probabilities is fitted alone.

    Parameters
    ----------
    estimator : estimator instance, default=None
        A classifier with `predict_proba`, or a Pipeline that ends in one. None is
        ``CNNClassifier()``.
    n_estimators : int, default=5
        How many there are.
    n_jobs : int, default=None
        Processes.
    random_state : int, RandomState instance or None, default=None
        Determines the random state of each.

    Attributes
    ----------
    estimators_ : list of estimator instance
        The fitted classifiers.
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    n_features_in_ : int
        Pixels in an image.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the pixels, when `X` had column names that are all strings.
    why_not_fused_ : str or None
        Why the classifiers were not trained together; None where they were.

    See Also
    --------
    FusedGridSearchCV : Trains the candidates of a search together.
    sklearn.ensemble.VotingClassifier : Averages classifiers of different kinds.

    Notes
    -----
    Each is what its `fit` would make of the same random state, to rounding.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from skdigits import ANNClassifier, EnsembleClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    >>> ann = ANNClassifier((32,), max_iter=20)
    >>> ensemble = EnsembleClassifier(ann, random_state=0).fit(X_train, y_train)
    >>> alone = [member.score(X_test, y_test) for member in ensemble.estimators_]
    >>> bool(ensemble.score(X_test, y_test) > np.mean(alone))
    True
    """

    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "predict_proba"]), None],
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(self, estimator=None, n_estimators=5, *, n_jobs=None, random_state=None):
        self.estimator = estimator
        self.n_estimators = n_estimators
        self.n_jobs = n_jobs
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None):
        """Train all classifiers on images `X` with labels `y`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Images, in any form that the classifier takes.
        y : array-like of shape (n_samples,)
            Labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the images.

        Returns
        -------
        self : object
            The fitted ensemble.

        Raises
        ------
        ValueError
            As the classifier does.
        """
        # here, for prediction does without
        from skdigits.neural._fused_folds import fit_together, why_not_together

        params = {} if sample_weight is None else {"sample_weight": sample_weight}
        members = self._members()
        why_not = why_not_together(members[0], X, y, params)
        if why_not is not None:
            members = Parallel(n_jobs=self.n_jobs)(
                delayed(_fit)(member, X, y, params) for member in members
            )
        else:
            fits = fit_together(dict(enumerate(members)), [None], X, y, params, self.n_jobs)
            by_number = {number: _fitted(fit) for (number, _), fit in fits}
            members = [by_number[number] for number in range(len(members))]
        self.why_not_fused_ = why_not
        self.estimators_ = members
        for name in ("classes_", "n_features_in_", "feature_names_in_"):
            if hasattr(members[0], name):
                setattr(self, name, getattr(members[0], name))
            elif hasattr(self, name):  # of another fit
                delattr(self, name)
        return self

    def _members(self):
        """Return a clone of the classifier for every random state."""
        random = check_random_state(self.random_state)
        members = [clone(self._base()) for _ in range(self.n_estimators)]
        for member in members:
            names = [name for name in member.get_params() if name.split("__")[-1] == "random_state"]
            seeds = random.randint(np.iinfo(np.int32).max, size=len(names))
            member.set_params(**dict(zip(sorted(names), seeds.tolist(), strict=True)))
        return members

    def _base(self):
        return CNNClassifier() if self.estimator is None else self.estimator

    def predict_proba(self, X):
        """Return the mean probability of each class for each image.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Images.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Rows that sum to one; columns in the order of `classes_`.
        """
        check_is_fitted(self)
        return np.mean([as_numpy(e.predict_proba(X)) for e in self.estimators_], axis=0)

    def predict_log_proba(self, X):
        """Return the logarithm of the mean probability of each class for each image.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Images.

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def predict(self, X):
        """Return the label of the highest mean probability of each image.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Images.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Labels as they were given to :meth:`fit`.
        """
        codes = self.predict_proba(X).argmax(axis=1)
        return self.classes_[codes]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        base = get_tags(self._base())
        tags.input_tags = base.input_tags
        return tags


def _fit(estimator, X, y, params):
    return estimator.fit(X, y, **params)


def _fitted(fit):
    if fit.error is not None:
        raise fit.error
    return fit.estimator
