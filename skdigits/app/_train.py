"""What ``skdigits train`` does, as functions that know nothing of a terminal."""

import errno
import math
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline

from skdigits.app._evaluate import Evaluation, evaluate_model
from skdigits.app._labelled_data import LabelledData, match_labels
from skdigits.app._model_card import is_card, write_card
from skdigits.app._rows import rows_like
from skdigits.images import CharacterNormalizer
from skdigits.images._pictures import takes_pictures
from skdigits.persistence import save_model

WHO = "skdigits train"
SUFFIX = ".safetensors"
_N_PICTURES = 200  # transformed at a time, between two moves of a bar
_N_PASSES = 40  # over pictures that a trained model goes on with, unless told otherwise
_SMALL_RATE = 1e-3  # a trained net keeps what it knows


@dataclass(frozen=True)
class Trained:
    """A model and how it came about.

    Parameters
    ----------
    model : estimator instance
        The fitted classifier, or a Pipeline that ends in one.
    training, held_out : LabelledData
        What it has seen and what it has not.
    evaluation : Evaluation or None
        How well it reads what it has not seen; None where nothing was held out.
    seconds : float
        How long the training took.
    started_from : str or None
        The name of the model that it was before.
    epochs : int or None
        Passes over the pictures, where it went on from another model.
    """

    model: object
    training: LabelledData
    held_out: LabelledData
    evaluation: Evaluation | None
    seconds: float
    started_from: str | None = None
    epochs: int | None = None


def check_out(path):
    """Raise if a model cannot be written to a path, before the work that training takes.

    Parameters
    ----------
    path : str or path-like
        The file of a model.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OSError
        If its folder does not exist or cannot be written into.
    ValueError
        If its name does not end in ``.safetensors``, or what has the card's name is no card.
    """
    path = Path(path)
    if path.suffix != SUFFIX:
        raise ValueError(f"{WHO} expects --out to end in {SUFFIX}, got {str(path)!r}.")
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{WHO} expects the folder of --out, {path.parent} does not exist.")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise PermissionError(f"cannot write into the folder {path.parent}.")
    card = path.with_suffix(".md")
    if card.exists() and not is_card(card):
        raise ValueError(
            f"{WHO} writes a card beside the model, and {card}, which is none, stays as it is: "
            "give --out another name."
        )
    return path


def hold_out(data, share, *, seed):
    """Split pictures into those to train on and those to measure on, each label alike.

    Parameters
    ----------
    data : LabelledData
        All pictures.
    share : float
        Share to measure on, 0 to 0.5; at least a picture of each label, unless it is 0.
    seed : int
        What shuffles them.

    Returns
    -------
    training, held_out : LabelledData
        The parts.

    Raises
    ------
    ValueError
        If there is one label only, or a label has a single picture.

    Examples
    --------
    >>> from skdigits.app._labelled_data import load_labelled
    >>> from skdigits.app._train import hold_out
    >>> data = load_labelled("digits", subset="train", who="example")
    >>> [len(part.labels) for part in hold_out(data, 0.1, seed=0)]
    [1293, 144]
    """
    names, counts = np.unique(data.labels, return_counts=True)
    if len(names) < 2:
        raise ValueError(f"{WHO} expects two labels at least, {data.title} have one, {names[0]!s}.")
    if share == 0:
        return data, data.take(slice(0))
    if counts.min() < 2:
        raise ValueError(
            f"{WHO} expects two pictures of every label, one to measure on, {data.title} have one "
            f"of {names[counts.argmin()]!s}; --hold-out 0 measures nothing."
        )
    n_held_out = max(math.ceil(share * len(data.labels)), len(names))
    training, held_out = train_test_split(
        np.arange(len(data.labels)), test_size=n_held_out, stratify=data.labels, random_state=seed
    )
    return data.take(training), data.take(held_out)


def make_net(kind, *, epochs=None, augment=None, seed=0):
    """Make a network that is not fitted yet.

    Parameters
    ----------
    kind : {"cnn", "ann"}
        Convolutional or dense.
    epochs : int, default=None
        Passes over the pictures; None leaves it to the classifier.
    augment : {"none", "light", "strong"}, default=None
        Random changes of the pictures; None leaves it to the classifier.
    seed : int, default=0
        Its random state.

    Returns
    -------
    ANNClassifier or CNNClassifier
        With the parameters given, the others at their defaults.

    Examples
    --------
    >>> from skdigits.app._train import make_net
    >>> make_net("cnn", epochs=5)
    CNNClassifier(max_iter=5, random_state=0)
    """
    from skdigits.neural import ANNClassifier, CNNClassifier  # here, as torch takes seconds

    net = {"ann": ANNClassifier, "cnn": CNNClassifier}[kind](random_state=seed)
    if epochs is not None:
        net.set_params(max_iter=epochs)
    if augment is not None:
        net.set_params(augment=None if augment == "none" else augment)
    return net


def train_model(net, data, *, normalize, share, seed, on_step=None):
    """Train a network and measure it on pictures that it has not seen.

    Parameters
    ----------
    net : ANNClassifier or CNNClassifier
        What to fit.
    data : LabelledData
        Pictures with labels.
    normalize : bool
        Whether to put a CharacterNormalizer in front; files have it anyhow.
    share : float
        Share of the pictures that is held out.
    seed : int
        What chooses the pictures that are held out.
    on_step : callable, default=None
        Called as ``on_step(what, n_done, n_all)`` from time to time.

    Returns
    -------
    Trained
        The model, and how well it did.

    Raises
    ------
    OSError, ValueError
        If a picture cannot be read, or the data cannot be trained on.
    """
    training, held_out = hold_out(data, share, seed=seed)
    start = time.perf_counter()
    if normalize or data.are_files:
        normalizer = CharacterNormalizer()
        rows = _transform(normalizer, training.pictures, on_step)
        _fit(net, rows, training.labels, on_step)
        model = make_pipeline(normalizer.fit(training.pictures), net)
    else:
        rows = training.pictures.reshape(len(training.pictures), -1)
        model = _fit(net, rows, training.labels, on_step)
    return _measured(model, training, held_out, start)


def train_on(model, data, *, epochs, share, seed, name, on_step=None):
    """Let a trained model go on learning, on pictures of the labels that it knows.

    Parameters
    ----------
    model : estimator instance
        A fitted network, or a Pipeline of a transformer of pictures and one. It is changed.
    data : LabelledData
        Pictures with labels.
    epochs : int or None
        Passes over the pictures; None for 40.
    share : float
        Share of the pictures that is held out.
    seed : int
        What chooses the pictures that are held out.
    name : str
        What a message calls the model.
    on_step : callable, default=None
        Called as ``on_step(what, n_done, n_all)`` from time to time.

    Returns
    -------
    Trained
        The model, and how well it did.

    Raises
    ------
    OSError, ValueError
        If a picture cannot be read, the model does not know a label, cannot take such pictures,
        or cannot be trained on.
    """
    net = _net_of(model, name)
    if data.are_files and not takes_pictures(model):
        raise ValueError(
            f"{WHO} expects --start-from to be a model that begins with a CharacterNormalizer "
            f"where DATA is a folder of pictures, {name} takes rows of pixels."
        )
    training, held_out = hold_out(data, share, seed=seed)
    labels = match_labels(training, model.classes_, model=name, who=WHO)
    start = time.perf_counter()
    if takes_pictures(model):
        rows = _transform(model[:-1], training.pictures, on_step)
    else:
        adapt = rows_like(model, name=name, who=WHO)
        rows = adapt(training.pictures.reshape(len(training.pictures), -1))
    net.set_params(learning_rate_init=_SMALL_RATE)
    n_passes = epochs or _N_PASSES
    for n_done in range(n_passes):
        net.partial_fit(rows, labels)
        _tell(on_step, "training", n_done + 1, n_passes)
    trained = _measured(model, training, held_out, start)
    return replace(trained, started_from=Path(name).stem, epochs=n_passes)


def save_trained(trained, path, *, command):
    """Write a model and, beside it, its card.

    Parameters
    ----------
    trained : Trained
        What was trained.
    path : Path
        The file of the model.
    command : str
        What made it, for the card.

    Returns
    -------
    list of Path
        The model and the card.
    """
    card = path.with_suffix(".md")
    save_model(trained.model, path)
    write_card(trained, card, name=path.stem, command=command)
    return [path, card]


def _net_of(model, name):
    """Return the network that a model ends in, which can be trained on."""
    net = model[-1] if isinstance(model, Pipeline) else model
    if not hasattr(net, "partial_fit") or not hasattr(net, "net_"):
        raise ValueError(
            f"{WHO} expects --start-from to be a network, {name} is a {type(net).__name__}."
        )
    return net


def _transform(transformer, pictures, on_step):
    """Return the rows that a transformer makes of pictures, some at a time."""
    rows = []
    for start in range(0, len(pictures), _N_PICTURES):
        rows.append(transformer.transform(pictures[start : start + _N_PICTURES]))
        _tell(on_step, "normalizing", min(start + _N_PICTURES, len(pictures)), len(pictures))
    return np.concatenate(rows)


def _fit(net, rows, labels, on_step):
    """Fit a network; scikit-learn 1.9 and newer tell of every epoch."""
    if on_step is None or not hasattr(net, "set_callbacks"):
        return net.fit(rows, labels)
    net.set_callbacks(_EpochCounter(on_step))
    try:
        return net.fit(rows, labels)
    finally:
        net.set_callbacks()  # no part of the model


class _EpochCounter:
    """A callback of scikit-learn that counts the epochs that have ended."""

    def __init__(self, on_step):
        self._on_step, self._n_done = on_step, 0

    def setup(self, estimator, context):
        """Begin to count."""
        self._n_done = 0

    def on_fit_task_begin(self, estimator, context):
        """Do nothing: an epoch counts when it has ended."""

    def on_fit_task_end(self, estimator, context):
        """Count an epoch."""
        if context.parent is not None:
            self._n_done += 1
            self._on_step("training", self._n_done, context.parent.max_subtasks)

    def teardown(self, estimator, context):
        """Do nothing: the bar ends by itself."""


def _tell(on_step, what, n_done, n_all):
    if on_step is not None:
        on_step(what, n_done, n_all)


def _measured(model, training, held_out, start):
    seconds = time.perf_counter() - start
    evaluation = None
    if len(held_out.labels):
        evaluation = evaluate_model(model, held_out, name="the model", who=WHO)
    return Trained(model, training, held_out, evaluation, seconds)
