"""The models of ``skdigits compare`` by name. A new one is a function and a line of the table here.

Each imports what it needs itself: the command line lists the names before anything is loaded.
"""

from importlib.util import find_spec

# From here on MLPClassifier stops early, as HistGradientBoostingClassifier does by itself: its
# validation set costs accuracy where rows are few, and saves minutes where they are many.
_EARLY_STOPPING_ROWS = 10_000


def _make_ann(n_rows):
    from skdigits.neural import ANNClassifier

    return ANNClassifier()


def _make_cnn(n_rows):
    from skdigits.neural import CNNClassifier

    return CNNClassifier()


def _make_logistic(n_rows):
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler

    return make_pipeline(MinMaxScaler(), LogisticRegression(max_iter=1000))


def _make_knn(n_rows):
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(3)


def _make_svm(n_rows):
    from sklearn.svm import SVC

    return SVC(C=10)  # RBF; gamma="scale" does as well as the best fixed one


def _make_hog(n_rows):
    """Return the strong classical baseline: gradients of upright digits, and an SVM."""
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import SVC

    from skdigits.images import CharacterNormalizer, Deskewer, HOGFeatures

    return make_pipeline(CharacterNormalizer(), Deskewer(), HOGFeatures(), SVC(C=10))


def _make_forest(n_rows):
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(200)


def _make_boosting(n_rows):
    from sklearn.ensemble import HistGradientBoostingClassifier

    # A few pixels a split decorrelate the trees: 98.0 % on load_digits where the default is 97.2.
    return HistGradientBoostingClassifier(max_features=0.1, max_leaf_nodes=15)


def _make_mlp(n_rows):
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler

    early_stopping = n_rows > _EARLY_STOPPING_ROWS
    mlp = MLPClassifier((256,), max_iter=500, early_stopping=early_stopping)
    return make_pipeline(MinMaxScaler(), mlp)


_MAKERS = {
    "ann": _make_ann,
    "cnn": _make_cnn,
    "logistic": _make_logistic,
    "knn": _make_knn,
    "svm": _make_svm,
    "hog": _make_hog,
    "forest": _make_forest,
    "boosting": _make_boosting,
    "mlp": _make_mlp,
}
MODEL_NAMES = tuple(_MAKERS)
NETWORK_NAMES = ("ann", "cnn")


def default_models():
    """Return the names of all models whose packages are installed.

    Returns
    -------
    list of str
        From :data:`MODEL_NAMES`.
    """
    return [name for name in MODEL_NAMES if name != "hog" or _has_scikit_image()]


def _has_scikit_image():
    return find_spec("skimage") is not None


def parse_models(text):
    """Split comma separated names of models.

    Parameters
    ----------
    text : str
        Such as ``"cnn,svm"``.

    Returns
    -------
    list of str
        The names, each once, in the order given.

    Raises
    ------
    ValueError
        If a name is unknown, there is none, or a package that it needs is not installed.

    Examples
    --------
    >>> from skdigits.app._models import parse_models
    >>> parse_models("svm, knn,svm")
    ['svm', 'knn']
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in MODEL_NAMES]
    if unknown or not names:
        what = f"unknown model {unknown[0]!r}" if unknown else "no model named"
        raise ValueError(f"{what}, choose from {', '.join(MODEL_NAMES)}.")
    if "hog" in names and not _has_scikit_image():
        raise ValueError('hog needs scikit-image: pip install "skdigits[images]".')
    return list(dict.fromkeys(names))


def make_models(names, *, n_rows):
    """Make the named classifiers, with settings that suit the number of training rows.

    Parameters
    ----------
    names : list of str
        From :data:`MODEL_NAMES`.
    n_rows : int
        How many rows a fit will see.

    Returns
    -------
    dict of str to estimator
        The classifiers, not fitted, in the order of `names`.

    Examples
    --------
    >>> from skdigits.app._models import make_models
    >>> make_models(["svm"], n_rows=1617)
    {'svm': SVC(C=10)}
    """
    return {name: _MAKERS[name](n_rows) for name in names}
