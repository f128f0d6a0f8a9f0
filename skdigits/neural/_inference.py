"""Networks at work: logits, activations and accuracy of any number of images."""

import math
from functools import partial
from itertools import chain

import numpy as np
import torch

from skdigits.neural._augment import shifted
from skdigits.neural._batches import as_tensor
from skdigits.neural._modules import folded
from skdigits.neural._onednn import BlockedNet, has_blocked_kernels

# To either side and up and down, by a 28th of the side.
_MOVES = ((1 / 28, 0), (-1 / 28, 0), (0, 1 / 28), (0, -1 / 28))
_DEVICE_BATCH = 4096  # images that a GPU gets at a time


def forward_rows(module, rows, layer="forward", *, views=False):
    """Return what `layer` of `module` gives for rows of pixels, batch by batch.

    Every batch has as many images, the last one filled up: the same kernels see every image, so
    that its result does not depend, to the last bit, on its batch mates.

    Parameters
    ----------
    module : PixelNet
        Left in evaluation mode.
    rows : array or tensor of shape (n, n_pixels)
        Pixels.
    layer : {"forward", "embed"}, default="forward"
        The method of `module` to apply.
    views : bool, default=False
        Whether to return, in place of logits, the logarithm of the mean of the probabilities
        of each image and of copies moved by a 28th of the side.

    Returns
    -------
    Tensor of shape (n, n_units)
        On the device of `module`.
    """
    outputs = _outputs(module, rows, layer, views=views)
    with torch.inference_mode():
        first = next(outputs)
    # Out here, so that it is a tensor like any other; filled in place, so that all is held once.
    results = torch.empty((len(rows), *first.shape[1:]), dtype=first.dtype, device=first.device)
    with torch.inference_mode():
        done = 0
        for part in chain([first], outputs):
            results[done : done + len(part)] = part
            done += len(part)
    return results


def _outputs(module, rows, layer, *, views):
    """Yield what `layer` gives for every batch."""
    network = _at_work(module.eval())
    apply = partial(_log_mean_probability, network) if views else getattr(network, layer)
    size = module.prediction_batch if module.device.type == "cpu" else _DEVICE_BATCH
    for start in range(0, len(rows), size):
        part = as_tensor(rows[start : start + size])
        pixels = part.reshape(-1, *module.image_shape)
        if len(part) < size:
            pixels = torch.cat([pixels, pixels.new_zeros((size - len(part), *module.image_shape))])
        yield apply(pixels.to(module.device))[: len(part)]


def _at_work(module):
    """Return the quickest way to what `module` gives, to rounding."""
    module = folded(module)
    return BlockedNet(module) if has_blocked_kernels(module) else module


def _log_mean_probability(network, pixels):
    pixels = pixels.to(network.dtype)
    views = [pixels, *(shifted(pixels, *move) for move in _MOVES)]
    log_probabilities = [network.forward(view).log_softmax(dim=1) for view in views]
    return torch.stack(log_probabilities).logsumexp(dim=0) - math.log(len(views))


def accuracy(module, data):
    """Return the weighted share of `data` that `module` gets right; NaN if it has diverged."""
    logits = forward_rows(module, data.pixels.flatten(1))
    if not bool(torch.isfinite(logits).all()):
        return float("nan")
    hits = (logits.argmax(dim=1) == data.codes.to(logits.device)).cpu().numpy()
    weights = None if data.weights is None else data.weights.cpu().numpy()
    return float(np.average(hits, weights=weights))
