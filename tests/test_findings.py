"""What is said of a comparison follows from what was measured, and changes with it."""

import numpy as np
import pandas as pd
import pytest

from skdigits import ModelComparison
from skdigits.evaluation._confusions import count_confused_pairs, count_confusions
from skdigits.evaluation._findings import (
    find_best,
    find_best_per_second,
    find_breaks,
    find_confusions,
    find_front,
)
from skdigits.evaluation._statistics import corrected_t_test
from skdigits.evaluation._wording import say_seconds

N_TRAIN, N_TEST = 900, 100


def compare(accuracies, seconds, predictions=None, robustness=None):
    """A comparison that measured these accuracies by fold, and these seconds of a fit."""
    rows = [
        {"model": name, "fold": fold, "accuracy": accuracy, "fit_seconds": seconds[name]}
        for name, folds in accuracies.items()
        for fold, accuracy in enumerate(folds)
    ]
    scores = pd.DataFrame(rows).assign(
        macro_f1=0.9,
        log_loss=np.nan,
        predict_seconds_per_1000=0.0,
        size_bytes=1000.0,
        n_train=N_TRAIN,
        n_test=N_TEST,
        seed=0,
    )
    if predictions is None:
        predictions = {"true_label": [0, 1]} | {name: [0, 1] for name in accuracies}
    table = pd.DataFrame(predictions).rename_axis("row").reset_index().assign(fold=0)
    return ModelComparison(scores, table, dict.fromkeys(accuracies), robustness=robustness)


STEADY = np.array([0.0, 0.001, -0.001, 0.001, -0.001])
WILD = np.array([0.0, 0.02, -0.02, 0.02, -0.02])
SECONDS = {"cnn": 2.0, "svm": 0.5}


def test_the_best_is_said_with_its_lead_and_how_sure_it_is():
    comparison = compare({"cnn": 0.99 + STEADY, "svm": 0.95 - STEADY}, SECONDS)
    answer = find_best(comparison).answer
    interval = comparison.differences.loc["svm"]
    assert "cnn is the most accurate: its mean accuracy is 99.00 %" in answer
    assert "cnn beats svm by 4.00 points" in answer
    assert f"({100 * interval['ci_low']:.2f} to {100 * interval['ci_high']:.2f};" in answer


def test_all_models_are_named_that_the_lead_over_is_more_than_chance():
    accuracies = {
        "cnn": 0.99 + STEADY,
        "svm": 0.98 - WILD,
        "knn": 0.9 - STEADY,
        "tree": 0.8 - STEADY,
    }
    answer = find_best(compare(accuracies, dict.fromkeys(accuracies, 1.0))).answer
    assert answer.endswith("Its lead is more than chance over knn and tree.")


def test_another_best_is_said_where_the_scores_are_exchanged():
    comparison = compare({"cnn": 0.95 - STEADY, "svm": 0.99 + STEADY}, SECONDS)
    assert "svm beats cnn by 4.00 points" in find_best(comparison).answer


def test_a_lead_that_may_be_chance_is_said_to_be_none():
    comparison = compare({"cnn": 0.97 + WILD, "svm": 0.965 - WILD}, SECONDS)
    assert "cnn and svm cannot be told apart: 0.50 points" in find_best(comparison).answer


def test_a_quicker_model_that_is_as_good_is_the_best_per_second():
    comparison = compare({"cnn": 0.97 + WILD, "svm": 0.965 - WILD}, SECONDS)
    assert find_best_per_second(comparison).answer == (
        "svm: 0.50 points behind cnn, which may be chance, in 500 ms a fold instead of 2.0 s."
    )


@pytest.mark.parametrize(
    ("svm", "behind"), [(0.98 - STEADY, "1.00"), (0.95 - WILD, "4.00")], ids=["sure", "far"]
)
def test_a_quicker_model_that_is_worse_leaves_the_best_where_it_is(svm, behind):
    cnn = 0.99 + STEADY if behind == "1.00" else 0.99 + WILD
    answer = find_best_per_second(compare({"cnn": cnn, "svm": svm}, SECONDS)).answer
    assert answer.startswith("cnn itself")
    assert f"The nearest is svm, {behind} points behind in 500 ms a fold instead of 2.0 s" in answer


def test_the_quickest_that_is_also_the_best_needs_no_trade():
    comparison = compare({"cnn": 0.99 + STEADY, "svm": 0.95 - STEADY}, {"cnn": 0.1, "svm": 0.5})
    assert find_best_per_second(comparison).answer == "cnn: it is the quickest too, 100 ms a fold."


def test_the_time_of_predicting_counts():
    comparison = compare({"cnn": 0.97 + WILD, "knn": 0.965 - WILD}, {"cnn": 2.0, "knn": 0.001})
    slow = comparison.fold_scores["model"] == "knn"
    comparison.fold_scores.loc[slow, "predict_seconds_per_1000"] = 30.0  # 3 s for 100 rows
    assert find_best_per_second(comparison).answer.startswith("cnn: it is the quickest too")


def test_one_split_tests_nothing_and_shows_what_the_time_buys():
    accuracies = {"cnn": [0.99], "svm": [0.98], "forest": [0.97]}
    comparison = compare(accuracies, SECONDS | {"forest": 1.0})
    assert find_best_per_second(comparison).answer == (
        "That depends on the time you have: svm 98.00 % in 500 ms and cnn 99.00 % in 2.0 s. "
        "Every other model is slower and no more accurate than one of these."
    )


def test_the_front_holds_what_no_other_beats_in_both():
    rng = np.random.RandomState(0)
    accuracy = pd.Series(rng.randint(10, size=30) / 10)
    seconds = pd.Series(rng.randint(1, 10, size=30).astype(float))
    front = find_front(accuracy, seconds)
    for model in accuracy.index:
        at_least = (accuracy >= accuracy[model]) & (seconds <= seconds[model])
        better = at_least & ((accuracy > accuracy[model]) | (seconds < seconds[model]))
        assert (model in front) <= (not better.any())
        assert better.any() or any(
            accuracy[model] == accuracy[other] and seconds[model] == seconds[other]
            for other in front
        )


PREDICTIONS = {
    "true_label": ["a", "a", "b", "b", "c", "c"],
    "cnn": ["a", "a", "b", "b", "b", "b"],
    "svm": ["b", "b", "b", "a", "b", "c"],
}


def test_the_confused_labels_are_named_with_their_mistakes():
    accuracies = {"cnn": [0.6, 0.7], "svm": [0.3, 0.4]}
    finding = find_confusions(compare(accuracies, SECONDS, PREDICTIONS))
    assert finding.answer == (
        "cnn makes 2 mistakes in 6 predictions, most between b and c (2). The 2 models together "
        "confuse a and b most: 3 of their 6 mistakes. 1 of the predictions is wrong in all of them."
    )
    assert finding.details[1].endswith("most between a and b (3).")


def test_no_mistakes_are_said_to_be_none():
    finding = find_confusions(compare({"cnn": [1.0, 1.0]}, SECONDS))
    assert finding.answer == "cnn makes no mistake in 2 predictions."


def test_confusions_are_those_of_the_confusion_matrix():
    truth, predicted = [3, 3, 3, 8, 8, 1], [8, 8, 3, 3, 1, 1]
    found = count_confusions(truth, predicted)
    assert found.to_numpy().tolist() == [[3, 8, 2], [8, 1, 1], [8, 3, 1]]
    assert count_confused_pairs(truth, predicted).to_numpy().tolist() == [[3, 8, 3], [1, 8, 1]]


def measure(n_folds=1, spread=0.0, **accuracies):
    rows = [
        {"model": model, "kind": kind, "severity": severity, "fold": fold}
        | {"accuracy": accuracy + spread * (position - 0.5) * (fold - (n_folds - 1) / 2)}
        for fold in range(n_folds)
        for position, (model, kinds) in enumerate(accuracies.items())
        for severity, (kind, accuracy) in enumerate(kinds.items())
    ]
    return pd.DataFrame(rows).assign(n_samples=N_TEST)


CNN = {"clean": 0.99, "blur": 0.9, "shift": 0.5}
SVM = {"clean": 0.95, "blur": 0.85, "shift": 0.95}
TWO_FOLDS = {"cnn": [0.99, 0.99], "svm": [0.95, 0.95]}


def test_what_breaks_each_model_is_said():
    finding = find_breaks(compare(TWO_FOLDS, SECONDS, robustness=measure(cnn=CNN, svm=SVM)))
    assert finding.answer == (
        "svm is right on 90.0 % of worse images, the most; cnn on 70.0 %. What costs most: svm by "
        "blur (10.0 points) and cnn by shift (49.0 points)."
    )
    assert "loses most by shift (50.0 %)" in finding.details[1]
    blind = measure(cnn=CNN | {"shift": 0.95, "blur": 0.89}, svm=SVM)
    answer = find_breaks(compare(TWO_FOLDS, SECONDS, robustness=blind)).answer
    assert answer.startswith("cnn is right on 92.0 % of worse images, the most; svm on 90.0 %.")
    assert "cnn by blur (10.0 points)" in answer


def test_who_may_be_as_good_is_who_cannot_be_told_apart():
    """Of seven comparisons none is certain, though one alone would be."""
    spread = np.array([0.0, 0.003, -0.003, 0.003, -0.003])
    accuracies = {"cnn": 0.99 + STEADY, "svm": 0.985 + spread}
    accuracies |= {f"m{number}": 0.989 + WILD for number in range(6)}
    seconds = dict.fromkeys(accuracies, 1.0) | {"cnn": 2.0, "svm": 0.5}
    comparison = compare(accuracies, seconds)
    assert comparison.differences.loc["svm", "ci_low"] > 0
    assert comparison.differences.loc["svm", "p_value_holm"] > 0.05
    assert "which may be chance" in find_best_per_second(comparison).answer


@pytest.mark.parametrize(
    ("spread", "sure"), [(0.001, "more than chance"), (0.5, "which may be chance")]
)
def test_how_sure_the_lead_on_worse_images_is_follows_from_the_folds(spread, sure):
    robustness = measure(5, spread, cnn=CNN, svm=SVM)
    answer = find_breaks(compare(TWO_FOLDS, SECONDS, robustness=robustness)).answer
    by_fold = robustness.query("kind != 'clean'").groupby(["fold", "model"])["accuracy"].mean()
    gaps = by_fold.unstack()["svm"] - by_fold.unstack()["cnn"]
    test = corrected_t_test(gaps, n_train=N_TRAIN, n_test=N_TEST)
    assert (
        f"({100 * test.ci_low:.1f} to {100 * test.ci_high:.1f} points between them, {sure})"
        in answer
    )


def test_a_tie_is_said_to_be_one():
    equal = {"cnn": 0.97 + STEADY, "svm": 0.97 + STEADY}
    assert find_best_per_second(compare(equal, SECONDS)).answer == (
        "svm: as accurate as cnn, in 500 ms a fold instead of 2.0 s."
    )


def test_robustness_that_was_not_measured_is_not_claimed():
    finding = find_breaks(compare({"cnn": [0.9, 0.9]}, SECONDS))
    assert finding.answer.startswith("Not measured")
    assert finding.details == []


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.0001, "0.1 ms"), (0.9999, "1.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (99.6, "1.7 min")],
)
def test_times_are_said_in_their_unit(seconds, said):
    assert say_seconds(seconds) == said
