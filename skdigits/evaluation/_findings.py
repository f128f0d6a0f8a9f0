"""What a comparison answers, in sentences that are computed from what was measured."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from skdigits.evaluation._confusions import count_confused_pairs
from skdigits.evaluation._robustness import CLEAN
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
    corrupted = means.drop(index=CLEAN)
    answer = f"{_describe_most_robust(means.loc[CLEAN], corrupted.mean())} {_describe_worst(means)}"
    return Finding(question, answer, describe_robustness(comparison.robustness))


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
    gap = _say_points(differences.loc[other, "mean_difference"])
    trade = f"in {times[other]} a fold instead of {times[best]}"
    if other == good[0]:
        return f"{other}: {gap} behind {best}, which may be chance, {trade}."
    return (
        f"{best} itself: what is quicker is measurably less accurate, or more than a point behind. "
        f"The nearest is {other}, {gap} behind {trade}."
    )


def _is_as_good(difference):
    return difference["mean_difference"] < _NEAR and difference["ci_low"] <= 0


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


def _describe_most_robust(clean, corrupted):
    robust, best = corrupted.idxmax(), clean.idxmax()
    shares = corrupted.map(lambda accuracy: say_percent(accuracy, 1))
    if len(clean) == 1:
        return f"{robust} gets {shares[robust]} of worse images right."
    sentence = f"{robust} is the most accurate on worse images, {shares[robust]}"
    if robust == best:
        second = corrupted.drop(robust).idxmax()
        return f"{sentence}, as on clean ones; next is {second}, {shares[second]}."
    return f"{sentence}; {best}, the best on clean ones, gets {shares[best]}."


def _describe_worst(means):
    lost = (means.loc[CLEAN] - means.drop(index=CLEAN)).mean(axis=1)
    worst = lost.sort_values(ascending=False, kind="stable").head(2)
    kinds = [f"{kind.replace('_', ' ')} ({_say_points(loss, 1)})" for kind, loss in worst.items()]
    return f"On average most is lost to {say_list(kinds)}."


def _say_points(difference, digits=2):
    return f"{100 * difference:.{digits}f} points"
