"""What a trained network is asked: labels, probabilities, and why."""

from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted

from skdigits._validation import (
    array_like_in,
    as_numpy,
    check_image_rows,
    check_same_namespace,
    with_channels,
)
from skdigits.neural._attribution import METHODS, attribute_pixels, look_into_first_layer
from skdigits.neural._inference import forward_rows

DTYPES = ("float32", "float64", "uint8")


class PredictionMixin:
    """The questions to an estimator that has a trained net, `_net`, for images of one shape."""

    _net: Any
    _input_like: Any
    classes_: np.ndarray
    image_shape_: tuple[int, ...]
    tta: bool

    def predict(self, X):
        """Return the most probable label of each image.

        Parameters
        ----------
        X : array-like or sparse matrix
            Images in any of the forms that :meth:`fit` takes.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Labels as they were given to :meth:`fit`.
        """
        logits, rows = self._forward(X, "predict")
        codes = logits.argmax(dim=1)
        if isinstance(rows, torch.Tensor) and self.classes_.dtype.kind in "biuf":
            return torch.from_numpy(self.classes_).to(rows.device)[codes.to(rows.device)]
        return array_like_in(self.classes_[codes.cpu().numpy()], rows)

    def predict_proba(self, X):
        """Return the probability of each class for each image.

        Parameters
        ----------
        X : array-like or sparse matrix
            Images in any of the forms that :meth:`fit` takes.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Rows that sum to one; columns in the order of `classes_`.
        """
        logits, rows = self._forward(X, "predict_proba")
        return _output(_in_float64(logits).softmax(dim=1), rows)

    def predict_log_proba(self, X):
        """Return the logarithm of the probability of each class for each image.

        Parameters
        ----------
        X : array-like or sparse matrix
            Images in any of the forms that :meth:`fit` takes.

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.
        """
        logits, rows = self._forward(X, "predict_log_proba")
        return _output(_in_float64(logits).log_softmax(dim=1), rows)

    def decision_function(self, X):
        """Return the logits, whose softmax is `predict_proba`.

        With `tta` they are the logarithms of the averaged probabilities.

        Parameters
        ----------
        X : array-like or sparse matrix
            Images in any of the forms that :meth:`fit` takes.

        Returns
        -------
        scores : ndarray of shape (n_samples, n_classes), or (n_samples,) for two classes
            Logits; for two classes that of ``classes_[1]`` less that of ``classes_[0]``.
        """
        logits, rows = self._forward(X, "decision_function")
        logits = _in_float64(logits)
        if logits.shape[1] == 2:
            logits = logits[:, 1] - logits[:, 0]
        return _output(logits, rows)

    def embed(self, X):
        """Return the activations of the last hidden layer.

        Parameters
        ----------
        X : array-like or sparse matrix
            Images in any of the forms that :meth:`fit` takes.

        Returns
        -------
        features : ndarray of shape (n_samples, n_units)
            What the last, linear layer gets to see.
        """
        features, rows = self._forward(X, "embed")
        return _output(features, rows)

    def attribute(self, X, target=None, *, method="gradients", baseline=0.0):
        """Return how much every pixel speaks for a class.

        Parameters
        ----------
        X : array-like or sparse matrix
            Images in any of the forms that :meth:`fit` takes.
        target : label, or array-like of shape (n_samples,), default=None
            The class whose logit is explained, of all images or of each; None explains what is
            predicted.
        method : {"gradients", "input_x_gradient", "integrated_gradients"}, default="gradients"
            The gradient of the logit by the pixels [1]_; the same times the distance of the
            pixel from `baseline`; or its integral along the way from `baseline`, 50 steps, times
            that distance [2]_, whose sum over the pixels is nearly what the image adds to the
            logit. The last takes captum: ``pip install "skdigits[explain]"``.
        baseline : float, default=0.0
            The value of a pixel where there is nothing; the gradients alone do not use it.

        Returns
        -------
        attributions : ndarray of shape (n_samples, *image_shape_)
            Above zero where a brighter pixel, or with a baseline the pixel as it is, speaks for
            the class. With `tta` they are those of the image as it stands.

        Raises
        ------
        ValueError
            If a target is none of the classes, or there is no such method.
        ImportError
            If the method takes captum and it is not installed.

        References
        ----------
        .. [1] K. Simonyan, A. Vedaldi and A. Zisserman, "Deep inside convolutional networks",
           ICLR workshop 2014.
        .. [2] M. Sundararajan, A. Taly and Q. Yan, "Axiomatic attribution for deep networks",
           ICML 2017.
        """
        if method not in METHODS:
            raise ValueError(
                f"{type(self).__name__}.attribute expects method as one of "
                f"{', '.join(METHODS)}, got {method!r}."
            )
        rows = self._check_rows(X, "attribute")
        codes = self._target_codes(X, target, len(rows))
        found = attribute_pixels(
            self._net.module_, torch_or_numpy(rows), codes, method, float(baseline)
        )
        return found.reshape(-1, *self.image_shape_)

    def first_layer(self, X):
        """Return what the first layer looks for, and what it gives for images.

        Parameters
        ----------
        X : array-like or sparse matrix
            Images in any of the forms that :meth:`fit` takes.

        Returns
        -------
        filters : ndarray of shape (n_filters, channels, height, width)
            Kernels of the first convolution, the scale of its batch normalisation in them; or for
            each unit of a first dense layer the weights of all pixels.
        maps : ndarray of shape (n_samples, n_filters, height, width) or (n_samples, n_filters)
            What each filter gives for each image, after pooling and activation.
        """
        rows = self._check_rows(X, "first_layer")
        return look_into_first_layer(self._net.module_, torch_or_numpy(rows))

    def _target_codes(self, X, target, n_rows):
        """Return the number of each image's class; None takes the predicted ones."""
        target = self.predict(X) if target is None else target
        numbers = {label: number for number, label in enumerate(self.classes_.tolist())}
        target = as_numpy(target)
        if np.shape(target) not in ((), (n_rows,)):
            raise ValueError(
                f"{type(self).__name__}.attribute expects one target or one for each of the "
                f"{n_rows} images, got an array of shape {np.shape(target)}."
            )
        labels = np.broadcast_to(target, n_rows).tolist()
        unknown = [label for label in labels if label not in numbers]
        if unknown:
            raise ValueError(
                f"{type(self).__name__}.attribute expects targets among the classes, got "
                f"{unknown[0]!r}."
            )
        return np.array([numbers[label] for label in labels], dtype=np.int64)

    def _forward(self, X, method):
        """Return what the layer called `method` gives, and the validated rows."""
        rows = self._check_rows(X, method)
        layer = "embed" if method == "embed" else "forward"
        views = self.tta and method != "embed"
        return forward_rows(self._net.module_, torch_or_numpy(rows), layer, views=views), rows

    def _check_rows(self, X, method):
        """Return `X` as validated rows for the method of that name."""
        check_is_fitted(self)
        check_same_namespace(self, X, self._input_like, method)
        rows, given_shape = check_image_rows(self, X, reset=False, dtypes=DTYPES)
        self._check_image_shape(given_shape)
        return rows

    def _check_image_shape(self, given_shape):
        if given_shape is not None and with_channels(given_shape) != self._input_shape():
            raise ValueError(
                f"{type(self).__name__} expects images of shape {self.image_shape_}, "
                f"got {given_shape}."
            )

    def _input_shape(self):
        return with_channels(self.image_shape_)


def _in_float64(logits):
    """Return logits whose softmax sums to one as closely as scikit-learn's metrics ask."""
    return logits if logits.device.type == "mps" else logits.double()  # which has no float64


def torch_or_numpy(rows):
    """Return rows as a torch tensor if they are one, and else as a NumPy array."""
    return rows if isinstance(rows, torch.Tensor) else as_numpy(rows)


def _output(tensor, rows):
    """Return a tensor in the array library, and on the device, of `rows`."""
    if isinstance(rows, torch.Tensor):
        return tensor.to(rows.device)
    return array_like_in(tensor.cpu().numpy(), rows)
