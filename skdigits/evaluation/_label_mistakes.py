"""Labels that are probably wrong, from out-of-fold probabilities."""

import numpy as np
import pandas as pd

from skdigits.evaluation._probabilities import check_probabilities


def find_label_mistakes(y, y_proba, *, labels=None):
    """Find rows whose label is probably wrong, by confident learning.

    A label is surely probable for a row where its probability is at least the mean that rows
    with this label get for it. A row is found where the most probable of those labels is not
    its own [1]_.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        The labels, some of which are wrong.
    y_proba : array-like or DataFrame of shape (n_samples, n_classes), or (n_samples,)
        Probabilities of models that were not trained on the row: those of
        :func:`sklearn.model_selection.cross_val_predict` with ``method="predict_proba"``, or
        :attr:`ModelComparison.probabilities` with the column ``true_label`` of its predictions
        as `y`; the second example shows which rows of the data are found then.
    labels : array-like of shape (n_classes,), default=None
        The labels of the columns. None takes the names of the columns of a DataFrame, else the
        labels in `y`, sorted.

    Returns
    -------
    DataFrame
        A row for each that was found, the clearest first: ``row`` (position in `y`), ``label``,
        ``suggested``, ``label_probability`` and ``suggested_probability``.

    Raises
    ------
    ValueError
        If `y_proba` are no probabilities of these labels.

    See Also
    --------
    MisclassifiedDisplay : Shows mistakes as pictures.

    References
    ----------
    .. [1] C. G. Northcutt, L. Jiang and I. L. Chuang, "Confident learning: estimating uncertainty
       in dataset labels", Journal of Artificial Intelligence Research 70, 1373-1411, 2021.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import cross_val_predict
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from skdigits import find_label_mistakes
    >>> X, y = load_digits(return_X_y=True)
    >>> y[100] = 9  # a 4
    >>> model = KNeighborsClassifier(10, weights="distance")
    >>> y_proba = cross_val_predict(model, X, y, method="predict_proba")
    >>> find_label_mistakes(y, y_proba).loc[0, ["row", "label", "suggested"]].tolist()
    [100, 9, 4]

    A comparison has its predictions fold by fold: ``row`` is a place among them, and the
    predictions tell the row of the data.

    >>> from skdigits import compare_models
    >>> comparison = compare_models({"knn": model}, X, y, cv=5, random_state=0)
    >>> predictions = comparison.predictions
    >>> found = find_label_mistakes(predictions["true_label"], comparison.probabilities["knn"])
    >>> found["row"] = predictions["row"].to_numpy()[found["row"]]
    >>> found.loc[0, ["row", "label", "suggested"]].tolist()
    [100, 9, 4]
    """
    own, y_proba, labels = check_probabilities(y, y_proba, labels, who="find_label_mistakes")
    rows = np.arange(len(own))
    usual = np.full(len(labels), np.inf)  # a label that no row has is suggested for none
    present = np.unique(own)
    usual[present] = [y_proba[own == label, label].mean() for label in present]
    sure = np.where(y_proba >= usual, y_proba, -1.0)
    suggested = sure.argmax(axis=1)
    found = (sure.max(axis=1) >= 0) & (suggested != own)
    table = pd.DataFrame(
        {
            "row": rows[found],
            "label": labels[own[found]],
            "suggested": labels[suggested[found]],
            "label_probability": y_proba[rows, own][found],
            "suggested_probability": y_proba[rows, suggested][found],
        }
    )
    margin = table["label_probability"] - table["suggested_probability"]
    return table.loc[margin.sort_values(kind="stable").index].reset_index(drop=True)
