"""Images and labels, checked, put together and returned as scikit-learn's loaders do."""

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

_PARTS = {"train": ("train",), "test": ("test",), "all": ("train", "test")}


def list_parts(subset, *, who):
    """Return the parts that make a subset."""
    if subset not in _PARTS:
        raise ValueError(f"{who} expects subset 'train', 'test' or 'all', got {subset!r}.")
    return _PARTS[subset]


def check_images(images, *, shape, who, path):
    """Raise if `images` are not uint8 of this shape, of which the first size may be None."""
    sizes_differ = any(
        size is not None and size != got for size, got in zip(shape, images.shape, strict=False)
    )
    if images.dtype != np.uint8 or images.ndim != len(shape) or sizes_differ:
        expected = "x".join(str(size or "n") for size in shape)
        raise ValueError(
            f"{who} expects uint8 of shape {expected} in {path}, "
            f"got {images.dtype} of shape {'x'.join(map(str, images.shape))}."
        )


def check_labels(labels, *, n_samples, lowest, highest, who, path):
    """Raise if `labels` are not one a sample, each from `lowest` to `highest`."""
    if labels.dtype.kind not in "iu" or labels.shape != (n_samples,):
        raise ValueError(
            f"{who} expects {n_samples} labels in {path}, one an image, "
            f"got {labels.dtype} of shape {'x'.join(map(str, labels.shape))}."
        )
    strange = labels[(labels < lowest) | (labels > highest)]
    if strange.size:
        raise ValueError(
            f"{who} expects labels from {lowest} to {highest} in {path}, got {strange[0]}."
        )


def join_parts(parts):
    """Concatenate pairs of images and labels; a single pair is not copied."""
    return tuple(
        arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
        for arrays in zip(*parts, strict=True)
    )


def make_bunch(images, target, *, target_names, description, return_X_y, as_frame):
    """Return images and labels in the form that the user asked for."""
    data = images.reshape(len(images), -1)
    rows, columns = map(range, images.shape[1:])
    names = [f"pixel_{row}_{column}" for row in rows for column in columns]
    frame = None
    if as_frame:
        data = pd.DataFrame(data, columns=names)
        target = pd.Series(target, name="target")
        frame = pd.concat([data, target], axis=1)
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        frame=frame,
        images=images,
        feature_names=names,
        target_names=target_names,
        DESCR=description,
    )
