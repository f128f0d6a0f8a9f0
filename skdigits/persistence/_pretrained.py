"""Trained models that come with the library."""

from pathlib import Path

from skdigits.persistence._model_file import load_model

_FOLDER = Path(__file__).parent / "pretrained"
_SUFFIX = ".safetensors"


def list_pretrained():
    """Return the names of the models that come with the library.

    Returns
    -------
    list of str
        What :func:`load_pretrained` takes.

    Examples
    --------
    >>> from skdigits import list_pretrained
    >>> list_pretrained()
    ['ann-mnist', 'cnn-mnist']
    """
    return sorted(path.stem for path in _FOLDER.glob(f"*{_SUFFIX}"))


def load_pretrained(name):
    """Load a trained model that comes with the library; nothing is downloaded.

    - ``"cnn-mnist"``: a Pipeline of :class:`CharacterNormalizer` and :class:`CNNClassifier` that
      reads pictures of single digits, trained on MNIST's 60,000 training images with random
      changes of shape and of stroke width;
    - ``"ann-mnist"``: the same with an :class:`ANNClassifier`, half as large; it errs more often.

    What they were trained on, how, and how far to trust them is in their model cards, beside their
    files.

    Parameters
    ----------
    name : str
        One of :func:`list_pretrained`.

    Returns
    -------
    model : Pipeline
        Fitted; takes whatever :meth:`CharacterNormalizer.transform` takes.

    Raises
    ------
    ValueError
        If there is no model of that name.

    See Also
    --------
    PageReader : Reads whole pages with such a model.

    Examples
    --------
    >>> import numpy as np
    >>> from skdigits import load_pretrained
    >>> photo = np.full((300, 400), 200, dtype=np.uint8)
    >>> photo[50:250, 60:80] = 40  # a dark stroke on grey paper
    >>> load_pretrained("cnn-mnist").predict([photo])
    array([1])
    """
    known = list_pretrained()
    if name not in known:
        raise ValueError(f"load_pretrained expects one of {known}, got {name!r}.")
    return load_model(_FOLDER / f"{name}{_SUFFIX}")
