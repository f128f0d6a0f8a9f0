"""Probabilities of networks that were trained with label smoothing."""

import math

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from skdigits.neural._inference import forward_rows

_MOST_IMAGES = 4096


def undo_smoothing(module, data, label_smoothing):
    """Scale the logits of `module` so that the training set is likeliest.

    A network trained with label smoothing is right more often than it says. The one number that
    all logits are multiplied by in prediction (temperature scaling, Guo et al. 2017) is found on
    up to 4,096 training images. It is never below 1, and never so high that an image which is
    given exactly its smoothed target would be given more than one error in the training set.
    """
    module.sharpness.fill_(1)
    highest = _highest_sharpness(len(data), module.head.out_features, label_smoothing)
    if highest <= 1:
        return
    sample = data.subset(range(0, len(data), math.ceil(len(data) / _MOST_IMAGES)))
    logits = forward_rows(module, sample.pixels.flatten(1)).double().cpu().numpy()
    codes = sample.codes.cpu().numpy()
    weights = None if sample.weights is None else sample.weights.cpu().numpy()

    def loss(sharpness):
        likelihoods = log_softmax(logits * sharpness, axis=1)[np.arange(len(codes)), codes]
        return -np.average(likelihoods, weights=weights)

    found = minimize_scalar(loss, bounds=(1, highest), method="bounded")
    module.sharpness.fill_(float(found.x))


def _highest_sharpness(n_images, n_classes, label_smoothing):
    if label_smoothing == 0 or n_classes < 2:
        return 1.0
    odds = 1 + n_classes * (1 - label_smoothing) / label_smoothing
    return math.log(n_images * (n_classes - 1)) / math.log(odds)
