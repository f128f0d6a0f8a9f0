"""Training curves: every epoch where it was, of any classifier, fold and candidate."""

import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_validate
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.svm import SVC

from skdigits import ANNClassifier, CNNClassifier, TrainingCurveDisplay
from skdigits.evaluation._training_records import name_candidates


def net(**parameters):
    return ANNClassifier((8,), **{"max_iter": 3, "random_state": 0, **parameters})


@pytest.fixture(scope="module")
def models(digits):
    """An SVC and a net, in Pipelines, trained on string labels."""
    X, y = digits
    names = np.array([f"digit {label}" for label in y])
    stopping = net(early_stopping=True, max_iter=9, n_iter_no_change=1, tol=1)
    pipelines = {
        "svm": make_pipeline(MinMaxScaler(), SVC()),
        "net": make_pipeline(MinMaxScaler(), stopping),
    }
    return {name: model.fit(X[:200], names[:200]) for name, model in pipelines.items()}


@pytest.fixture
def held_out(digits):
    X, y = digits
    return X[200:], np.array([f"digit {label}" for label in y[200:]])


def curve_of(display, measure, part):
    curves = display.curves
    rows = curves[(curves["measure"] == measure) & (curves["part"] == part)]
    return rows["epoch"].tolist(), rows["value"].tolist()


@pytest.mark.parametrize("Classifier", [ANNClassifier, CNNClassifier, MLPClassifier])
def test_a_net_shows_its_losses_and_validation_scores(pyplot, digits, Classifier):
    model = Classifier(max_iter=3, early_stopping=True, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        make_pipeline(MinMaxScaler(), model).fit(*digits)
    display = TrainingCurveDisplay.from_estimator(model)
    assert [ax.get_title() for ax in display.axes_] == ["training loss", "validation accuracy"]
    recorded = (model.loss_curve_, model.validation_scores_)
    for panel, values in zip(display.axes_, recorded, strict=True):
        (line,) = panel.lines
        np.testing.assert_array_equal(line.get_xydata(), list(enumerate(values, start=1)))
    assert display.legend_.get_texts()[0].get_text() == Classifier.__name__


def test_without_early_stopping_there_is_the_loss_alone(pyplot, digits):
    display = TrainingCurveDisplay.from_estimator(net().fit(*digits))
    assert [ax.get_title() for ax in display.axes_] == ["training loss"]


@pytest.mark.parametrize(
    ("scoring", "measure"),
    [
        ("loss", "loss"),
        ("neg_log_loss", "loss"),
        (None, "accuracy"),
        ("balanced_accuracy", "balanced accuracy"),
        (make_scorer(accuracy_score), "score"),
    ],
)
def test_gradient_boosting_shows_both_parts_from_before_its_first_tree(
    pyplot, digits, scoring, measure
):
    model = HistGradientBoostingClassifier(
        max_iter=2, max_leaf_nodes=3, early_stopping=True, scoring=scoring, random_state=0
    ).fit(*digits)
    display = TrainingCurveDisplay.from_estimator(model)
    sign = -1 if measure == "loss" else 1
    recorded = {"training": model.train_score_, "validation": model.validation_score_}
    for part, values in recorded.items():
        epochs, found = curve_of(display, measure, part)
        assert epochs == [0, 1, 2]
        np.testing.assert_array_equal(found, sign * values)
    assert display.axes_[0].get_title() == measure
    training, validation = display.axes_[0].lines
    assert training.get_linestyle() == "--"
    assert validation.get_linestyle() == "-"


def test_trees_of_a_gradient_boosting_are_its_epochs(pyplot, digits):
    X, y = digits
    model = GradientBoostingClassifier(n_estimators=3, max_depth=1).fit(X, y > 4)
    display = TrainingCurveDisplay.from_estimator(model)
    assert curve_of(display, "loss", "training") == ([1, 2, 3], model.train_score_.tolist())


@pytest.mark.parametrize("name", ["svm", "net"])
def test_accuracy_on_other_images_is_a_horizontal_line(pyplot, models, held_out, name):
    model = models[name]
    display = TrainingCurveDisplay.from_estimator(model, *held_out)
    level = display.axes_[-1].lines[-1]
    np.testing.assert_array_equal(level.get_xdata(), [0, 1])  # from side to side
    np.testing.assert_allclose(level.get_ydata(), model.score(*held_out))
    assert display.axes_[-1].get_title() == ("test accuracy" if name == "svm" else "accuracy")


def test_several_models_share_a_picture_and_keep_their_colours(pyplot, models, held_out):
    display = TrainingCurveDisplay.from_estimators(models, *held_out)
    texts = [text.get_text() for text in display.legend_.get_texts()]
    assert texts == ["svm", "net", "validation", "test"]
    of_svm, of_net = (line.get_color() for line in display.legend_.get_lines()[:2])
    assert [line.get_color() for line in display.axes_[0].lines] == [of_net]
    assert [line.get_color() for line in display.axes_[1].lines] == [of_net, of_svm, of_net]
    assert display.axes_[0].get_xlim() == display.axes_[1].get_xlim()


def test_a_search_shows_its_best_estimator(pyplot, digits):
    search = GridSearchCV(make_pipeline(MinMaxScaler(), net()), {}, cv=2).fit(*digits)
    display = TrainingCurveDisplay.from_estimator(search)
    best = search.best_estimator_[-1]
    assert curve_of(display, "loss", "training") == ([1, 2, 3], best.loss_curve_)
    assert display.curves["model"].unique() == "ANNClassifier"


def cross_validated(model, digits, **kwargs):
    return cross_validate(model, *digits, cv=3, return_estimator=True, **kwargs)


def test_folds_are_thin_and_their_mean_is_bold(pyplot, digits):
    folds = cross_validated(make_pipeline(MinMaxScaler(), net()), digits)
    display = TrainingCurveDisplay.from_cv_results(folds)
    *thin, bold = display.axes_[0].lines
    curves = [model[-1].loss_curve_ for model in folds["estimator"]]
    np.testing.assert_array_equal([line.get_ydata() for line in thin], curves)
    np.testing.assert_allclose(bold.get_ydata(), np.mean(curves, axis=0))
    assert bold.get_linewidth() > 2 * max(line.get_linewidth() for line in thin)
    texts = [text.get_text() for text in display.legend_.get_texts()]
    assert texts == ["ANNClassifier", "a fold", "mean of folds"]


def test_the_mean_ends_with_the_first_fold(pyplot):
    rows = [("a", 0, epoch, "training", "loss", epoch) for epoch in (1, 2)]
    rows += [("a", 1, epoch, "training", "loss", 3 * epoch) for epoch in (1, 2, 3)]
    columns = ["model", "fold", "epoch", "part", "measure", "value"]
    display = TrainingCurveDisplay(curves=pd.DataFrame(rows, columns=columns)).plot()
    np.testing.assert_array_equal(display.axes_[0].lines[-1].get_xydata(), [[1, 2], [2, 4]])


@pytest.mark.parametrize("model", [SVC(), net()], ids=["svm", "net"])
def test_folds_are_tested_on_what_they_were_not_trained_on(pyplot, digits, model):
    folds = cross_validated(model, digits, return_indices=True)
    display = TrainingCurveDisplay.from_cv_results(folds, *digits, name="it")
    np.testing.assert_allclose(display.levels["accuracy"], folds["test_score"])
    *thin, bold = display.axes_[-1].lines
    assert len(thin) == 3
    assert bold.get_ydata()[0] == pytest.approx(folds["test_score"].mean())


@pytest.fixture
def monitor():
    callback = pytest.importorskip("sklearn.callback", reason="scikit-learn 1.9 brought callbacks")
    return callback.ScoringMonitor(scoring=["accuracy", "neg_log_loss"])


def searched(monitor, digits):
    pipeline = make_pipeline(MinMaxScaler(), net().set_callbacks(monitor))
    grid = {"annclassifier__learning_rate_init": [0.001, 0.1]}
    return GridSearchCV(pipeline, grid, cv=2).fit(*digits)


def test_logs_of_a_search_are_drawn_by_candidate_and_fold(pyplot, monitor, digits):
    search = searched(monitor, digits)
    display = TrainingCurveDisplay.from_logs(monitor.get_logs(), search)
    curves = display.curves
    assert curves["model"].unique().tolist() == [f"learning_rate_init={x}" for x in (0.001, 0.1)]
    assert len(curves) == 2 * 2 * 3 * 2  # candidates, folds, epochs, scores
    X, y = digits
    for rate, name in zip((0.001, 0.1), curves["model"].unique(), strict=True):
        for fold, (train, _) in enumerate(StratifiedKFold(2).split(X, y)):
            scaled = MinMaxScaler().fit_transform(X[train])
            model = net(learning_rate_init=rate).fit(scaled, y[train])
            of_fold = (curves["model"] == name) & (curves["fold"] == fold)
            rows = curves[of_fold & (curves["measure"] == "accuracy")]
            assert rows["epoch"].tolist() == [1, 2, 3]
            assert rows["value"].iloc[-1] == model.score(scaled, y[train])


def test_log_loss_goes_into_the_panel_of_losses(pyplot, monitor, digits):
    net().set_callbacks(monitor).fit(*digits)
    log = monitor.get_logs()
    display = TrainingCurveDisplay.from_logs(log)
    assert [ax.get_title() for ax in display.axes_] == ["training loss", "training accuracy"]
    logged = [-row["neg_log_loss"] for row in log.data if row["task_name"] == "epoch"]
    assert curve_of(display, "loss", "training") == ([1, 2, 3], logged)


def test_runs_of_a_cross_validation_are_folds(pyplot, monitor, digits):
    cross_validated(net().set_callbacks(monitor), digits)
    display = TrainingCurveDisplay.from_logs(monitor.get_logs(select="all"))
    assert display.curves["fold"].unique().tolist() == [0, 1, 2]
    assert display.curves["model"].unique().tolist() == ["ANNClassifier"]


def test_fits_of_an_unknown_search_are_lines_of_their_own(pyplot, monitor, digits):
    searched(monitor, digits)
    display = TrainingCurveDisplay.from_logs(monitor.get_logs())
    assert display.curves["model"].nunique() == 2 * 2 + 1
    assert display.curves["fold"].unique() == [0]


def test_logs_that_do_not_fit_are_refused(monitor, digits):
    search = searched(monitor, digits)
    two_runs = [monitor.get_logs()] * 2
    with pytest.raises(ValueError, match="the search's own fit, with 4 fits in it, got 8"):
        TrainingCurveDisplay.from_logs(two_runs, search)
    with pytest.raises(TypeError, match=r"what ScoringMonitor.get_logs returned, got \[1\]"):
        TrainingCurveDisplay.from_logs([1])
    log = monitor.get_logs()
    log.data = [row for row in log.data if row["task_name"] == "fit"]
    with pytest.raises(ValueError, match="expects logs with a score of every epoch, got none"):
        TrainingCurveDisplay.from_logs(log)


def test_candidates_are_named_by_what_differs():
    same_end = [{"a__C": 1, "b__C": 1}, {"a__C": 2, "b__C": 3}]
    assert name_candidates(same_end) == ["a__C=1, b__C=1", "a__C=2, b__C=3"]
    assert name_candidates([{"C": 1}]) == ["C=1"]
    assert name_candidates([{"kernel": "rbf", "C": 1}, {"kernel": "linear"}]) == [
        "kernel=rbf, C=1",
        "kernel=linear",
    ]
    assert name_candidates([{"C": 1.00001}, {"C": 1.00002}]) == ["0: C=1", "1: C=1"]


@pytest.mark.parametrize("layout", ["constrained", None])
def test_lines_are_seen_where_their_epochs_are(pyplot, models, held_out, layout):
    from matplotlib.colors import to_rgb

    figure, axes = pyplot.subplots(1, 2, figsize=(14, 3.5), layout=layout)
    display = TrainingCurveDisplay.from_estimators(models, *held_out, ax=axes[0])
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3]
    for panel in display.axes_:
        line = panel.lines[0]
        places = panel.transData.transform(line.get_xydata()).round().astype(int)
        shade = np.rint(np.multiply(to_rgb(line.get_color()), 255))
        for x, height in places[1:]:
            y = len(pixels) - height
            near = pixels[y - 2 : y + 3, x - 2 : x + 3].astype(float)
            assert np.abs(near - shade).max(axis=2).min() < 40
    level = display.axes_[1].lines[1]
    row = len(pixels) - round(display.axes_[1].transData.transform((0, level.get_ydata()[0]))[1])
    shade = np.rint(np.multiply(to_rgb(level.get_color()), 255))
    assert (np.abs(pixels[row - 2 : row + 2] - shade).max(axis=2) < 40).sum() > 30


@pytest.mark.parametrize("layout", ["constrained", None])
@pytest.mark.parametrize("n_models", [1, 20])
def test_the_legend_is_outside_the_panels_and_inside_the_picture(pyplot, layout, n_models):
    rows = [
        (f"model {position}", 0, epoch, "validation", measure, 0.9)
        for position in range(n_models)
        for measure in ("loss", "accuracy")
        for epoch in (1, 2)
    ]
    columns = ["model", "fold", "epoch", "part", "measure", "value"]
    display = TrainingCurveDisplay(curves=pd.DataFrame(rows, columns=columns))
    figure, ax = pyplot.subplots(figsize=(9, 4), layout=layout)
    display.plot(ax=ax)
    figure.draw_without_rendering()
    legend, picture = display.legend_.get_window_extent(), figure.bbox
    inner = [panel.get_window_extent() for panel in display.axes_]
    assert inner[1].x1 < legend.x0
    assert legend.x1 <= picture.x1
    assert picture.y0 <= legend.y0
    numbers = [label.get_window_extent().x0 for label in display.axes_[1].get_yticklabels()]
    assert inner[0].x1 < min(numbers)


def test_a_long_legend_leaves_the_panels_their_size(pyplot):
    sizes = []
    for n_models in (1, 60):
        rows = [(f"learning_rate={i:04}", 0, 1, "training", "loss", 1.0) for i in range(n_models)]
        columns = ["model", "fold", "epoch", "part", "measure", "value"]
        display = TrainingCurveDisplay(curves=pd.DataFrame(rows, columns=columns)).plot()
        display.figure_.draw_without_rendering()
        sizes.append(display.axes_[0].get_window_extent().width)
    assert sizes[1] == pytest.approx(sizes[0], rel=0.25)


def test_panels_are_laid_in_the_place_of_given_axes(pyplot, models):
    figure, axes = pyplot.subplots(1, 2, layout="constrained")
    display = TrainingCurveDisplay.from_estimator(models["net"], ax=axes[1])
    assert (display.ax_, display.figure_) == (axes[1], figure)
    figure.draw_without_rendering()
    assert all(panel.get_window_extent().x0 > figure.bbox.width / 2 for panel in display.axes_)


def test_losses_that_fall_far_are_on_a_logarithmic_scale(pyplot, digits):
    model = net().fit(*digits)
    scales = {}
    for name, losses in {"far": [1.0, 0.05], "near": [1.0, 0.5], "negative": [1.0, -0.1]}.items():
        model.loss_curve_ = losses
        scales[name] = TrainingCurveDisplay.from_estimator(model).axes_[0].get_yscale()
    assert scales == {"far": "log", "near": "linear", "negative": "linear"}


def test_a_display_holds_data_only(pyplot, models):
    display = TrainingCurveDisplay.from_estimator(models["net"])
    assert vars(TrainingCurveDisplay(curves=display.curves)).keys() == {"curves", "levels"}
    assert display.plot() is display


def test_what_recorded_no_epochs_needs_images(digits):
    svm = SVC().fit(*digits)
    with pytest.raises(ValueError, match="expects X and y for SVC, which recorded no epochs"):
        TrainingCurveDisplay.from_estimator(svm)
    trees = HistGradientBoostingClassifier(max_iter=1, max_leaf_nodes=3).fit(*digits)
    with pytest.raises(ValueError, match="for HistGradientBoostingClassifier, which recorded no"):
        TrainingCurveDisplay.from_estimators([trees])
    with pytest.raises(ValueError, match="from_cv_results expects X and y for SVC"):
        TrainingCurveDisplay.from_cv_results({"estimator": [svm]})


def test_what_is_missing_is_asked_for(digits):
    X, y = digits
    svm = SVC().fit(X, y)
    with pytest.raises(ValueError, match="from_estimator expects X and y together, got only X"):
        TrainingCurveDisplay.from_estimator(svm, X)
    with pytest.raises(ValueError, match="call cross_validate with return_estimator=True"):
        TrainingCurveDisplay.from_cv_results({"test_score": [1]})
    with pytest.raises(ValueError, match="return_estimator=True and return_indices=True"):
        TrainingCurveDisplay.from_cv_results({"estimator": [svm]}, X, y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        TrainingCurveDisplay.from_estimator(svm, X, y[1:])
    with pytest.raises(NotFittedError, match="not fitted yet"):
        TrainingCurveDisplay.from_estimator(net())


def test_without_matplotlib_plot_names_the_extra(monkeypatch, digits):
    model = net().fit(*digits)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r'needs matplotlib: pip install "skdigits\[plot\]"'):
        TrainingCurveDisplay.from_estimator(model)
