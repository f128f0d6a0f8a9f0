"""Where classifiers looked, against models whose reasons are known by construction."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.linear_model import Ridge, RidgeClassifier
from sklearn.model_selection import cross_validate
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.svm import SVC

from skdigits import ANNClassifier, CharacterNormalizer, CNNClassifier, SaliencyDisplay


class OnePixel(ClassifierMixin, BaseEstimator):
    """Says "lit" with a probability that is one pixel's value, and looks at nothing else."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        lit = np.asarray(X).reshape(len(X), -1)[:, 27]
        return np.column_stack([1 - lit, lit])

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


@pytest.fixture(scope="module")
def net(digits):
    X, y = digits
    model = make_pipeline(MinMaxScaler(), CNNClassifier(channels=(4,), max_iter=3, random_state=0))
    return model.fit(X, y)


@pytest.mark.parametrize("form", ["rows", "images", "frame"])
def test_occlusion_finds_the_one_pixel_that_counts(pyplot, form):
    X = np.full((3, 64), 0.8)
    data = {
        "rows": X,
        "images": X.reshape(3, 8, 8),
        "frame": pd.DataFrame(X, columns=[f"pixel{i}" for i in range(64)]),
    }[form]
    model = OnePixel().fit(X, ["dark", "lit", "lit"])
    display = SaliencyDisplay.from_estimator(model, data)
    _, attributions, labels = display.saliencies["OnePixel"]
    assert labels.tolist() == ["lit"] * 3
    reach = np.zeros((8, 8), dtype=bool)
    reach[2:5, 2:5] = True  # what squares of two pixels cover together with pixel (3, 3)
    np.testing.assert_allclose(attributions[:, 3, 3], 0.8)
    assert (attributions[:, reach] > 0).all()
    np.testing.assert_allclose(attributions[:, ~reach], 0, atol=1e-12)
    other = SaliencyDisplay.from_estimator(model, data, target="dark")
    np.testing.assert_allclose(other.saliencies["OnePixel"][1], -attributions)


@pytest.mark.parametrize(
    "model",
    [
        SVC(),
        SVC(kernel="linear"),
        GaussianNB(),
        RandomForestClassifier(5),
        RidgeClassifier(),
    ],
)
def test_any_classifier_can_be_asked(pyplot, model, digits):
    X, y = digits
    names = np.array([f"digit {label}" for label in y])
    model = make_pipeline(MinMaxScaler(), model).fit(X, names)
    display = SaliencyDisplay.from_estimator(model, X, names, n_images=2)
    name = type(model[-1]).__name__
    assert display.saliencies[name][1].shape == (2, 8, 8)
    assert display.saliencies[name][1].any()
    assert display.axes_[0, 0].get_title() == names[0]
    assert display.axes_[1, 1].get_title() == f"why {model.predict(X[1:2])[0]}"
    assert display.axes_[1, 0].get_ylabel() == name


def test_two_labels_of_a_decision_function_have_opposite_reasons(pyplot, digits):
    X, y = digits
    for model in (SVC(), RidgeClassifier()):
        model.fit(X, y > 4)
        found = [
            SaliencyDisplay.from_estimator(model, X, target=target).saliencies
            for target in (True, False)
        ]
        (first,), (second,) = (list(saliencies.values()) for saliencies in found)
        np.testing.assert_allclose(first[1], -second[1], atol=1e-12)


def test_a_nets_gradients_are_those_of_its_last_step(pyplot, net, digits):
    X, y = digits
    display = SaliencyDisplay.from_estimator(net, X, y, n_images=4, name="net")
    images, attributions, labels = display.saliencies["net"]
    seen = net[0].transform(X[:4])
    np.testing.assert_allclose(images.reshape(4, 64), seen)
    np.testing.assert_array_equal(labels, net.predict(X[:4]))
    np.testing.assert_allclose(attributions, net[-1].attribute(seen))
    for method in ("input_x_gradient", "integrated_gradients"):
        display = SaliencyDisplay.from_estimator(net, X, method=method, name="net", n_images=3)
        expected = net[-1].attribute(seen[:3], method=method)
        np.testing.assert_allclose(display.saliencies["net"][1], expected)


def test_what_a_normaliser_makes_of_images_is_shown(pyplot, digits):
    X, y = digits[0][:60].reshape(-1, 8, 8), digits[1][:60]
    model = make_pipeline(CharacterNormalizer(), ANNClassifier((4,), max_iter=1)).fit(X, y)
    display = SaliencyDisplay.from_estimator(model, X, n_images=2)
    assert display.saliencies["ANNClassifier"][0].shape == (2, 1, 28, 28)


def test_models_stand_in_rows(pyplot, net, digits):
    X, y = digits
    models = {"net": net, "svm": SVC().fit(X, y)}
    display = SaliencyDisplay.from_estimators(models, X, y, n_images=3)
    assert display.axes_.shape == (3, 3)
    assert [row[0].get_ylabel() for row in display.axes_[1:]] == ["net", "svm"]
    assert display.plot() is display


def test_the_worst_mistakes_of_folds_are_explained_by_who_did_not_see_them(pyplot, digits):
    X, y = digits
    folds = cross_validate(GaussianNB(), X, y, cv=3, return_estimator=True, return_indices=True)
    display = SaliencyDisplay.from_cv_results(folds, X, y, n_images=5)
    images, _, labels = display.saliencies["GaussianNB"]
    for image, label, truth in zip(images, labels, display.true_labels, strict=True):
        row = int(np.flatnonzero((image.ravel() == X).all(axis=1))[0])
        fold = next(k for k, test in enumerate(folds["indices"]["test"]) if row in test)
        assert truth == y[row] != label
        assert label == folds["estimator"][fold].predict(X[row : row + 1])[0]


def test_what_cannot_be_explained_is_refused(pyplot, net, digits):
    X, y = digits
    svm = SVC().fit(X, y)
    with pytest.raises(ValueError, match='got an SVC: give method="occlusion"'):
        SaliencyDisplay.from_estimator(svm, X, method="gradients")
    with pytest.raises(ValueError, match=r"expects method as one of gradients, .* got 'lime'"):
        SaliencyDisplay.from_estimator(net, X, method="lime")
    with pytest.raises(ValueError, match=r"expects targets among the labels, got .*11"):
        SaliencyDisplay.from_estimator(svm, X, target=11)
    with pytest.raises(ValueError, match="expects estimators and indices"):
        SaliencyDisplay.from_cv_results({"test_score": np.ones(3)}, X, y)
    perfect = {"estimator": [svm], "indices": {"test": [np.arange(20)]}}
    with pytest.raises(ValueError, match="all is predicted rightly"):
        SaliencyDisplay.from_cv_results(perfect, X, svm.predict(X))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (VotingClassifier([("a", SVC()), ("b", GaussianNB())]), "with predict_proba or decision_f"),
        (Ridge(), "expects a classifier, got a Ridge"),
    ],
    ids=["votes", "regressor"],
)
def test_what_has_no_score_of_a_label_is_refused(pyplot, model, message, digits):
    model.fit(*digits)
    with pytest.raises(ValueError, match=message):
        SaliencyDisplay.from_estimator(model, digits[0])


def test_labels_of_text_are_not_taken_for_numbers(pyplot, digits):
    X, _ = digits
    model = GaussianNB().fit(X, np.arange(300) % 12)
    with pytest.raises(ValueError, match="among the labels, got '10'"):
        SaliencyDisplay.from_estimator(model, X, target="10")


def test_images_have_the_shape_that_the_classifier_was_told(pyplot, digits):
    X, y = digits
    net = CNNClassifier((2,), image_shape=(4, 16), max_iter=1).fit(X, y)
    for method in ("occlusion", "gradients"):
        display = SaliencyDisplay.from_estimator(net, X, method=method, n_images=1)
        assert display.saliencies["CNNClassifier"][1].shape == (1, 4, 16)


def test_pixels_are_seen_where_they_are(pyplot):
    attributions = np.zeros((1, 4, 4))
    attributions[0, 1, 2], attributions[0, 3, 0] = 2.0, -2.0
    saliency = (np.zeros((1, 1, 4, 4)), attributions, np.array(["a"]))
    display = SaliencyDisplay(saliencies={"model": saliency}).plot()
    display.figure_.canvas.draw()
    pixels = np.asarray(display.figure_.canvas.buffer_rgba())[..., :3].astype(int)
    panel = display.axes_[1, 0]

    def color(row, column):
        x, height = panel.transData.transform((column, row)).round().astype(int)
        return pixels[len(pixels) - height, x]

    red, blue, nothing = color(1, 2), color(3, 0), color(0, 0)
    assert red[0] > red[2] + 50
    assert blue[2] > blue[0] + 50
    assert nothing.min() > 240
