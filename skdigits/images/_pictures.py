"""What the transformers of pictures share: X as pictures, one after another."""

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.pipeline import Pipeline

from skdigits._callback_support import CallbackSupportMixin, reported_fit, with_callbacks
from skdigits._documentation import DocumentationLinkMixin
from skdigits._validation import (
    check_image_rows,
    fit_context,
    infer_image_shape,
    keep_fit_on_error,
)
from skdigits.images._reading import is_file_or_image, is_picture, read_picture

_CHANNELS = (1, 2, 3, 4)
_COLOURS = (3, 4)
_ONE_PICTURE = (1, *_COLOURS)  # as the last of three sides


class PictureTransformer(
    DocumentationLinkMixin,
    ClassNamePrefixFeaturesOutMixin,
    CallbackSupportMixin,
    TransformerMixin,
    BaseEstimator,
):
    """Base of transformers that turn every picture into a row, and learn nothing.

    A subclass has the parameters `image_shape` and `max_pixels`; the method `_transform`, which
    takes an iterator over grey pictures and how many there are; and `_count_features_out`.
    """

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Check `X`; there is nothing to learn.

        Parameters
        ----------
        X : pictures
            As :meth:`transform` takes them. Files are not read yet.
        y : None
            Ignored.

        Returns
        -------
        self : object
            The transformer.

        Raises
        ------
        ValueError
            If a parameter or `X` is not as described.
        """
        with keep_fit_on_error(self), reported_fit(self, X=X, y=y):
            self._sources(X, reset=True)
            self._n_features_out = self._count_features_out()
        return self

    def transform(self, X):
        """Transform pictures.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_pixels), or pictures
            Rows of pixels; images of shape (n_samples, height, width[, channels]); a path, a
            Pillow image or a picture (height, width, channels); or a list of paths, Pillow images
            and arrays, of any sizes. A single grey picture (height, width) goes in a list: it
            would be rows of pixels.

        Returns
        -------
        rows : ndarray of shape (n_samples, n_features)
            A row for every picture.

        Raises
        ------
        OSError
            If a file cannot be opened.
        ValueError
            If a file is no picture or damaged, a picture is larger than `max_pixels`, or a pixel
            is not finite.
        """
        self._validate_params()
        sources = self._sources(X, reset=False)
        return self._transform(map(self._read, sources), len(sources))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.transformer_tags.preserves_dtype = []
        return tags

    def _read(self, source):
        return read_picture(source, max_pixels=self.max_pixels, who=type(self).__name__)

    def _sources(self, X, *, reset):
        """Return what `read_picture` takes, one for every picture."""
        sources = _listed(X)
        if sources is None:
            return self._rows_as_images(X, reset=reset)
        for name in ("n_features_in_", "feature_names_in_"):
            if reset and hasattr(self, name):
                delattr(self, name)
        return sources

    def _rows_as_images(self, X, *, reset):
        rows, _ = check_image_rows(self, X, reset=reset, accept_sparse=False)
        shape = infer_image_shape(self.image_shape, rows.shape[1], who=type(self).__name__)
        return _channels_last(rows.reshape(-1, *shape))


def takes_pictures(estimator):
    """Whether an estimator, or a search's best, begins with a transformer of pictures."""
    estimator = getattr(estimator, "best_estimator_", estimator)
    return isinstance(estimator, Pipeline) and isinstance(estimator[0], PictureTransformer)


def _listed(X):
    """Return pictures one by one, or None where `X` is rows of pixels."""
    if is_file_or_image(X):
        return [X]
    if isinstance(X, list | tuple):
        return list(X) if any(is_picture(part) for part in X) else None
    n_dimensions = getattr(X, "ndim", 2)
    if n_dimensions == 1 and len(X) and all(map(is_file_or_image, X)):
        return list(X)
    if n_dimensions == 3:
        return [X] if X.shape[2] in _ONE_PICTURE else np.asarray(X)
    return _channels_last(np.asarray(X)) if n_dimensions == 4 else None


def _channels_last(images):
    if images.shape[3] in _CHANNELS and images.shape[1] not in _ONE_PICTURE:
        return images
    return np.moveaxis(images, 1, 3)
