"""DATA on the command line: a data set by its name, or a folder of pictures."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from skdigits.app._data_table import DATA_NAMES, DATA_SETS
from skdigits.datasets import load_image_folder

_N_DIGITS_TRAIN = 1_437  # of 1,797: four fifths; the rest was written by other people
_N_NAMED = 20  # labels in a message


@dataclass(frozen=True)
class LabelledData:
    """Pictures and what they show.

    Parameters
    ----------
    title : str
        What they are, for a reader.
    pictures : ndarray
        uint8 images of shape (n_samples, height, width), or paths of shape (n_samples,).
    labels : ndarray of shape (n_samples,)
        What they show.
    """

    title: str
    pictures: np.ndarray
    labels: np.ndarray

    @property
    def are_files(self):
        """Whether the pictures are paths."""
        return self.pictures.ndim == 1

    def take(self, rows):
        """Return some of the pictures."""
        return LabelledData(self.title, self.pictures[rows], self.labels[rows])


def load_labelled(text, *, subset, data_home=None, who):
    """Load the pictures and labels that DATA stands for.

    Parameters
    ----------
    text : str
        A name of :data:`skdigits.app._data_table.DATA_NAMES`; or a folder of pictures or a CSV
        file, as :func:`skdigits.datasets.load_image_folder` takes them.
    subset : {"train", "test"}
        The part of a data set; a folder is taken whole.
    data_home : str or path-like, default=None
        See :func:`skdigits.datasets.fetch_mnist`.
    who : str
        The command that an error speaks for.

    Returns
    -------
    LabelledData
        Images, or the paths of pictures that are not opened yet.

    Raises
    ------
    ImportError
        If a package is missing that downloads or reads a data set.
    OSError
        If it cannot be downloaded or read.
    ValueError
        If there is no such data, or it is damaged.

    Examples
    --------
    >>> from skdigits.app._labelled_data import load_labelled
    >>> data = load_labelled("digits", subset="test", who="example")
    >>> data.title, data.pictures.shape, data.pictures.max()
    ('digits, test images', (360, 8, 8), np.uint8(255))
    """
    if data_home is not None and text not in DATA_SETS:
        raise ValueError(f"{who} takes --data-home for {', '.join(DATA_SETS)}, got {text!r}.")
    title = f"{text}, {'training' if subset == 'train' else 'test'} images"
    if text == "digits":
        return LabelledData(title, *_load_digits(subset))
    if text in DATA_SETS:
        bunch = DATA_SETS[text].fetch(data_home=data_home, subset=subset)
        return LabelledData(title, bunch.images, bunch.target_names[bunch.target])
    if not Path(text).exists():
        raise ValueError(
            f"{who} expects DATA to be {', '.join(DATA_NAMES)}, a folder with a sub-folder of "
            f"pictures for every label, or a CSV file of paths and labels, got {text!r}."
        )
    paths, labels = load_image_folder(text, return_X_y=True)
    return LabelledData(f"pictures of {Path(text).resolve().name}", paths, labels)


def _load_digits(subset):
    digits = load_digits()
    part = slice(_N_DIGITS_TRAIN) if subset == "train" else slice(_N_DIGITS_TRAIN, None)
    # As bright as pictures are: a model of them then reads photos too.
    images = np.rint(digits.images[part] * (255 / 16)).astype(np.uint8)
    return images, digits.target[part]


def match_labels(data, classes, *, model, who):
    """Return labels as a classifier has them: those of a folder are text, its own may be numbers.

    Parameters
    ----------
    data : LabelledData
        Pictures with labels.
    classes : ndarray
        What the classifier knows.
    model : str
        Its name, for a message.
    who : str
        The command that an error speaks for.

    Returns
    -------
    ndarray of shape (n_samples,)
        The labels, of the type of `classes`.

    Raises
    ------
    ValueError
        If the classifier does not know one of them.

    Examples
    --------
    >>> import numpy as np
    >>> from skdigits.app._labelled_data import LabelledData, match_labels
    >>> data = LabelledData("two", np.array(["a.png", "b.png"]), np.array(["7", "1"]))
    >>> match_labels(data, np.arange(10), model="cnn-mnist", who="example")
    array([7, 1])
    """
    known = {str(label): label for label in classes.tolist()}
    texts = [str(label) for label in data.labels.tolist()]
    unknown = sorted(set(texts) - known.keys())
    if unknown:
        more = ", ..." if len(known) > _N_NAMED else ""
        raise ValueError(
            f"{who} expects labels that {model} knows ({', '.join([*known][:_N_NAMED])}{more}), "
            f"got {unknown[0]!r} in {data.title}."
        )
    return np.array([known[text] for text in texts], dtype=classes.dtype)
