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
    all_sizes = list(zip(*(sizes for sizes, _ in blocks), strict=True))
    widths = [max(sizes) for sizes in all_sizes]
    weighted = any(block.weights is not None or sizes != widths for sizes, block in blocks)
    parts = [
        _filled_up(sizes, block, widths, dtype if weighted else None) for sizes, block in blocks
    ]
    pixels, codes, weights = (
        [None] * len(widths) if values[0] is None else torch.stack(values).split(widths, dim=1)
        for values in zip(*parts, strict=True)
    )
    for batch in zip(pixels, codes, weights, map(list, all_sizes), strict=True):
        yield FusedBatch(*batch)


def _filled_up(sizes, block, widths, dtype):
    """Return pixels, codes and weights of batches of these widths, filled up with images again."""
    weights = block.weights
    if dtype is not None:
        weights = (
            torch.ones_like(block.codes, dtype=dtype) if weights is None else weights.to(dtype)
        )
    if sizes == widths:
        return block.pixels, block.codes, weights
    index, counts = _places(torch.tensor(sizes), torch.tensor(widths))
    index, counts = index.to(block.codes.device), counts.to(block.codes.device)
    return block.pixels[index], block.codes[index], weights[index] * counts


def _places(sizes, widths):
    """Return which image stands in each place, the last of a batch again, and what counts."""
    batch = torch.arange(len(widths)).repeat_interleave(widths)
    place = torch.arange(len(batch)) - (widths.cumsum(0) - widths)[batch]
    first, last = (sizes.cumsum(0) - sizes)[batch], sizes[batch] - 1
    return first + torch.minimum(place, last), place <= last
