"""Reject curves: against counting by hand, for any classifier."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import cross_validate
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.svm import SVC

from skdigits import ANNClassifier, RejectCurveDisplay, compare_models, reject_curve
from skdigits.evaluation._reject import area_under, share_to_reject

ROWS = st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=30)


@given(ROWS)
def test_every_threshold_accepts_what_is_at_least_as_certain(rows):
    is_right, certainty = map(np.array, zip(*rows, strict=True))
    curve = reject_curve(np.ones(len(rows)), is_right.astype(float), certainty)
    assert curve["threshold"].tolist() == sorted(set(certainty))
    for threshold, share, error in curve.itertuples(index=False):
        accepted = certainty >= threshold
        assert share == pytest.approx(1 - accepted.mean())
        assert error == pytest.approx(1 - is_right[accepted].mean())
    assert curve["share_rejected"].iloc[0] == 0


@given(ROWS)
def test_the_order_of_rows_changes_nothing(rows):
    curves = []
    for order in (rows, rows[::-1]):
        is_right, certainty = zip(*order, strict=True)
        curves.append(reject_curve([True] * len(order), is_right, certainty))
    assert curves[0].equals(curves[1])


@given(ROWS, st.floats(0, 1))
def test_the_share_to_reject_keeps_the_error_and_is_the_least(rows, error):
    is_right, certainty = zip(*rows, strict=True)
    curve = reject_curve([True] * len(rows), is_right, certainty)
    share = share_to_reject(curve, error)
    assert (curve.loc[curve["share_rejected"] < share, "error"] > error).all()
    if share < 1:
        assert (curve.loc[curve["share_rejected"] == share, "error"] <= error).all()


def test_the_area_is_the_mean_error_over_all_shares():
    rng = np.random.RandomState(0)
    is_right, certainty = rng.rand(100) < 0.8, rng.permutation(100)
    curve = reject_curve(np.ones(100), is_right, certainty)
    wrong = ~is_right[np.argsort(-certainty)]
    errors = np.cumsum(wrong) / np.arange(1, 101)
    assert area_under(curve) == pytest.approx(errors.mean())


@pytest.mark.parametrize(
    ("certainty", "message"),
    [([0.5], "inconsistent numbers of samples"), ([0.5, np.nan], "certainty contains NaN")],
)
def test_what_cannot_be_is_refused(certainty, message):
    with pytest.raises(ValueError, match=message):
        reject_curve([1, 2], [1, 1], certainty)


MODELS = {
    "net": make_pipeline(MinMaxScaler(), ANNClassifier((16,), max_iter=10, random_state=0)),
    "svm": SVC(),
    "knn": KNeighborsClassifier(9),
}


def test_the_display_draws_any_classifiers(pyplot, digits):
    X, y = digits
    names = np.array([f"digit {label}" for label in y])
    models = {name: model.fit(X[:150], names[:150]) for name, model in MODELS.items()}
    display = RejectCurveDisplay.from_estimators(models, X[150:], names[150:])
    for name, model in models.items():
        curve = display.curves.query("model == @name")
        error = 1 - model.score(X[150:], names[150:])
        assert curve["error"].iloc[0] == pytest.approx(error)
        assert display.areas[name] == pytest.approx(area_under(curve))
        assert display.areas[name] < error  # certainty knows something of the mistakes
    assert display.share_to_reject(1.0).to_dict() == dict.fromkeys(models, 0.0)
    assert display.figure_ is display.ax_.figure


def test_folds_and_a_comparison_are_drawn_out_of_fold(pyplot, digits):
    X, y = digits
    results = cross_validate(SVC(), X, y, cv=3, return_estimator=True, return_indices=True)
    display = RejectCurveDisplay.from_cv_results(results, X, y, name="svm")
    weights = [len(rows) for rows in results["indices"]["test"]]
    error = 1 - np.average(results["test_score"], weights=weights)
    assert display.curves["error"].iloc[0] == pytest.approx(error)

    comparison = compare_models({"svm": SVC(), "bayes": GaussianNB()}, X, y, cv=3, random_state=0)
    display = RejectCurveDisplay.from_comparison(comparison)
    assert display.curves["model"].unique().tolist() == ["svm", "bayes"]
    for name, curve in display.curves.groupby("model"):
        wrong = comparison.predictions[name] != comparison.predictions["true_label"]
        assert curve["error"].iloc[0] == pytest.approx(wrong.mean())


def test_a_classifier_that_is_not_certain_of_anything_is_refused(pyplot, digits):
    X, y = digits

    class Mute(KNeighborsClassifier):
        predict_proba = property()

    mute = Mute().fit(X, y)
    with pytest.raises(ValueError, match="predict_proba or decision_function, got a Mute"):
        RejectCurveDisplay.from_estimator(mute, X, y)
    results = {"estimator": [mute], "indices": {"test": [np.arange(9)]}}
    with pytest.raises(ValueError, match="from_cv_results expects a classifier with"):
        RejectCurveDisplay.from_cv_results(results, X, y)
    comparison = compare_models([Mute()], X, y, cv=2)
    with pytest.raises(ValueError, match="the comparison has none"):
        RejectCurveDisplay.from_comparison(comparison)


def test_no_mistakes_are_a_flat_line(pyplot):
    display = RejectCurveDisplay.from_predictions([1, 2], [1, 2], [0.5, 0.9])
    assert display.curves["error"].tolist() == [0, 0]
    assert display.share_to_reject(0.0).to_dict() == {"model": 0.0}


def test_the_curve_is_seen_where_its_numbers_are(pyplot):
    from matplotlib.colors import to_rgb

    rng = np.random.RandomState(0)
    truth, certainty = np.ones(40), rng.rand(40)
    display = RejectCurveDisplay.from_predictions(truth, rng.rand(40) < certainty, certainty)
    display.figure_.canvas.draw()
    pixels = np.asarray(display.figure_.canvas.buffer_rgba())[..., :3]
    curve = display.curves
    middles = (curve["share_rejected"][:-1].to_numpy() + curve["share_rejected"][1:]) / 2
    shade = np.rint(np.multiply(to_rgb("C0"), 255))
    for share, error in zip(middles[1:10], curve["error"][1:10], strict=True):
        x, height = display.ax_.transData.transform((share, error)).round().astype(int)
        column = pixels[len(pixels) - height - 2 : len(pixels) - height + 3, x]
        assert (np.abs(column - shade).sum(axis=1) < 30).any()
