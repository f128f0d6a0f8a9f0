"""What ``skdigits compare --tune`` tries of every model, and the searches that try it."""

from collections import Counter
from textwrap import fill

from sklearn.model_selection import ParameterGrid, RandomizedSearchCV, StratifiedKFold

from skdigits.app._models import NETWORK_NAMES
from skdigits.evaluation._wording import say_count

_N_INNER_FOLDS = 3
_MOST_FUSED_PIXELS = 2_000_000
_NO_BREAK = "\N{NO-BREAK SPACE}"


def tabulate_parameters(largest):
    """Return what is tried of every model: lists of values, of which a search draws.

    Lists, not continuous distributions: what is chosen can be counted over the folds. The value
    that a model has without tuning is in each. Every model has at least ten combinations.

    Parameters
    ----------
    largest : float
        The brightest pixel, on which the width of an SVM's kernel depends.

    Returns
    -------
    dict of str to dict
        By the models' names: values by the names that scikit-learn gives to parameters.

    Examples
    --------
    >>> from skdigits.app._tuning import tabulate_parameters
    >>> tabulate_parameters(16)["knn"]["n_neighbors"]
    [1, 2, 3, 4, 5, 7, 9]
    """
    return {
        "ann": {
            "hidden_layer_sizes": [(128,), (256, 128), (512, 256)],
            "learning_rate_init": ["auto", 0.002, 0.01, 0.02],
            "dropout": [0.0, 0.1, 0.2, 0.4],
            "alpha": [0.0, 0.01, 0.1, 1.0],
            "label_smoothing": ["auto", 0.0],
            "augment": [None, "light"],
        },
        "cnn": {  # the shape stays: nets of one shape can be trained together
            "learning_rate_init": ["auto", 0.005, 0.04],
            "dropout": ["auto", 0.0, 0.25],
            "alpha": [0.0, 0.01, 0.1, 1.0],
            "label_smoothing": ["auto", 0.0, 0.2],
            "augment": ["auto", None, "strong"],
        },
        "logistic": {
            "logisticregression__C": [
                *(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
            ],
        },
        "knn": {
            "n_neighbors": [1, 2, 3, 4, 5, 7, 9],
            "weights": ["uniform", "distance"],
            "metric": ["minkowski", "cosine"],
        },
        "svm": {
            "C": [1, 2, 5, 10, 20, 50, 100],
            # "scale" is 0.11 / largest**2 of the digits and 0.013 of MNIST.
            "gamma": ["scale", *(g / largest**2 for g in (0.01, 0.02, 0.05, 0.1, 0.2))],
        },
        "hog": {
            "hogfeatures__orientations": [6, 9, 12],
            "svc__C": [1, 3, 10, 30, 100],
            "svc__gamma": ["scale", 0.02, 0.05, 0.1, 0.2],
        },
        "forest": {
            "max_features": ["sqrt", "log2", 0.05, 0.2, 0.3],
            "min_samples_leaf": [1, 2, 4],
            "criterion": ["gini", "entropy"],
            "bootstrap": [True, False],
        },
        "boosting": {
            "learning_rate": [0.05, 0.1, 0.2],
            "max_leaf_nodes": [7, 15, 31],
            "max_features": [0.05, 0.1, 0.2, 0.5],
            "min_samples_leaf": [5, 10, 20, 40],
            "l2_regularization": [0.0, 1.0, 10.0],
        },
        "mlp": {
            "mlpclassifier__hidden_layer_sizes": [(128,), (256,), (512,), (256, 128)],
            "mlpclassifier__activation": ["relu", "tanh"],
            "mlpclassifier__alpha": [0.0001, 0.001, 0.01, 0.1, 1.0],
            "mlpclassifier__learning_rate_init": [0.001, 0.002, 0.005],
        },
    }


def make_search(model, distributions, *, n_candidates, seed, fused=False):
    """Make the search that tunes a model.

    Parameters
    ----------
    model : estimator
        The classifier, not fitted.
    distributions : dict of str to list
        The values to draw from.
    n_candidates : int
        How many combinations are drawn; all where there are no more.
    seed : int
        What shuffles the inner folds, the same for all models.
    fused : bool, default=False
        Whether networks are to be trained together.

    Returns
    -------
    RandomizedSearchCV
        The search, not fitted. What it draws is left to :func:`skdigits.compare_models`, which
        seeds it anew in every fold.

    Examples
    --------
    >>> from sklearn.svm import SVC
    >>> from skdigits.app._tuning import make_search
    >>> make_search(SVC(), {"C": [1, 10]}, n_candidates=10, seed=0).n_iter
    2
    """
    return (_fused_search() if fused else RandomizedSearchCV)(
        model,
        distributions,
        n_iter=min(n_candidates, len(ParameterGrid(distributions))),
        cv=StratifiedKFold(_N_INNER_FOLDS, shuffle=True, random_state=seed),
        error_score="raise",  # the values are ours: none of them should fail
    )


def _fused_search():
    from skdigits.neural._fused_search import FusedRandomizedSearchCV  # torch takes seconds

    return FusedRandomizedSearchCV


def make_searches(models, *, largest, n_pixels, n_candidates, seed):
    """Put every model into a search of the same budget.

    Parameters
    ----------
    models : dict of str to estimator
        Those of :func:`skdigits.app._models.make_models`.
    largest : float
        The brightest pixel.
    n_pixels : int
        The pixels of all images: of large sets every network is trained by itself, which is as
        quick, and in the precision that it has without tuning.
    n_candidates, seed : int
        As in :func:`make_search`.

    Returns
    -------
    dict of str to search
        The searches, in the order of `models`.

    Examples
    --------
    >>> from skdigits.app._models import make_models
    >>> from skdigits.app._tuning import make_searches
    >>> models = make_models(["svm", "knn"], n_rows=1617)
    >>> searches = make_searches(models, largest=16, n_pixels=115008, n_candidates=10, seed=0)
    >>> searches["svm"].estimator
    SVC(C=10)
    """
    table = tabulate_parameters(largest)
    fused = NETWORK_NAMES if n_pixels <= _MOST_FUSED_PIXELS else ()
    how = {"n_candidates": n_candidates, "seed": seed}
    return {
        name: make_search(model, table[name], fused=name in fused, **how)
        for name, model in models.items()
    }


def describe_budget(searches, *, n_folds):
    """Say how many fits the searches take, and which have fewer candidates than others.

    Parameters
    ----------
    searches : dict of str to search
        Those of :func:`make_searches`.
    n_folds : int
        Outer folds.

    Returns
    -------
    str
        A sentence or two.

    Examples
    --------
    >>> from skdigits.app._models import make_models
    >>> from skdigits.app._tuning import describe_budget, make_searches
    >>> models = make_models(["svm", "logistic"], n_rows=1617)
    >>> searches = make_searches(models, largest=16, n_pixels=115008, n_candidates=20, seed=0)
    >>> print(describe_budget(searches, n_folds=5))
    Tuning takes 505 fits: 10 searches (2 models, 5 folds), each of 20 candidates in
    3 inner folds, and a last fit of the best. There are fewer for logistic (13).
    """
    numbers = {name: search.n_iter for name, search in searches.items()}
    n_fits = n_folds * sum(_N_INNER_FOLDS * number + 1 for number in numbers.values())
    most = max(numbers.values())
    fewer = ", ".join(f"{name} ({number})" for name, number in numbers.items() if number < most)
    n_searches = say_count(n_folds * len(searches), "search", "searches")
    text = (
        f"Tuning takes {n_fits:,} fits: {n_searches} ({say_count(len(searches), 'model')}, "
        f"{say_count(n_folds, 'fold')}), each of {most} candidates in {_N_INNER_FOLDS} inner "
        "folds, and a last fit of the best."
    )
    return fill(text + f" There are fewer for {fewer}." * bool(fewer), width=80)


def format_choices(choices, names):
    """Write which values were chosen most often, a paragraph for every model.

    Parameters
    ----------
    choices : DataFrame
        :attr:`skdigits.ModelComparison.tuning`.
    names : iterable of str
        The models, in the order to write them.

    Returns
    -------
    str
        At most 80 columns wide.

    Examples
    --------
    >>> import pandas as pd
    >>> from skdigits.app._tuning import format_choices
    >>> choices = [{"model": "svm", "fold": fold, "parameters": {"C": 10}} for fold in (0, 1)]
    >>> print(format_choices(pd.DataFrame(choices), ["svm"]))
    Chosen most often, in brackets in how many of 2 folds:
      svm  C=10 (2)
    Fit times and sizes are those of the whole searches.
    """
    parameters = choices.groupby("model")["parameters"].agg(list)
    by_model = {name: parameters[name] for name in names}
    n_folds, width = choices["fold"].nunique(), max(map(len, by_model))
    heading = "Chosen:"
    if n_folds > 1:
        heading = f"Chosen most often, in brackets in how many of {n_folds} folds:"
    lines = [
        _fill_items(_count_values(chosen), start=f"  {name.ljust(width)}  ")
        for name, chosen in by_model.items()
    ]
    return "\n".join([heading, *lines, "Fit times and sizes are those of the whole searches."])


def _fill_items(items, *, start):
    """Write items in lines that break between them only."""
    text = ", ".join(item.replace(" ", _NO_BREAK) for item in items)
    indent = " " * len(start)
    lines = fill(text, 80, initial_indent=start, subsequent_indent=indent, break_on_hyphens=False)
    return lines.replace(_NO_BREAK, " ")


def _count_values(chosen):
    """Return each parameter with its most frequent value and the number of folds that chose it."""
    found = {}
    for name in chosen[0]:
        value, count = Counter(parameters[name] for parameters in chosen).most_common(1)[0]
        found[name] = f"{name}={_format_value(value)}" + f" ({count})" * (len(chosen) > 1)
    return list(found.values())


def _format_value(value):
    return f"{value:.3g}" if isinstance(value, float) else f"{value}"
