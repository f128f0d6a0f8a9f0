"""skorch's callbacks, and scikit-learn's through Pipeline and GridSearchCV down to the epochs."""

import numpy as np
import pytest
import skorch
import torch
from both_classifiers import quick
from numpy.testing import assert_array_equal
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skdigits import ANNClassifier, CNNClassifier, ImageReshaper


class Diary(skorch.callbacks.Callback):
    """Writes down every event."""

    def __init__(self):
        self.events = []

    def on_train_begin(self, net, **kwargs):
        self.events.append("train")

    def on_epoch_end(self, net, **kwargs):
        self.events.append(("epoch", len(net.history), net.history[-1, "train_loss"]))

    def on_batch_end(self, net, batch, loss, y_pred, **kwargs):
        self.events.append(("batch", len(batch[1]), tuple(y_pred.shape), float(loss)))

    def on_grad_computed(self, net, named_parameters, **kwargs):
        assert all(parameter.grad is not None for _, parameter in named_parameters)


def test_skorch_callbacks_see_every_epoch_and_batch(digits):
    X, y = digits
    diary = Diary()
    watched = quick(CNNClassifier, max_iter=2, callbacks=[diary]).fit(X, y)
    assert diary.events[0] == "train"
    epochs = [event[1:] for event in diary.events if event[0] == "epoch"]
    assert epochs == list(enumerate(watched.loss_curve_, start=1))
    batches = [event[1:3] for event in diary.events if event[0] == "batch"]
    assert batches == [(100, (100, 10))] * 6  # 300 images in equal batches of at most 128
    unwatched = quick(CNNClassifier, max_iter=2).fit(X, y)
    assert_array_equal(watched.predict_proba(X), unwatched.predict_proba(X))


def test_skorchs_own_callbacks_work(digits):
    X, y = digits
    stopping = skorch.callbacks.EarlyStopping(monitor="train_loss", patience=1, threshold=0.9)
    clipping = skorch.callbacks.GradientNormClipping(gradient_clip_value=1e-9)
    scoring = skorch.callbacks.EpochScoring("accuracy", on_train=True, name="train_acc")
    classifier = quick(ANNClassifier, max_iter=50, callbacks=[stopping, clipping, scoring])
    classifier.fit(X, y)
    assert classifier.n_iter_ < 50
    assert "train_acc" in classifier.net_.history[0]


callback = pytest.importorskip("sklearn.callback", reason="scikit-learn 1.9 brought callbacks")


@pytest.mark.parametrize("Classifier", [ANNClassifier, CNNClassifier])
def test_scoring_monitor_gives_a_learning_curve_per_fold_and_candidate(Classifier, digits):
    X, y = digits
    monitor = callback.ScoringMonitor(scoring="accuracy")
    classifier = quick(Classifier).set_callbacks(monitor)
    search = GridSearchCV(
        make_pipeline(MinMaxScaler(), ImageReshaper(), classifier),
        {f"{Classifier.__name__.lower()}__learning_rate_init": [0.001, 0.01]},
        cv=2,
    )
    search.fit(X, y)
    logs = monitor.get_logs(select="all")
    curves = [log.data_as_pandas.query("task_name == 'epoch'")["accuracy"] for log in logs]
    n_scores = sum(len(curve) for curve in curves)
    assert n_scores == (2 * 2 + 1) * 5  # candidates x folds and the final fit, 5 epochs each


def test_scores_of_the_monitor_are_those_of_the_classifier(digits):
    X, y = digits
    monitor = callback.ScoringMonitor(scoring="accuracy")
    classifier = quick(CNNClassifier, random_state=0).set_callbacks(monitor).fit(X, y)
    frame = monitor.get_logs().data_as_pandas
    assert frame["accuracy"].iloc[-1] == classifier.score(X, y)
    unwatched = quick(CNNClassifier, random_state=0).fit(X, y)
    assert_array_equal(unwatched.predict_proba(X), classifier.predict_proba(X))


def test_the_monitor_gets_the_sample_weights(digits):
    X, y = digits
    monitor = callback.ScoringMonitor(scoring="accuracy")
    weights = np.where(y == 0, 1.0, 1e-9)
    classifier = quick(ANNClassifier).set_callbacks(monitor)
    classifier.fit(X, y, sample_weight=weights)
    last = monitor.get_logs().data_as_pandas["accuracy"].iloc[-1]
    assert last == pytest.approx(classifier.score(X, y, sample_weight=weights))


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_progress_bar_runs_down_to_the_epochs(n_jobs, digits, capsys):
    pytest.importorskip("rich")
    X, y = digits
    pipeline = make_pipeline(ImageReshaper(), quick(ANNClassifier))
    search = GridSearchCV(pipeline, {"annclassifier__alpha": [0.1, 1]}, cv=2, n_jobs=n_jobs)
    search.set_callbacks(callback.ProgressBar(max_propagation_depth=None)).fit(X, y)
    out = capsys.readouterr().out
    assert "ANNClassifier" in out
    assert "epoch" in out or "100%" in out


class StopAfter:
    """A scikit-learn callback that asks to stop after some epochs."""

    def __init__(self, n_epochs):
        self.n_epochs = n_epochs
        self.torn_down = False

    def setup(self, estimator, context):
        self.seen = 0

    def teardown(self, estimator, context):
        self.torn_down = True

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        self.seen += context.task_name == "epoch"
        return self.seen >= self.n_epochs


def test_a_callback_stops_training(digits):
    stopper = StopAfter(3)
    classifier = quick(ANNClassifier).set_callbacks(stopper).fit(*digits)
    assert classifier.n_iter_ == 3
    assert stopper.torn_down


def test_callbacks_are_torn_down_after_a_failed_fit(digits):
    X, y = digits
    stopper = StopAfter(3)
    diverging = {"solver": "sgd", "learning_rate_init": 1e30, "activation": "identity"}
    classifier = quick(ANNClassifier, **diverging).set_callbacks(stopper)
    with pytest.raises(ValueError, match="non-finite"):
        classifier.fit(X, y)
    assert stopper.torn_down
    assert not hasattr(classifier, "_callback_fit_ctx")
    assert classifier._skl_callbacks == [stopper]
    assert not hasattr(classifier, "net_")
    assert torch.is_grad_enabled()
