"""What a comparison answers, in sentences that are computed from what was measured."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from skdigits.evaluation._confusions import count_confused_pairs
from skdigits.evaluation._robustness import CLEAN
from skdigits.evaluation._statistics import corrected_t_test
from skdigits.evaluation._tables import (
    SIGNIFICANCE,
    describe_differences,
    describe_robustness,
)
from skdigits.evaluation._wording import say_count, say_list, say_percent, say_seconds

_NEAR = 0.01  # of accuracy: a quicker model must come as near as that to be as good
_N_PAIRS = 3
CONFUSED = "What is confused?"


class Finding(NamedTuple):
    """A question, its answer in a sentence or two, and what is behind it, a sentence each."""

    question: str
    answer: str
    details: list[str]


def find_best(comparison):
    """Say which model is the most accurate, by how much, and how sure that is."""
    first, *others = describe_differences(comparison.table, comparison.differences)
    answer = f"{first} {others[0]}" if others else first
    is_beaten = comparison.differences["p_value_holm"] < SIGNIFICANCE
    beaten = comparison.differences.index[is_beaten]
    if len(beaten):
        answer += f" Its lead is more than chance over {say_list(beaten)}."
    return Finding("Which model is best, and by how much?", answer, others)


def find_best_per_second(comparison):
    """Say which model is as good as the best in the least time, and what more time buys.

    As good is a model whose accuracy keeps within a point of the best one's and whose
    difference to it has zero in its 95 % interval. Time is that of fit and predict on a fold.
    """
    seconds = _seconds_a_fold(comparison.fold_scores)
    front = find_front(comparison.table["accuracy"], seconds)
    is_tested = comparison.differences["p_value"].notna().any()
    say = _say_as_good if is_tested else _say_front
    times, accuracy = seconds.sort_values().map(say_seconds), comparison.table["accuracy"]
    return Finding(
        "Which is the best per second?",
        say(comparison, front, times),
        [f"{name}: {say_percent(accuracy[name])} in {times[name]} a fold." for name in times.index],
    )


def find_confusions(comparison):
    """Say which labels the best model confuses, and which the models together."""
    truth = comparison.predictions["true_label"].to_numpy()
    names = list(comparison.table.index)
    pairs = {
        name: count_confused_pairs(truth, comparison.predictions[name].to_numpy()) for name in names
    }
    sentences = [_describe_pairs(name, pairs[name], len(truth)) for name in names]
    answer = [sentences[0]]
    if len(names) > 1:
        answer.append(_describe_all_pairs(pairs))
        answer.append(_describe_hardest(comparison, names))
    return Finding(CONFUSED, " ".join(filter(None, answer)), sentences)


def find_breaks(comparison):
    """Say which model stays the most accurate on worse images, and what breaks each."""
    question = "What breaks each model?"
    if comparison.robustness is None:
        return Finding(
            question, 'Not measured: compare_models(..., corruptions="all") does it.', []
        )
    means = comparison.robustness.pivot_table("accuracy", "kind", "model", sort=False)
    sentences = [
        _describe_most_robust(comparison, means),
        _describe_losses(means),
    ]
    return Finding(question, " ".join(sentences), describe_robustness(comparison.robustness))


def find_all(comparison):
    """Answer all questions, in the order a reader asks them."""
    finders = (find_best, find_best_per_second, find_confusions, find_breaks)
    return [find(comparison) for find in finders]


def find_front(accuracy, seconds):
    """Return the models that no other beats in both accuracy and time, the quickest first.

    Parameters
    ----------
    accuracy, seconds : Series of shape (n_models,)
        By model.

    Returns
    -------
    list
        Names of models.

    Examples
    --------
    >>> import pandas as pd
    >>> from skdigits.evaluation._findings import find_front
    >>> accuracy = pd.Series({"cnn": 0.99, "svm": 0.98, "forest": 0.97})
    >>> find_front(accuracy, pd.Series({"cnn": 3.0, "svm": 0.1, "forest": 0.5}))
    ['svm', 'cnn']
    """
    front: list = []
    order = pd.DataFrame({"seconds": seconds, "loss": -accuracy}).sort_values(["seconds", "loss"])
    for name in order.index:
        if not front or accuracy[name] > accuracy[front[-1]]:
            front.append(name)
    return front


def _seconds_a_fold(fold_scores):
    predicting = fold_scores["predict_seconds_per_1000"] * fold_scores["n_test"] / 1000
    seconds = fold_scores["fit_seconds"] + predicting
    return seconds.groupby(fold_scores["model"], sort=False).mean()


def _say_as_good(comparison, front, times):
    best, differences = comparison.best, comparison.differences
    if front == [best]:
        return f"{best}: it is the quickest too, {times[best]} a fold."
    good = [name for name in front if name == best or _is_as_good(differences.loc[name])]
    other = good[0] if good[0] != best else front[-2]
    difference = differences.loc[other, "mean_difference"]
    gap = _say_points(difference)
    trade = f"in {times[other]} a fold instead of {times[best]}"
    if other == good[0] and difference <= 0:
        return f"{other}: as accurate as {best}, {trade}."
    if other == good[0]:
        return f"{other}: {gap} behind {best}, which may be chance, {trade}."
    return (
        f"{best} itself: what is quicker is measurably less accurate, or more than a point behind. "
        f"The nearest is {other}, {gap} behind {trade}."
    )


def _is_as_good(difference):
    return difference["mean_difference"] < _NEAR and difference["p_value_holm"] >= SIGNIFICANCE


def _say_front(comparison, front, times):
    accuracy = comparison.table["accuracy"]
    if len(front) == 1:
        return f"{front[0]}: no other is as accurate or as quick ({times[front[0]]})."
    steps = [f"{name} {say_percent(accuracy[name])} in {times[name]}" for name in front]
    answer = f"That depends on the time you have: {say_list(steps)}."
    if len(front) == len(accuracy):
        return answer
    return f"{answer} Every other model is slower and no more accurate than one of these."


def _describe_pairs(name, pairs, n_predictions):
    n_mistakes = int(pairs["count"].sum())
    if not n_mistakes:
        return f"{name} makes no mistake in {n_predictions:,} predictions."
    frequent = pairs[pairs["count"] >= min(2, pairs["count"].max())].head(_N_PAIRS)
    most = ", ".join(
        f"{first} and {second} ({count})"
        for first, second, count in frequent.itertuples(index=False, name=None)
    )
    mistakes = say_count(n_mistakes, "mistake")
    return f"{name} makes {mistakes} in {n_predictions:,} predictions, most between {most}."


def _describe_all_pairs(pairs):
    together = pd.concat(pairs.values()).groupby(["first", "second"])["count"].sum()
    if together.empty:
        return ""
    first, second = together.idxmax()
    return (
        f"The {len(pairs)} models together confuse {first} and {second} most: {together.max():,} "
        f"of their {say_count(together.sum(), 'mistake')}."
    )


def _describe_hardest(comparison, names):
    truth = comparison.predictions["true_label"].to_numpy()
    is_wrong = np.column_stack([comparison.predictions[name] != truth for name in names])
    n_hardest = int(is_wrong.all(axis=1).sum())
    if not n_hardest:
        return "None is wrong in all of them."
    verb = "is" if n_hardest == 1 else "are"
    return f"{n_hardest:,} of the predictions {verb} wrong in all of them."


def _describe_most_robust(comparison, means):
    """Say which model is best on worse images, and how sure its lead over the next one is."""
    corrupted = means.drop(index=CLEAN).mean().sort_values(ascending=False, kind="stable")
    robust, *others = corrupted.index
    sentence = f"{robust} is right on {say_percent(corrupted.iloc[0], 1)} of worse images"
    if not others:
        return f"{sentence}."
    second = others[0]
    sentence += f", the most; {second} on {say_percent(corrupted.iloc[1], 1)}"
    test = _test_robustness(comparison, robust, second)
    if np.isnan(test.p_value):
        return f"{sentence}."
    sure = "more than chance" if test.p_value < SIGNIFICANCE else "which may be chance"
    interval = f"{100 * test.ci_low:.1f} to {100 * test.ci_high:.1f} points"
    return f"{sentence} ({interval} between them, {sure})."


def _test_robustness(comparison, first, second):
    """Test the difference of two models' mean accuracies on worse images, over the folds."""
    worse = comparison.robustness[comparison.robustness["kind"] != CLEAN]
    by_fold = worse.pivot_table("accuracy", ["fold", "kind"], "model").groupby("fold").mean()
    sizes = comparison.fold_scores[["n_train", "n_test"]].mean()
    return corrected_t_test(by_fold[first] - by_fold[second], **sizes)


def _describe_losses(means):
    """Say of every model what it loses most by, the most robust first."""
    lost = means.loc[CLEAN] - means.drop(index=CLEAN)
    order = lost.mean().sort_values(kind="stable").index
    worst = [
        f"{name} by {lost[name].idxmax().replace('_', ' ')} ({_say_points(lost[name].max(), 1)})"
        for name in order
    ]
    return f"What costs most: {say_list(worst)}."


def _say_points(difference, digits=2):
    return f"{100 * difference:.{digits}f} points"
