"""What ``skdigits evaluate`` does, as functions that know nothing of a terminal."""

import json
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest
from sklearn.metrics import classification_report
from sklearn.pipeline import make_pipeline

from skdigits.app._labelled_data import match_labels
from skdigits.app._model_argument import split_off_normalizer
from skdigits.app._rows import rows_like
from skdigits.evaluation import expected_calibration_error
from skdigits.evaluation._confusions import count_confusions
from skdigits.images._pictures import takes_pictures

_N_CONFUSIONS = 10  # the most frequent ones that are shown


@dataclass(frozen=True)
class Evaluation:
    """How well a model reads pictures whose labels are known.

    Parameters
    ----------
    truth, predicted : ndarray of shape (n_samples,)
        Labels.
    certainty : float or None
        Mean probability of what was predicted; None where the model has no probabilities.
    calibration_error : float or None
        Expected calibration error.
    """

    truth: np.ndarray
    predicted: np.ndarray
    certainty: float | None = None
    calibration_error: float | None = None

    @property
    def n_right(self):
        """How many predictions are right."""
        return int(np.sum(self.truth == self.predicted))

    @property
    def accuracy(self):
        """Share of right predictions."""
        return self.n_right / len(self.truth)

    @property
    def interval(self):
        """Wilson's interval of 95 % around the accuracy."""
        found = binomtest(self.n_right, len(self.truth)).proportion_ci(method="wilson")
        return float(found.low), float(found.high)

    @property
    def confusions(self):
        """The most frequent mistakes: ``true_label``, ``predicted_label`` and ``count``."""
        return count_confusions(self.truth, self.predicted).head(_N_CONFUSIONS)


def evaluate_model(model, data, *, name, who):
    """Let a model read pictures whose labels are known.

    Parameters
    ----------
    model : estimator instance
        A fitted classifier.
    data : LabelledData
        What it reads.
    name : str
        The name of the model, for messages.
    who : str
        The command that an error speaks for.

    Returns
    -------
    Evaluation
        How well it did.

    Raises
    ------
    OSError, ValueError
        If a picture cannot be read, the model cannot take such pictures, or does not know a
        label.

    Examples
    --------
    >>> from skdigits import load_pretrained
    >>> from skdigits.app._evaluate import evaluate_model
    >>> from skdigits.app._labelled_data import load_labelled
    >>> data = load_labelled("digits", subset="test", who="example").take(slice(50))
    >>> found = evaluate_model(load_pretrained("cnn-mnist"), data, name="cnn-mnist", who="example")
    >>> found.accuracy > 0.8  # eight by eight pixels say little
    True
    """
    truth = match_labels(data, model.classes_, model=name, who=who)
    if data.are_files and not takes_pictures(model):
        model = make_pipeline(*split_off_normalizer(model, name=name, who=who))
    X = data.pictures
    if not takes_pictures(model):
        X = rows_like(model, name=name, who=who)(X.reshape(len(X), -1))
    if not hasattr(model, "predict_proba"):
        return Evaluation(truth, model.predict(X))
    probabilities = model.predict_proba(X)
    if not np.isfinite(probabilities).all():
        raise ValueError(f"{who} expects probabilities that are finite, {name} gives others.")
    return Evaluation(
        truth,
        model.classes_[probabilities.argmax(axis=1)],
        float(probabilities.max(axis=1).mean()),
        expected_calibration_error(truth, probabilities, labels=model.classes_),
    )


def format_evaluation(evaluation):
    """Write an evaluation as text.

    Parameters
    ----------
    evaluation : Evaluation
        How well a model did.

    Returns
    -------
    str
        Accuracy, calibration, scikit-learn's classification report and the worst confusions.

    Examples
    --------
    >>> import numpy as np
    >>> from skdigits.app._evaluate import Evaluation, format_evaluation
    >>> found = Evaluation(np.array([3, 3, 8, 1]), np.array([3, 8, 8, 1]), 0.9, 0.15)
    >>> print(format_evaluation(found))
    75.00 % of 4 right (95 % interval: 30.06 to 95.44 %)
    90.00 % certain on average, expected calibration error 0.1500
    <BLANKLINE>
                  precision    recall  f1-score   support
    ...
    Most frequent mistakes:
      3 taken for 8: 1
    """
    report = classification_report(
        evaluation.truth, evaluation.predicted, digits=4, zero_division=0.0
    )
    return "\n".join(
        [
            format_accuracy(evaluation),
            _format_calibration(evaluation),
            "",
            report.rstrip(),
            "",
            _format_confusions(evaluation),
        ]
    )


def format_accuracy(evaluation):
    """Write the accuracy of an evaluation, with its interval, in a line."""
    low, high = evaluation.interval
    return (
        f"{100 * evaluation.accuracy:.2f} % of {len(evaluation.truth):,} right "
        f"(95 % interval: {100 * low:.2f} to {100 * high:.2f} %)"
    )


def _format_calibration(evaluation):
    if evaluation.calibration_error is None:
        return "no probabilities, so no calibration error"
    return (
        f"{100 * evaluation.certainty:.2f} % certain on average, "
        f"expected calibration error {evaluation.calibration_error:.4f}"
    )


def _format_confusions(evaluation):
    rows = evaluation.confusions.itertuples()
    lines = [f"  {row.true_label} taken for {row.predicted_label}: {row.count}" for row in rows]
    return "\n".join(["Most frequent mistakes:", *lines]) if lines else "No mistakes."


def to_json(evaluation, *, model, data):
    """Return an evaluation as JSON.

    Parameters
    ----------
    evaluation : Evaluation
        How well a model did.
    model, data : str
        What was evaluated, on what.

    Returns
    -------
    str
        An object: "model", "data", "n_images", "accuracy", "accuracy_interval", "certainty",
        "expected_calibration_error", "report" and "confusions".

    Examples
    --------
    >>> import json
    >>> import numpy as np
    >>> from skdigits.app._evaluate import Evaluation, to_json
    >>> found = Evaluation(np.array([3, 3, 8, 1]), np.array([3, 8, 8, 1]))
    >>> json.loads(to_json(found, model="m", data="d"))["confusions"]
    [{'true_label': 3, 'predicted_label': 8, 'count': 1}]
    """
    report = classification_report(
        evaluation.truth, evaluation.predicted, output_dict=True, zero_division=0.0
    )
    content = {
        "model": model,
        "data": data,
        "n_images": len(evaluation.truth),
        "accuracy": evaluation.accuracy,
        "accuracy_interval": evaluation.interval,
        "certainty": evaluation.certainty,
        "expected_calibration_error": evaluation.calibration_error,
        "report": report,
        "confusions": json.loads(evaluation.confusions.to_json(orient="records")),
    }
    return json.dumps(content, ensure_ascii=False, allow_nan=False)
