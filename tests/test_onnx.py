"""Models as ONNX: what onnxruntime makes of the file is what scikit-learn's side says."""

import json
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier, StackingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    MinMaxScaler,
    Normalizer,
    PowerTransformer,
    StandardScaler,
)
from sklearn.svm import SVC, LinearSVC

from skdigits import (
    ANNClassifier,
    CharacterNormalizer,
    CNNClassifier,
    Deskewer,
    HOGFeatures,
    ImageReshaper,
    PageReader,
    export_onnx,
    load_pretrained,
)
from skdigits.datasets import fetch_mnist

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("skl2onnx")

QUICK = {"max_iter": 1, "random_state": 0}
CALIBRATED_SVC = CalibratedClassifierCV(SVC(C=10), ensemble=False, cv=2)
BATCHES = (1, 7, 1000)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.onnx"


def run(path, rows):
    """Return what a file gives, by the names of its outputs."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    rows = np.asarray(rows, dtype=np.float32).reshape(len(rows), -1)
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"pixels": rows}), strict=True))


def assert_same(path, model, X, *, atol=1e-5):
    """Check that a file gives the labels and probabilities of a model."""
    found = run(path, X)
    assert_allclose(found["probabilities"], model.predict_proba(X), rtol=0, atol=atol)
    assert_array_equal(found["label"], model.predict(X))


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu", "gelu"])
def test_every_activation(activation, digits, path):
    model = ANNClassifier((9, 5), activation=activation, **QUICK).fit(*digits)
    export_onnx(model, path, X=digits[0])
    assert_same(path, model, digits[0])


@pytest.mark.parametrize("normalization", ["batch", "group", None])
def test_every_normalization(normalization, digits, path):
    model = CNNClassifier((4, 6), normalization=normalization, **QUICK).fit(*digits)
    export_onnx(model, path, X=digits[0])
    assert_same(path, model, digits[0])


def test_batch_normalization_that_no_convolution_can_take_in(digits, path):
    model = CNNClassifier((4, 6), **QUICK).fit(*digits)
    model.net_.module_.blocks[0].norm.weight.data[0] = -1.5
    export_onnx(model, path, X=digits[0])
    assert_same(path, model, digits[0])


@pytest.mark.parametrize(
    "parameters",
    [
        {"image_shape": (4, 16), "kernel_size": 5},
        {"image_shape": (4, 4, 4), "pooling": (3, 1)},
        {"image_shape": (1, 1, 64), "kernel_size": (1, 3)},
        {"hidden_layer_sizes": (7, 5), "label_smoothing": 0.3, "dropout": 0.5},
    ],
    ids=["rectangle", "channels", "line", "dense layers and sharpness"],
)
@pytest.mark.parametrize("dtype", ["uint8", "float64"])
def test_every_shape_and_dtype(parameters, dtype, digits, path):
    X = digits[0].astype(dtype)
    model = CNNClassifier((4, 6), **QUICK, **parameters).fit(X, digits[1])
    export_onnx(model, path)
    assert_same(path, model, X)


@pytest.mark.parametrize("classifier", [ANNClassifier((4,), **QUICK), SVC()], ids=["ann", "svc"])
@pytest.mark.parametrize(
    "make_labels",
    [
        lambda y: y * 7 - 3,
        lambda y: y.astype(np.uint8),
        lambda y: y.astype(float),
        lambda y: y > 4,
        lambda y: np.array(["zéro", "one"])[y % 2],
        lambda y: np.array(list("abcdefghij"), dtype=object)[y],
        lambda y: np.array(y.tolist(), dtype=object).astype(str),
    ],
    ids=["gaps", "uint8", "float", "boolean", "text", "objects", "digits as text"],
)
def test_labels_come_back(classifier, make_labels, digits, path):
    X, labels = digits[0], make_labels(digits[1])
    model = classifier.fit(X, labels)
    export_onnx(model, path, X=X)
    found = run(path, X)["label"]
    assert_array_equal(found, model.predict(X))
    assert (found.dtype == bool) == (labels.dtype == bool)


def test_the_file_says_what_its_columns_are(digits, path):
    labels = np.array(["no", "yes"])[digits[1] % 2]
    export_onnx(ANNClassifier((4,), **QUICK).fit(digits[0], labels), path)
    properties = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    assert json.loads(properties["classes"]) == ["no", "yes"]


def test_its_dimensions_have_names_and_its_opset_is_the_one_documented(digits, path):
    export_onnx(ANNClassifier((4,), **QUICK).fit(*digits), path)
    session = onnxruntime.InferenceSession(path)
    (pixels,), (label, probabilities) = session.get_inputs(), session.get_outputs()
    assert (pixels.name, pixels.shape, pixels.type) == ("pixels", ["n_images", 64], "tensor(float)")
    assert (label.name, label.shape) == ("label", ["n_images"])
    assert (probabilities.name, probabilities.shape) == ("probabilities", ["n_images", 10])
    versions = {entry.domain: entry.version for entry in onnx.load(path).opset_import}
    assert versions[""] <= 18
    assert versions.get("ai.onnx.ml", 0) <= 3


def test_images_of_a_pipeline_that_begins_with_them_are_rows_of_the_file(digits, path):
    images = digits[0].reshape(-1, 8, 8)
    model = make_pipeline(ImageReshaper(), CNNClassifier((4,), **QUICK)).fit(images, digits[1])
    export_onnx(model, path, X=images)
    assert_same(path, model, images)


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(ImageReshaper((8, 8)), CNNClassifier((4,), **QUICK)),
        make_pipeline(MinMaxScaler(), ANNClassifier((8,), **QUICK)),
        make_pipeline(StandardScaler(), PCA(20), ImageReshaper(), ANNClassifier((8,), **QUICK)),
        make_pipeline("passthrough", Binarizer(threshold=7), ANNClassifier((8,), **QUICK)),
        make_pipeline(
            FeatureUnion([("a", PCA(3)), ("b", MinMaxScaler())]), ANNClassifier((8,), **QUICK)
        ),
        make_pipeline(MinMaxScaler(), GaussianNB()),
        make_pipeline(StandardScaler(), RandomForestClassifier(20, random_state=0)),
        make_pipeline(MinMaxScaler(), CalibratedClassifierCV(SVC(), ensemble=False, cv=2)),
        GridSearchCV(
            make_pipeline(MinMaxScaler(), ANNClassifier((8,), **QUICK)),
            {"annclassifier__alpha": [0.1]},
            cv=2,
        ),
    ],
    ids=lambda model: "-".join(name for name, _ in getattr(model, "steps", [("search", None)])),
)
def test_whole_pipelines(model, digits, path):
    X = digits[0]
    model.fit(X, digits[1])
    difference = export_onnx(model, path, X=X)
    assert difference == pytest.approx(
        np.abs(run(path, X)["probabilities"] - model.predict_proba(X)).max(), abs=1e-6
    )
    assert_same(path, model, X)


@pytest.mark.parametrize("kernel", ["linear", "poly", "rbf", "sigmoid"])
@pytest.mark.parametrize("shape", ["ovr", "ovo"])
def test_an_svm_gives_its_decision_values(kernel, shape, digits, path):
    svm = SVC(kernel=kernel, decision_function_shape=shape, coef0=0.5)
    model = make_pipeline(MinMaxScaler(), svm).fit(*digits)
    assert export_onnx(model, path) < 1e-6
    found = run(path, digits[0])
    assert_allclose(found["scores"], model.decision_function(digits[0]), atol=1e-5)
    assert_array_equal(found["label"], model.predict(digits[0]))


def test_scores_of_a_linear_svm(digits, path):
    X = digits[0] / 16
    model = LinearSVC().fit(X, digits[1])
    export_onnx(model, path, X=X)
    assert_allclose(run(path, X)["scores"], model.decision_function(X), atol=1e-5)


def test_of_two_classes_without_probabilities_the_label_is_left(digits, path):
    X, y = digits[0], digits[1] > 4
    model = SVC().fit(X, y)
    assert export_onnx(model, path, X=X) is None
    found = run(path, X)
    assert list(found) == ["label"]
    assert_array_equal(found["label"], model.predict(X))


@pytest.mark.parametrize("n_images", BATCHES)
def test_any_batch(n_images, digits, path):
    X = np.resize(digits[0], (n_images, 64))
    model = make_pipeline(ImageReshaper(), CNNClassifier((4, 6), **QUICK)).fit(*digits)
    export_onnx(model, path)
    assert_same(path, model, X)


def test_column_names_are_no_obstacle(digits, path):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(digits[0], columns=[f"pixel{i}" for i in range(64)])
    model = make_pipeline(MinMaxScaler(), ANNClassifier((4,), **QUICK)).fit(frame, digits[1])
    assert export_onnx(model, path) < 1e-5
    assert export_onnx(model, path, X=frame) < 1e-5


def test_the_same_model_is_the_same_file(digits, tmp_path):
    model = make_pipeline(MinMaxScaler(), CNNClassifier((4,), **QUICK)).fit(*digits)
    paths = tmp_path / "a.onnx", tmp_path / "b.onnx"
    for path in paths:
        export_onnx(model, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            make_pipeline(CharacterNormalizer(8, box=6), ANNClassifier((4,), **QUICK)),
            r"cannot write CharacterNormalizer, .* export the steps behind it, model\[1:\]",
        ),
        (
            make_pipeline(Deskewer(), HOGFeatures(), SVC()),
            r"cannot write Deskewer, .* model\[2:\], and give the file what model\[:2\]",
        ),
        (make_pipeline(PCA(5), NearestCentroid()), r"NearestCentroid, .* no converter"),
        (
            CalibratedClassifierCV(ANNClassifier((4,), **QUICK), cv=2),
            "cannot write CalibratedClassifierCV around ANNClassifier",
        ),
        (
            CalibratedClassifierCV(GaussianNB(), cv=2, method="temperature"),
            r"cannot write CalibratedClassifierCV as it is set: skl2onnx stumbles over",
        ),
        (
            SVC(kernel=lambda a, b: a @ b.T),
            r"cannot write SVC as it is set: skl2onnx stumbles over",
        ),
        (make_pipeline(MinMaxScaler(), PCA(3)), r"expects a classifier .* that ends in PCA\."),
    ],
    ids=["normalizer", "hog", "no converter", "wrapped", "temperature", "kernel", "transformer"],
)
def test_what_onnx_cannot_say_is_refused_by_name(model, message, digits, path):
    X, y = digits
    model.fit(X[:100], y[:100])
    with pytest.raises(TypeError, match=message):
        export_onnx(model, path, X=X)
    assert not path.exists()


def test_a_page_reader_names_its_estimator(path):
    reader = PageReader(load_pretrained("cnn-mnist"))
    with pytest.raises(TypeError, match=r"cannot write PageReader, .* export its `estimator`"):
        export_onnx(reader, path)


def test_views_of_an_image_are_refused(digits, path):
    model = CNNClassifier((4,), tta=True, **QUICK).fit(*digits)
    with pytest.raises(ValueError, match=r"CNNClassifier with tta=True, .* set tta=False"):
        export_onnx(model, path)
    export_onnx(model.set_params(tta=False), path)


def test_a_converter_that_is_wrong_writes_no_file(digits, path):
    # skl2onnx takes the nearest step of an isotonic regression, scikit-learn a line between two.
    model = CalibratedClassifierCV(GaussianNB(var_smoothing=0.1), method="isotonic", cv=2)
    model.fit(*digits)
    path.write_text("what was there")
    with pytest.raises(ValueError, match=r"would differ from CalibratedClassifierCV .* by 0\.\d"):
        export_onnx(model, path, X=digits[0])
    assert path.read_text() == "what was there"
    assert export_onnx(model, path, verify=False) is None
    assert np.abs(run(path, digits[0])["probabilities"] - model.predict_proba(digits[0])).max() > (
        1e-3
    )


def test_a_check_on_nothing_is_none(digits, path):
    model = make_pipeline(Normalizer(), GaussianNB()).fit(*digits)
    with pytest.raises(ValueError, match="expects rows X to compare the model with Normalizer > G"):
        export_onnx(model, path)
    assert not path.exists()


def test_made_rows_are_near_call_and_of_many_classes(digits):
    from skdigits.persistence._onnx_rows import make_rows

    model = make_pipeline(MinMaxScaler(), CNNClassifier((8, 8), max_iter=10, random_state=0))
    model.fit(*digits)
    probabilities = model.predict_proba(make_rows([step for _, step in model.steps]))
    assert (probabilities.max(axis=1) < 0.99).mean() > 0.5
    assert len(np.unique(probabilities.argmax(axis=1))) > 2


def test_an_unfitted_model_is_refused(path):
    with pytest.raises(NotFittedError):
        export_onnx(ANNClassifier(), path)


def test_a_missing_package_is_named(digits, path, monkeypatch):
    model = ANNClassifier((4,), **QUICK).fit(*digits)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ImportError, match=r'onnxruntime: pip install "skdigits\[onnx\]"'):
        export_onnx(model, path)
    assert export_onnx(model, path, verify=False) is None


def test_nothing_is_registered_in_skl2onnx_for_others(digits, path):
    from skl2onnx import get_model_alias, supported_converters

    before = supported_converters()
    export_onnx(make_pipeline(MinMaxScaler(), ANNClassifier((4,), **QUICK)).fit(*digits), path)
    assert supported_converters() == before
    with pytest.raises(RuntimeError, match="Unable to find alias"):
        get_model_alias(ANNClassifier)


@pytest.mark.slow
def test_the_file_runs_without_skdigits_or_torch(digits, path):
    model = make_pipeline(MinMaxScaler(), CNNClassifier((4,), **QUICK)).fit(*digits)
    export_onnx(model, path)
    code = (
        "import sys, numpy, onnxruntime\n"
        "session = onnxruntime.InferenceSession(sys.argv[1])\n"
        "session.run(None, {'pixels': numpy.zeros((3, 64), numpy.float32)})\n"
        "print(*{'torch', 'sklearn', 'skdigits'} & set(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == []


@pytest.fixture(scope="module")
def mnist():
    """10,000 test images of MNIST, and 3,000 training images with their labels."""
    try:
        test = fetch_mnist(subset="test", download_if_missing=False)
        train = fetch_mnist(subset="train", download_if_missing=False)
    except OSError:
        pytest.skip("MNIST is not in the data home")
    return test.data, train.data[:3000], train.target[:3000]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "n_images"),
    [
        (make_pipeline(ImageReshaper(), CNNClassifier(**QUICK)), 3000),
        (make_pipeline(MinMaxScaler(), ANNClassifier(**QUICK)), 3000),
        (make_pipeline(MinMaxScaler(), CALIBRATED_SVC), 1000),
    ],
    ids=["cnn", "ann", "svc"],
)
def test_it_agrees_on_the_whole_test_set_of_mnist(model, n_images, mnist, path):
    X_test, X, y = mnist
    model.fit(X[:n_images], y[:n_images])
    assert export_onnx(model, path) <= 1e-5
    assert_agreement_in_batches(path, model, X_test)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cnn-mnist", "ann-mnist"])
def test_a_pretrained_net_agrees_on_the_whole_test_set_of_mnist(name, mnist, path):
    normalizer, model = (step for _, step in load_pretrained(name).steps)
    assert export_onnx(model, path) <= 1e-5
    X_test = normalizer.transform(mnist[0].reshape(-1, 28, 28))
    assert_agreement_in_batches(path, model, X_test)


def assert_agreement_in_batches(path, model, X):
    """Check all of `X` one by one, and in batches of 7 and 1,000."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    expected = model.predict_proba(X)
    rows = X.astype(np.float32)
    for size in BATCHES:
        batches = np.split(rows, range(size, len(rows), size))
        found = [session.run(["probabilities"], {"pixels": batch})[0] for batch in batches]
        assert_allclose(np.concatenate(found), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("breaks_ties", [True, False])
@pytest.mark.parametrize("shape", ["ovr", "ovo"])
def test_an_svm_that_breaks_ties_and_one_that_does_not(breaks_ties, shape, path):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 4)).astype(np.float32), rng.integers(0, 4, 300)
    if breaks_ties and shape == "ovo":
        pytest.skip("scikit-learn has no such SVM")
    model = SVC(C=5, break_ties=breaks_ties, decision_function_shape=shape).fit(X, y)
    others = (1.5 * rng.normal(size=(2000, 4))).astype(np.float32)
    export_onnx(model, path, X=X)
    assert_array_equal(run(path, others)["label"], model.predict(others))


def test_a_converter_that_is_right_on_the_training_rows_alone_is_found_out(path):
    X, y = (part[:600] for part in load_digits(return_X_y=True))
    stacked = StackingClassifier([("bayes", GaussianNB())], cv=2)
    model = make_pipeline(MinMaxScaler(), stacked).fit(X, y)
    with pytest.raises(ValueError, match="has written nothing, as the model would differ"):
        export_onnx(model, path, X=X)


@pytest.mark.filterwarnings("ignore:.*:RuntimeWarning")
def test_a_step_without_a_way_back_asks_for_rows(path):
    X, y = (part[:600] for part in load_digits(return_X_y=True))
    model = make_pipeline(PowerTransformer(), ANNClassifier((4,), **QUICK)).fit(X, y)
    with pytest.raises(ValueError, match="expects rows X to compare the model with Power"):
        export_onnx(model, path)
