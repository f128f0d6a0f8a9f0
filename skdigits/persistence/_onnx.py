"""Fitted classifiers as ONNX, which runs without Python."""

from pathlib import Path

from sklearn.utils.validation import check_is_fitted

from skdigits._files import atomic_path
from skdigits._optional import import_optional
from skdigits.persistence._flat_steps import flat_steps
from skdigits.persistence._onnx_check import largest_difference
from skdigits.persistence._onnx_steps import WHO, check_kind, check_steps, convert_steps


def export_onnx(estimator, path, *, X=None, verify=True):
    """Write a fitted classifier, with all steps of its Pipeline, as one ONNX file.

    The file takes ``pixels``, float32 of shape (n_images, n_pixels): rows as the estimator takes
    them, whatever the shape of the images it was fitted on, as many as one likes. It gives

    - ``label``, of shape (n_images,): what ``predict`` returns. Whole numbers are int64, booleans
      and text what they are.
    - ``probabilities``, float32 of shape (n_images, n_classes): what ``predict_proba`` returns.
      A classifier of three or more classes that has none gives ``scores`` in their place, what
      ``decision_function`` returns; one of two classes gives its label alone.

    The labels of the columns are in the file's metadata, as JSON under ``classes``. Operators are
    those of ONNX's opset 18 and ai.onnx.ml's opset 3 at most.

    Parameters
    ----------
    estimator : estimator instance
        :class:`ANNClassifier` or :class:`CNNClassifier`; a classifier of scikit-learn that
        skl2onnx has a converter for; a Pipeline of :class:`ImageReshaper`, steps of scikit-learn
        and one of these; a fitted search of any of these.
    path : str or path-like
        The file. It is written whole or not at all; one of that name is replaced.
    X : array-like, default=None
        Images to compare on, in any form that `estimator` takes; real ones say most, those it was
        not trained on above all. Rows that are made are compared on, too: with the mean and
        variance of those that a network was trained on, support vectors of an SVM, or out of the
        range of a scaler.
    verify : bool, default=True
        Whether to run the file in onnxruntime first, and to compare what it gives with
        `estimator`.

    Returns
    -------
    difference : float or None
        The largest difference of a probability between file and `estimator`; of `scores`, as a
        share of the largest score. None where nothing of the kind was compared: with
        ``verify=False``, or a file that gives labels alone.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If a step is one that ONNX has no words for, or skl2onnx no converter: the message names it.
        Steps that take pictures (:class:`CharacterNormalizer`, :class:`Deskewer`,
        :class:`HOGFeatures`) stay in Python, and the steps behind them are exported.
    ValueError
        If the file would differ by more than 1e-4, or in a label that is not a near tie; if `X` is
        needed; if a network has ``tta=True``.
    ImportError
        If a package of the extra is missing: ``pip install "skdigits[onnx]"``.

    See Also
    --------
    save_model : Writes what Python can load and train on.

    Notes
    -----
    scikit-learn's steps compute in float64 in the file, as they do in Python unless they are given
    float32; trees and networks compute in float32. A float64 network is rounded.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> import onnxruntime
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import MinMaxScaler
    >>> from skdigits import ANNClassifier, export_onnx
    >>> X, y = load_digits(return_X_y=True)
    >>> model = make_pipeline(MinMaxScaler(), ANNClassifier(max_iter=5, random_state=0))
    >>> model = model.fit(X, y)
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "digits.onnx"
    ...     difference = export_onnx(model, path, X=X)
    ...     session = onnxruntime.InferenceSession(path)
    >>> difference < 1e-5
    True
    >>> label, probabilities = session.run(None, {"pixels": X[:3].astype(np.float32)})
    >>> label.tolist()
    [0, 1, 2]
    >>> probabilities.shape
    (3, 10)
    """
    check_kind(estimator)
    check_is_fitted(estimator)
    import_optional("onnx", extra="onnx", who=WHO)
    steps = flat_steps(estimator)
    check_steps(estimator, steps)
    content = convert_steps(steps).SerializeToString()
    difference = largest_difference(content, estimator, steps, X) if verify else None
    with atomic_path(path) as temporary:
        Path(temporary).write_bytes(content)
    return difference
