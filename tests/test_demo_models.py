"""Which models the drawing page reads with, and what each is given and answers."""

import demo_server
import numpy as np
import pytest
from demo_server import png, stroke
from sklearn.linear_model import RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from skdigits import CharacterNormalizer, Deskewer, save_model
from skdigits.app._demo_model import Recogniser, open_model
from skdigits.app._demo_refusals import Refused

model, server = demo_server.model, demo_server.server


def test_a_classifier_of_rows_gets_normalised_squares(mnist_like):
    X, y = mnist_like
    classifier = GaussianNB(var_smoothing=1).fit(X, y)
    with pytest.warns(UserWarning, match="skdigits demo takes bayes to want pixels of 0 to 255"):
        recogniser = Recogniser(classifier, "bayes")
    answer = recogniser.read(png(stroke()))
    row = CharacterNormalizer().transform([stroke()])
    np.testing.assert_array_equal(answer["seen"]["pixels"], row[0])
    np.testing.assert_allclose(answer["probabilities"], classifier.predict_proba(row)[0])


def test_a_classifier_without_probabilities_gives_its_label(digits):
    classifier = make_pipeline(CharacterNormalizer(), RidgeClassifier()).fit(*digits)
    answer = Recogniser(classifier, "ridge").read(png(stroke()))
    assert answer["probabilities"] is None
    assert answer["guess"] == str(classifier.predict([stroke()])[0])


def test_labels_of_any_kind_come_as_text(digits):
    X, y = digits
    labels = np.array([f"digit {digit}" for digit in range(10)])[y]
    classifier = make_pipeline(CharacterNormalizer(), KNeighborsClassifier()).fit(X, labels)
    recogniser = Recogniser(classifier, "words")
    assert recogniser.describe()["labels"] == [f"digit {digit}" for digit in range(10)]
    assert recogniser.read(png(stroke()))["guess"] == classifier.predict([stroke()])[0]


def test_names_of_pixels_are_given_to_a_classifier_that_has_seen_them(digits):
    pandas = pytest.importorskip("pandas")
    X = pandas.DataFrame(digits[0]).add_prefix("pixel")
    classifier = SVC().fit(X, digits[1])
    recogniser = Recogniser(classifier, "named")  # a warning would be an error
    assert recogniser.read(png(stroke()))["seen"]["width"] == 8


def test_a_classifier_of_rows_gets_the_range_that_it_was_fitted_on(digits):
    X, y = digits
    answers = [
        Recogniser(SVC(gamma="scale").fit(X * scale, y), "svm").read(png(stroke()))
        for scale in (1 / X.max(), 16 / X.max(), 255 / X.max())
    ]
    assert answers[0] == answers[1] == answers[2]
    assert max(answers[0]["seen"]["pixels"]) == 255


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (make_pipeline(Deskewer(), KNeighborsClassifier()), "it begins with a Deskewer"),
        (
            KNeighborsClassifier().fit(np.eye(10), range(10)),
            "a model of square images, .* takes rows of 10 pixels",
        ),
        (
            make_pipeline(CharacterNormalizer(8, box=6), KNeighborsClassifier(9)),
            "cannot read with it",
        ),
    ],
)
def test_a_model_that_reads_no_pictures_is_refused(estimator, message):
    if hasattr(estimator, "steps"):
        estimator[-1].fit(np.eye(10), range(10))  # of rows that the normaliser does not make
    with pytest.raises(ValueError, match=message):
        Recogniser(estimator, "it")


def test_a_damaged_picture_is_refused_by_the_recogniser_itself(server):
    with pytest.raises(Refused, match="damaged"):
        server.recogniser.read(png(stroke())[:150])


def test_a_file_of_a_model_is_read_with(model, tmp_path):
    pytest.importorskip("skops")
    recogniser = open_model(str(save_model(model, tmp_path / "mine.safetensors")))
    assert recogniser.describe()["name"] == "mine.safetensors"
    answer = recogniser.read(png(stroke()))
    np.testing.assert_array_equal(answer["probabilities"], model.predict_proba([stroke()])[0])


def test_the_pretrained_model_reads_a_stroke_as_one():
    assert open_model("cnn-mnist").read(png(stroke()))["guess"] == "1"
