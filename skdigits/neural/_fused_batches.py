"""Batches of many trainings at once, each training's the same that it would see alone."""

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class FusedBatch:
    """One batch of every training, the shorter ones filled up with images that count for nothing.

    Parameters
    ----------
    pixels : Tensor of shape (n_models, n, channels, height, width)
        Images.
    codes : Tensor of shape (n_models, n)
        Their classes.
    weights : Tensor of shape (n_models, n) or None
        Their weights, 0 for what fills up; None where all are one.
    sizes : list of int
        How many images each training has.
    """

    pixels: torch.Tensor
    codes: torch.Tensor
    weights: torch.Tensor | None
    sizes: list


def batches_together(streams, dtype):
    """Yield a :class:`FusedBatch` for every batch of trainings that have as many.

    Parameters
    ----------
    streams : list of iterator
        What `LabelledPixels.blocks` yields, of every training.
    dtype : torch.dtype
        Of the weights.
    """
    blocks = [next(stream) for stream in streams]
    while None not in blocks:
        n_batches = min(len(sizes) for sizes, _ in blocks)  # augmentation may end before a block
        cut = [_cut(sizes, block, n_batches) for sizes, block in blocks]
        yield from _batches([first for first, _ in cut], dtype)
        blocks = [
            next(stream, None) if rest is None else rest
            for (_, rest), stream in zip(cut, streams, strict=True)
        ]


def _cut(sizes, block, n_batches):
    """Return the first batches of a block, and the others, None where there are none."""
    if len(sizes) == n_batches:
        return (sizes, block), None
    first, rest = block.split([sum(sizes[:n_batches]), sum(sizes[n_batches:])])
    return (sizes[:n_batches], type(block)(*first)), (sizes[n_batches:], type(block)(*rest))


def _batches(blocks, dtype):
    """Yield the batches of blocks of as many."""
    most = max(max(sizes) for sizes, _ in blocks)
    pixels, codes = (
        torch.stack([_filled_up(getattr(block, name), sizes, most) for sizes, block in blocks], 1)
        for name in ("pixels", "codes")
    )
    weights = torch.stack([_weights(block, sizes, most, dtype) for sizes, block in blocks], 1)
    weighted = any(block.weights is not None for _, block in blocks)
    for number, sizes in enumerate(zip(*(sizes for sizes, _ in blocks), strict=True)):
        n = max(sizes)
        yield FusedBatch(
            pixels[number, :, :n],
            codes[number, :, :n],
            weights[number, :, :n] if weighted or min(sizes) < n else None,
            list(sizes),
        )


def _filled_up(values, sizes, n):
    """Return values as (n_batches, n, ...), the last of a batch again where it is shorter."""
    if min(sizes) == n:
        return values.unflatten(0, (len(sizes), n))
    sizes = torch.tensor(sizes)[:, None]
    index = sizes.cumsum(0) - sizes + torch.minimum(torch.arange(n), sizes - 1)
    return values[index.to(values.device)]


def _weights(block, sizes, n, dtype):
    weights = torch.ones_like(block.codes) if block.weights is None else block.weights
    counting = torch.arange(n) < torch.tensor(sizes)[:, None]
    return _filled_up(weights.to(dtype), sizes, n) * counting.to(weights.device)
