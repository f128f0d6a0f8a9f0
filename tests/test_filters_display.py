"""The first layer as pictures: those of NumPy and scikit-learn, of nets, linear models and SVMs."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics.pairwise import linear_kernel, polynomial_kernel, rbf_kernel
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler
from sklearn.svm import SVC

from skdigits import ANNClassifier, CNNClassifier, FiltersDisplay


@pytest.fixture(scope="module")
def cnn(digits):
    X, y = digits
    return CNNClassifier(channels=(8, 8), max_iter=2, random_state=0).fit(X, y)


def test_a_nets_strongest_filters_come_first(pyplot, cnn, digits):
    X, _ = digits
    display = FiltersDisplay.from_estimator(cnn, X, row=4, n_filters=5)
    filters, maps = cnn.first_layer(X[4:5])
    strength = np.abs(maps[0]).mean(axis=(1, 2))
    assert display.names.tolist() == np.argsort(-strength, kind="stable")[:5].tolist()
    np.testing.assert_array_equal(display.filters, filters[display.names])
    np.testing.assert_array_equal(display.maps, maps[0][display.names])
    np.testing.assert_array_equal(display.image, X[4].reshape(1, 8, 8))
    assert display.n_all_filters == 8
    assert len(display.axes_) == 1 + 2 * 5
    assert display.figure_.get_suptitle() == "The 5 strongest of 8 filters"


@pytest.mark.parametrize("kernel", ["rbf", "poly", "linear"])
def test_an_svms_filters_are_its_support_vectors(pyplot, kernel, digits):
    X, y = digits
    svm = SVC(kernel=kernel).fit(X, y)
    display = FiltersDisplay.from_estimator(svm, X, row=2, n_filters=4)
    gamma = 1 / (64 * X.astype(float).var())
    with_kernel = {
        "rbf": lambda rows, vectors: rbf_kernel(rows, vectors, gamma),
        "poly": lambda rows, vectors: polynomial_kernel(rows, vectors, 3, gamma, 0),
        "linear": linear_kernel,
    }[kernel]
    alike = with_kernel(X[2:3].astype(float), svm.support_vectors_)[0]
    np.testing.assert_allclose(display.maps, np.sort(alike)[::-1][:4], rtol=1e-6)
    nearest = svm.support_[np.argsort(-alike, kind="stable")[:4]]
    np.testing.assert_array_equal(display.filters.reshape(4, 64), X[nearest])
    np.testing.assert_array_equal(display.names, y[nearest])
    assert display.figure_.get_suptitle().endswith(
        f"of {len(svm.support_vectors_)} support vectors"
    )


def test_in_a_pipeline_the_filters_see_what_comes_to_them(pyplot, digits):
    X, y = digits
    search = GridSearchCV(make_pipeline(MaxAbsScaler(), SVC()), {"svc__C": [1.0, 10.0]}, cv=2).fit(
        X, y
    )
    display = FiltersDisplay.from_estimator(search, X, row=1)
    scaled = search.best_estimator_[0].transform(X)
    np.testing.assert_allclose(display.image.ravel(), scaled[1])
    net = make_pipeline(MinMaxScaler(), ANNClassifier((4,), max_iter=1)).fit(X, y)
    display = FiltersDisplay.from_estimator(net, X)
    assert display.filters.shape == (4, 1, 8, 8)
    assert [ax.get_title() for ax in display.axes_[1:]] == [
        f"{name}: {value:.3g}" for name, value in zip(display.names, display.maps, strict=True)
    ]


@pytest.mark.parametrize(
    "model", [LogisticRegression(), RidgeClassifier()], ids=["logistic", "ridge"]
)
def test_a_linear_model_shows_the_weights_of_its_labels_the_predicted_first(pyplot, model, digits):
    X, y = digits
    linear = make_pipeline(MinMaxScaler(), model).fit(X, y)
    display = FiltersDisplay.from_estimator(linear, X, row=5)
    values = linear.decision_function(X[5:6])[0]
    order = np.argsort(-values, kind="stable")
    assert display.names[0] == linear.predict(X[5:6])[0]
    np.testing.assert_allclose(display.maps, values[order])
    np.testing.assert_allclose(display.filters.reshape(10, 64), linear[-1].coef_[order])
    assert display.figure_.get_suptitle() == "10 labels"


def test_of_two_labels_there_are_the_weights_of_the_second(pyplot, digits):
    X, y = digits
    model = RidgeClassifier().fit(X, np.array(["low", "high"])[(y > 4).astype(int)])
    display = FiltersDisplay.from_estimator(model, X)
    assert display.names.tolist() == ["low"]
    np.testing.assert_allclose(display.maps, model.decision_function(X[:1]))


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
def test_an_mlp_shows_what_its_first_units_give(pyplot, activation, digits):
    X, y = digits
    mlp = MLPClassifier((6,), activation=activation, max_iter=20, tol=10.0, random_state=0)
    mlp.fit(X / 16, y)
    display = FiltersDisplay.from_estimator(mlp, X / 16)
    hidden = np.zeros((1, 6))
    hidden[0, display.names] = display.maps
    logits = hidden @ mlp.coefs_[1] + mlp.intercepts_[1]
    np.testing.assert_allclose(softmax(logits, axis=1), mlp.predict_proba(X[:1] / 16))
    np.testing.assert_allclose(display.filters.reshape(6, 64), mlp.coefs_[0].T[display.names])


def test_what_has_no_weights_is_refused(pyplot, digits):
    forest = RandomForestClassifier(2).fit(*digits)
    message = "expects a network, a linear model or an SVM with a kernel .*, got "
    with pytest.raises(ValueError, match=message + "a RandomForestClassifier"):
        FiltersDisplay.from_estimator(forest, digits[0])
    own = SVC(kernel=linear_kernel).fit(*digits)
    with pytest.raises(ValueError, match=message + "an SVC"):
        FiltersDisplay.from_estimator(own, digits[0])


def test_pixels_are_seen_where_they_are(pyplot, digits):
    X, y = digits
    display = FiltersDisplay.from_estimator(SVC().fit(X, y), X, row=9, n_filters=2)
    display.figure_.canvas.draw()
    pixels = np.asarray(display.figure_.canvas.buffer_rgba())[..., 0]
    for ax, image in zip(display.axes_, [display.image, *display.filters], strict=True):
        shares = (image[0].astype(float) - image.min()) / np.ptp(image)
        columns, rows = ax.transData.transform([(i, i) for i in range(8)]).T.round().astype(int)
        drawn = pixels[len(pixels) - rows[:, None], columns]
        np.testing.assert_allclose(drawn, 255 * shares, atol=1.5)


def test_given_axes_are_drawn_in(pyplot, cnn, digits):
    figure, axes = pyplot.subplots(1, 2)
    display = FiltersDisplay.from_estimator(cnn, digits[0], ax=axes[0])
    assert display.ax_ is axes[0]
    assert display.figure_ is figure
    assert "filters" in axes[0].get_title()
    assert display.plot() is display
