"""Probabilities of networks that were trained with label smoothing."""

import math

import numpy as np
import torch
from scipy.optimize import minimize_scalar

from skdigits.neural._inference import forward_rows

_MOST_IMAGES = 4096


def undo_smoothing(module, data, label_smoothing):
    """Scale the logits of `module` so that `data` is likeliest.

    A network trained with label smoothing is right more often than it says. The one number that
    all logits are multiplied by in prediction (temperature scaling, Guo et al. 2017) is found on
    up to 4,096 images: those held out of the training, else those of the training set. It is
    never below 1, and never so high that an image which is given exactly its smoothed target
    would be given more than one error in all of `data`.
    """
    module.sharpness.fill_(1)
    n_images = len(data) if data.weights is None else max(len(data), float(data.weights.sum()))
    highest = _highest_sharpness(n_images, module.head.out_features, label_smoothing)
    if highest <= 1:
        return
    sample = data.subset(range(0, len(data), math.ceil(len(data) / _MOST_IMAGES)))
    logits = forward_rows(module, sample.pixels.flatten(1)).cpu().double().T.contiguous()
    codes = sample.codes.cpu()
    weights = None if sample.weights is None else sample.weights.cpu().numpy()
    given = logits.gather(0, codes[None])[0]

    def loss(sharpness):
        likelihoods = given * sharpness - (logits * sharpness).logsumexp(dim=0)
        return -np.average(likelihoods.numpy(), weights=weights)

    found = minimize_scalar(loss, bounds=(1, highest), method="bounded")
    module.sharpness.fill_(float(found.x))


def _highest_sharpness(n_images, n_classes, label_smoothing):
    if label_smoothing == 0 or n_classes < 2:
        return 1.0
    odds = 1 + n_classes * (1 - label_smoothing) / label_smoothing
    return math.log(n_images * (n_classes - 1)) / math.log(odds)


@torch.no_grad()
def resume_sharpened(module):
    """Move the scale of the logits into the last layer, so that training goes on from there."""
    for parameter in module.head.parameters():
        parameter.mul_(module.sharpness)
    module.sharpness.fill_(1)
