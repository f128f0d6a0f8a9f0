"""What a network looks at: the pixels that speak for a class, and its first layer."""

from functools import partial
from typing import NamedTuple

import numpy as np
import torch

from skdigits._optional import import_optional
from skdigits.neural._batches import as_tensor
from skdigits.neural._modules import PLAIN_NETS

_N_STEPS = 50  # of the path that gradients are integrated along


class FirstLayer(NamedTuple):
    """What a first layer looks for, and what it gives for images.

    Attributes
    ----------
    filters : ndarray of shape (n_filters, channels, height, width)
        Kernels of a convolution, the scale of its batch normalisation in them; or for each unit
        of a dense layer the weights of all pixels.
    maps : ndarray of shape (n_samples, n_filters, height, width) or (n_samples, n_filters)
        Activations after pooling; one number for each unit of a dense layer.
    """

    filters: np.ndarray
    maps: np.ndarray


@torch.enable_grad()
def attribute_pixels(module, rows, codes, method, baseline):
    """Return how much every pixel speaks for a class.

    Parameters
    ----------
    module : PixelNet
        Left in evaluation mode, its weights and their gradients as they were.
    rows : array or tensor of shape (n, n_pixels)
        Pixels.
    codes : ndarray of int of shape (n,)
        The class of each image, as the number of its logit.
    method : str
        A key of `METHODS`.
    baseline : float
        The pixel value of nothing, where the method compares with it.

    Returns
    -------
    ndarray of shape (n, channels, height, width)
        Of the network's own dtype.
    """
    module.eval()
    apply = METHODS[method]
    parts = [np.empty((0, *module.image_shape), dtype=np.float32)]
    for start in range(0, len(rows), module.prediction_batch):
        batch = slice(start, start + module.prediction_batch)
        pixels = as_tensor(rows[batch]).reshape(-1, *module.image_shape)
        pixels = pixels.to(module.device, module.dtype).clone().requires_grad_()
        targets = torch.as_tensor(codes[batch], device=module.device)
        parts.append(apply(module, pixels, targets, baseline).detach().cpu().numpy())
    return np.concatenate(parts[1:] or parts)


def _gradients(module, pixels, targets, baseline):
    chosen = module(pixels).gather(1, targets[:, None])
    return torch.autograd.grad(chosen.sum(), pixels)[0]


def _gradients_times_pixels(module, pixels, targets, baseline):
    return _gradients(module, pixels, targets, baseline) * (pixels - baseline)


def _integrated_gradients(module, pixels, targets, baseline):
    captum = import_optional(
        "captum.attr", extra="explain", who='attribute(method="integrated_gradients")'
    )
    return captum.IntegratedGradients(module).attribute(
        pixels,
        baselines=baseline,
        target=targets,
        n_steps=_N_STEPS,
        internal_batch_size=max(len(pixels), module.prediction_batch),
    )


METHODS = {
    "gradients": _gradients,
    "input_x_gradient": _gradients_times_pixels,
    "integrated_gradients": _integrated_gradients,
}


@torch.no_grad()
def look_into_first_layer(module, rows):
    """Return the :class:`FirstLayer` of a network, with its maps of rows of pixels."""
    if type(module) not in PLAIN_NETS:
        known = " or ".join(net.__name__ for net in PLAIN_NETS)
        raise TypeError(f"first_layer expects a {known}, got a {type(module).__name__}.")
    module.eval()
    if len(module.blocks):
        filters, apply = _kernels(module.blocks[0]), module.blocks[0]
    else:
        linear, *rest = [*module.dense, module.head][:2]
        filters = linear.weight.reshape(-1, *module.image_shape)
        apply = partial(_dense, linear, rest[0] if len(module.dense) else None)
    maps = [
        apply(module.standardize(_images(module, rows[start : start + module.prediction_batch])))
        for start in range(0, len(rows), module.prediction_batch)
    ]
    return FirstLayer(filters.cpu().numpy().copy(), torch.cat(maps).cpu().numpy())


def _images(module, rows):
    return as_tensor(rows).reshape(-1, *module.image_shape).to(module.device)


def _kernels(block):
    folded = block.folded_weights()
    return block.conv.weight if folded is None else folded[0]


def _dense(linear, activation, x):
    x = linear(x.flatten(1))
    return x if activation is None else activation(x)
