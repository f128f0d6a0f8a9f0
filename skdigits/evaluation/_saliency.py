"""What speaks for a label in an image, by the method that suits the classifier."""

from typing import NamedTuple

import numpy as np
from sklearn.base import is_classifier

from skdigits.evaluation._images import check_images
from skdigits.evaluation._last_step import as_last_step_sees, last_step, own_image_shape
from skdigits.evaluation._naming import describe_type
from skdigits.evaluation._occlusion import attribute_by_occlusion

METHODS = ("gradients", "input_x_gradient", "integrated_gradients", "occlusion")


class Saliency(NamedTuple):
    """Images as the classifier saw them, what each pixel does, and the labels explained.

    Attributes
    ----------
    images : ndarray of shape (n_images, channels, height, width)
        As they came to the network; for occlusion as they were given.
    attributions : ndarray of shape (n_images, height, width)
        Above zero what speaks for the label, summed over channels.
    labels : ndarray of shape (n_images,)
        The labels that are explained.
    """

    images: np.ndarray
    attributions: np.ndarray
    labels: np.ndarray


def measure_saliency(estimator, X, target=None, *, method, baseline, image_shape, who):
    """Return the :class:`Saliency` of images.

    Parameters
    ----------
    estimator : estimator instance
        A fitted classifier, or a Pipeline or search that ends in one.
    X : array-like
        Images, as `estimator` takes them.
    target : label, or array-like of shape (n_images,), default=None
        What is explained; None explains what is predicted.
    method : str
        One of `METHODS`, or "auto": gradients where the classifier has them, else occlusion.
    baseline : float
        The value of a pixel where there is nothing.
    image_shape : tuple of int or None
        As :func:`check_images` takes it.
    who : str
        The name that an error speaks for.

    Raises
    ------
    ValueError
        If there is no such method, the classifier does not have it, or a target is no label of it.
    """
    classifier = last_step(estimator)
    if not is_classifier(estimator):
        raise ValueError(f"{who} expects a classifier, got {describe_type(classifier)}.")
    method = _check_method(method, classifier, who)
    labels = _check_target(estimator, X, target, who)
    if method == "occlusion":
        n_pixels = np.prod(np.shape(X)[1:], dtype=int)
        image_shape = image_shape or own_image_shape(estimator, n_pixels)
        images = check_images(X, image_shape, who=who)
        attributions = attribute_by_occlusion(
            estimator, X, labels, baseline=baseline, image_shape=image_shape, who=who
        )
        return Saliency(images, attributions, labels)
    seen = as_last_step_sees(estimator, X)
    found = classifier.attribute(seen, labels, method=method, baseline=baseline)
    images = check_images(seen, classifier.image_shape_, who=who)
    return Saliency(images, np.asarray(found).reshape(images.shape).sum(axis=1), labels)


def _check_method(method, classifier, who):
    has_gradients = hasattr(classifier, "attribute")
    if method == "auto":
        return "gradients" if has_gradients else "occlusion"
    if method not in METHODS:
        raise ValueError(f"{who} expects method as one of {', '.join(METHODS)}, got {method!r}.")
    if method != "occlusion" and not has_gradients:
        raise ValueError(
            f"{who} expects a network of ours for method={method!r}, got "
            f'{describe_type(classifier)}: give method="occlusion".'
        )
    return method


def _check_target(estimator, X, target, who):
    """Return the label to explain of each image."""
    predicted = np.asarray(estimator.predict(X))
    if target is None:
        return predicted
    known = {label: label for label in np.asarray(estimator.classes_).tolist()}
    labels = np.broadcast_to(target, predicted.shape).tolist()
    unknown = [label for label in labels if label not in known]
    if unknown:
        raise ValueError(f"{who} expects targets among the labels, got {unknown[0]!r}.")
    return np.array([known[label] for label in labels], dtype=predicted.dtype)
