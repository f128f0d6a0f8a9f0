"""Networks at work: logits, activations and accuracy of any number of images."""

import numpy as np
import torch

from skdigits.neural._batches import as_tensor

# Every batch has this many images, the last one filled up: the same kernels see every image, so
# that its result does not depend, to the last bit, on its batch mates.
BATCH_SIZE = 64


@torch.no_grad()
def forward_rows(module, rows, layer="forward"):
    """Return what `layer` of `module` gives for rows of pixels, batch by batch.

    Parameters
    ----------
    module : PixelNet
        Left in evaluation mode.
    rows : array or tensor of shape (n, n_pixels)
        Pixels.
    layer : {"forward", "embed"}, default="forward"
        The method of `module` to apply.

    Returns
    -------
    Tensor of shape (n, n_units)
        On the device of `module`.
    """
    module.eval()
    apply = getattr(module, layer)
    parts = []
    for start in range(0, len(rows), BATCH_SIZE):
        part = as_tensor(rows[start : start + BATCH_SIZE])
        pixels = part.new_zeros((BATCH_SIZE, *module.image_shape))
        pixels[: len(part)] = part.reshape(-1, *module.image_shape)
        parts.append(apply(pixels.to(module.device))[: len(part)])
    return torch.cat(parts)


def accuracy(module, data):
    """Return the weighted share of `data` that `module` gets right; NaN if it has diverged."""
    logits = forward_rows(module, data.pixels.flatten(1))
    if not bool(torch.isfinite(logits).all()):
        return float("nan")
    hits = (logits.argmax(dim=1) == data.codes.to(logits.device)).cpu().numpy()
    weights = None if data.weights is None else data.weights.cpu().numpy()
    return float(np.average(hits, weights=weights))
