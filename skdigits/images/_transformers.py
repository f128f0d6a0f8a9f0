"""Transformers between rows of pixels and images, for scikit-learn Pipelines."""

from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from skdigits._callback_support import (
    CallbackSupportMixin,
    reported_fit,
    with_callbacks,
)
from skdigits._documentation import DocumentationLinkMixin
from skdigits._validation import (
    check_image_rows,
    fit_context,
    get_namespace,
    infer_image_shape,
    keep_fit_on_error,
    outputs_data_frame,
    with_channels,
)


class ImageReshaper(
    DocumentationLinkMixin,
    CallbackSupportMixin,
    OneToOneFeatureMixin,
    TransformerMixin,
    BaseEstimator,
):
    """Turn rows of pixels into images, and images back into rows.

    scikit-learn's contract is a table: one image a row, one pixel a column. Networks, plots and
    image libraries want ``(n_samples, height, width)``. This transformer stands between the two
    and checks the width of everything that passes.

    Parameters
    ----------
    image_shape : tuple of int, default=None
        ``(height, width)``, or ``(channels, height, width)`` with the channels' planes one
        after another in a row. None infers a square from the number of pixels; rows whose
        length is no square number are then left as they are.

    Attributes
    ----------
    image_shape_ : tuple of int
        Shape of one transformed sample. ``(n_features_in_,)`` where rows stay rows.
    n_features_in_ : int
        Pixels in an image.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the pixels, when `X` has column names that are all strings.

    See Also
    --------
    CNNClassifier : Takes both rows and images.

    Notes
    -----
    Nothing is copied where NumPy can give a view. A data frame has two dimensions only: with
    ``set_output(transform="pandas")`` (or ``"polars"``) the checked pixels stay columns, which
    :class:`CNNClassifier` takes just as well.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdigits import ImageReshaper
    >>> X, _ = load_digits(return_X_y=True)
    >>> reshaper = ImageReshaper().fit(X)
    >>> images = reshaper.transform(X)
    >>> X.shape, images.shape
    ((1797, 64), (1797, 8, 8))
    >>> reshaper.inverse_transform(images).shape
    (1797, 64)
    """

    _parameter_constraints = {"image_shape": [tuple, list, None]}

    def __init__(self, image_shape=None):
        self.image_shape = image_shape

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn the shape of the images and check it against `X`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_pixels) or (n_samples, *image_shape)
            Images, as rows or as they are.
        y : None
            Ignored.

        Returns
        -------
        self : ImageReshaper
            The fitted transformer.

        Raises
        ------
        ValueError
            If the rows of `X` do not have as many pixels as `image_shape`.
        """
        with keep_fit_on_error(self), reported_fit(self, X=X, y=y):
            rows, given_shape = self._check(X, reset=True)
            self.image_shape_ = tuple(map(int, self._output_shape(rows.shape[1], given_shape)))
            self._refuse_another_shape(given_shape)
        return self

    def transform(self, X):
        """Return rows as images; images pass through.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features_in_) or (n_samples, *image_shape_)
            Images, as rows or as they are.

        Returns
        -------
        images : ndarray of shape (n_samples, *image_shape_)
            The same pixels, in the same dtype.

        Raises
        ------
        ValueError
            If the rows of `X` do not have `n_features_in_` pixels.
        """
        check_is_fitted(self)
        rows = self._check_fitted_images(X)
        if outputs_data_frame(self):
            return rows
        xp, _ = get_namespace(rows)
        return xp.reshape(rows, (rows.shape[0], *self.image_shape_))

    def inverse_transform(self, X):
        """Return images as rows; rows pass through.

        Parameters
        ----------
        X : array-like of shape (n_samples, *image_shape_) or (n_samples, n_features_in_)
            Images, as they are or as rows.

        Returns
        -------
        rows : ndarray of shape (n_samples, n_features_in_)
            The same pixels, in the same dtype.
        """
        check_is_fitted(self)
        return self._check_fitted_images(X)

    def _check(self, X, *, reset):
        return check_image_rows(self, X, reset=reset, accept_sparse=False)

    def _check_fitted_images(self, X):
        rows, given_shape = self._check(X, reset=False)
        self._refuse_another_shape(given_shape)
        return rows

    def _refuse_another_shape(self, given_shape):
        if given_shape is None:
            return
        expected = self.image_shape_ if len(self.image_shape_) > 1 else (1, *self.image_shape_)
        if with_channels(given_shape) != with_channels(expected):
            raise ValueError(
                f"{type(self).__name__} expects images of shape {self.image_shape_}, "
                f"got {given_shape}."
            )

    def _output_shape(self, n_pixels, given_shape):
        if self.image_shape is None and given_shape is not None:
            return given_shape
        shape = infer_image_shape(self.image_shape, n_pixels, who=type(self).__name__)
        if self.image_shape is not None:
            return tuple(self.image_shape)
        return (n_pixels,) if shape[1] == 1 else shape[1:]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags
