"""What the drawing page's server says of a picture: any classifier behind the one normaliser."""

import io
import threading
from pathlib import Path

import numpy as np

from skdigits._optional import import_optional
from skdigits.app._demo_limits import MAX_PIXELS
from skdigits.app._demo_refusals import Refused
from skdigits.app._model_argument import open_classifier, split_off_normalizer
from skdigits.images._reading import FORMATS, TooManyPixels, open_image, read_picture

_NO_PICTURE = f"This is no picture that can be read: {', '.join(FORMATS)} can."


def open_model(name, *, max_pixels=MAX_PIXELS):
    """Return what reads pictures with a model.

    Parameters
    ----------
    name : str
        A name of :func:`skdigits.list_pretrained`, or a file of :func:`skdigits.save_model`.
    max_pixels : int, default=25_000_000
        A picture of more pixels is refused.

    Returns
    -------
    Recogniser
        Ready to read.

    Raises
    ------
    ImportError
        If Pillow is not installed.
    OSError
        If the file cannot be read.
    ValueError
        If it is no model, or its model cannot read single characters.
    """
    import_optional("PIL", extra="images", who="skdigits demo")
    model = open_classifier(name, who="skdigits demo", what="--model")
    return Recogniser(model, Path(name).name, max_pixels=max_pixels)


class Recogniser:
    """Reads one picture at a time with a fitted classifier.

    Parameters
    ----------
    estimator : estimator instance
        A fitted classifier: of rows of pixels of square images, bright on black; or a Pipeline
        that begins with a CharacterNormalizer.
    name : str
        What the page calls it.
    max_pixels : int, default=25_000_000
        A picture of more pixels is refused.

    Raises
    ------
    ValueError
        If the estimator cannot read a picture.
    """

    def __init__(self, estimator, name, *, max_pixels=MAX_PIXELS):
        self.name, self.max_pixels = name, max_pixels
        self._normalizer, self._classifier = split_off_normalizer(
            estimator, name=name, who="skdigits demo"
        )
        self._labels = [str(label) for label in self._classifier.classes_.tolist()]
        self._lock = threading.Lock()
        self._try_out()

    def describe(self):
        """Return what the page says of the model: its name and labels, ready for JSON."""
        return {"name": self.name, "labels": self._labels}

    def read(self, body):
        """Return what a picture shows.

        Parameters
        ----------
        body : bytes
            A file of a picture.

        Returns
        -------
        answer : dict
            Ready for JSON. "labels": all of them; "probabilities": theirs, None where the
            classifier has none; "guess": a label, None where there is no ink; "seen": the
            "width", "height" and "pixels" (0 to 255) of what the classifier was given.

        Raises
        ------
        Refused
            If it is no picture, is damaged or too large.
        """
        with self._lock:  # one picture in memory at a time, and the processor for one prediction
            return self._answer(self._open(body))

    def wait(self, seconds):
        """Wait until nothing is being read."""
        if self._lock.acquire(timeout=seconds):
            self._lock.release()

    def _open(self, body):
        try:
            image = open_image(io.BytesIO(body), max_pixels=self.max_pixels)
        except TooManyPixels as error:
            raise _too_large(self.max_pixels) from error
        except ValueError as error:
            raise Refused(400, _NO_PICTURE) from error
        try:
            return read_picture(image, max_pixels=self.max_pixels)
        except ValueError as error:
            raise Refused(400, "This picture is damaged.") from error

    def _answer(self, picture):
        row = self._normalizer.transform([picture])
        size = self._normalizer.size
        pixels = np.asarray(row).ravel().tolist()
        guess, probabilities = self._predict(row) if any(pixels) else (None, None)
        return {
            "labels": self._labels,
            "probabilities": probabilities,
            "guess": guess,
            "seen": {"width": size, "height": size, "pixels": pixels},
        }

    def _predict(self, row):
        if not hasattr(self._classifier, "predict_proba"):
            return str(self._classifier.predict(row)[0]), None
        probabilities = np.asarray(self._classifier.predict_proba(row), dtype=float)[0]
        if not np.isfinite(probabilities).all():
            raise ValueError("its probabilities are not finite")
        return self._labels[probabilities.argmax()], probabilities.tolist()

    def _try_out(self):
        """Read a stroke, so that a model that cannot says so now, and the first answer is quick."""
        picture = np.full((60, 60), 255, dtype=np.uint8)
        picture[10:50, 28:32] = 0
        try:
            self._answer(picture)
        except Exception as error:  # whatever a stranger's model raises
            raise ValueError(f"skdigits demo cannot read with {self.name}: {error}") from error


def _too_large(max_pixels):
    return Refused(413, f"A picture may have {max_pixels:,} pixels at most; send a smaller one.")
