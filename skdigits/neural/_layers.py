"""A trained network as a list of plain layers in NumPy, for what computes without torch."""

import numpy as np
import torch
from torch import nn

from skdigits.neural._modules import BatchNorm, GroupNorm, folded


@torch.no_grad()
def network_layers(module):
    """Return what a network does to pixels in a prediction, one layer after another.

    Batch normalisation is folded into the convolutions where that gives the same, and the
    sharpness of the logits into the last layer.

    Parameters
    ----------
    module : PixelNet
        The network.

    Returns
    -------
    list of tuple
        Name and arguments of each layer: ``("standardize", scale, shift)``,
        ``("images", image_shape)``, ``("convolution", weight, bias or None)``,
        ``("max_pooling", window)``, ``("scale_channels", scale, shift)``,
        ``("normalize_groups", n_groups, epsilon, scale, shift)``, ``("activation", name)``,
        ``("flatten",)`` and ``("dense", weight, bias)``. Arrays are float64, laid out as torch
        has them.
    """
    network = folded(module)
    layers: list[tuple] = [
        ("standardize", float(network.standardize.scale), float(network.standardize.shift)),
        ("images", network.image_shape),
    ]
    for block in network.blocks:
        layers += _block_layers(block, network.activation_name)
    layers.append(("flatten",))
    for part in network.dense:
        if isinstance(part, nn.Linear):
            layers.append(("dense", _array(part.weight), _array(part.bias)))
            layers.append(("activation", network.activation_name))
    sharpness = float(network.sharpness)
    head = network.head
    layers.append(("dense", _array(head.weight) * sharpness, _array(head.bias) * sharpness))
    return layers


def pixel_moments(module):
    """Return mean and standard deviation of the pixels that a network was trained on."""
    scale, shift = float(module.standardize.scale), float(module.standardize.shift)
    return -shift / scale, 1 / scale


def _block_layers(block, activation):
    bias = None if block.conv.bias is None else _array(block.conv.bias)
    layers: list[tuple] = [("convolution", _array(block.conv.weight), bias)]
    if block.pooling != (1, 1):
        layers.append(("max_pooling", block.pooling))
    return [*layers, *_norm_layers(block.norm), ("activation", activation)]


def _norm_layers(norm):
    if isinstance(norm, BatchNorm):
        scale = _array(norm.weight) / np.sqrt(_array(norm.running_var) + norm.eps)
        shift = _array(norm.bias) - _array(norm.running_mean) * scale
        return [("scale_channels", scale, shift)]
    if isinstance(norm, GroupNorm):
        arrays = _array(norm.weight), _array(norm.bias)
        return [("normalize_groups", norm.num_groups, norm.eps, *arrays)]
    return []


def _array(tensor):
    return tensor.detach().cpu().double().contiguous().numpy()
