"""Labels as class numbers, and the weights that come with them."""

import numpy as np
from sklearn.utils.class_weight import compute_class_weight


def encode_labels(y, classes):
    """Return the position of each label in the sorted `classes`."""
    unseen = np.setdiff1d(y, classes)
    if len(unseen):
        raise ValueError(
            f"`y` has classes not in `self.classes_`. `self.classes_` has {classes}. "
            f"'y' has {unseen}."
        )
    return np.searchsorted(classes, y)


def combine_weights(sample_weight, class_weight, classes, codes):
    """Return the weight of each image from its own and its class's; None where all are one."""
    if sample_weight is None and class_weight is None:
        return None
    weights = np.ones(len(codes)) if sample_weight is None else sample_weight
    if class_weight is not None:
        weights = weights * _class_weights(class_weight, classes, codes, weights)[codes]
    with np.errstate(over="ignore"):
        in_float32 = weights.astype(np.float32)
    if not (np.isfinite(in_float32).all() and (weights >= 0).all() and in_float32.any()):
        raise ValueError(
            "The 'sample_weight' and 'class_weight' of the images must give weights that are "
            f"finite, not negative and not all zero in float32. Got {weights.min()} to "
            f"{weights.max()} instead."
        )
    return None if (weights == 1).all() else weights


def _class_weights(class_weight, classes, codes, weights):
    if class_weight != "balanced":
        return compute_class_weight(class_weight, classes=classes, y=classes[codes])
    # compute_class_weight counts images; here each counts as much as its weight, as in
    # scikit-learn 1.7 and later.
    counts = np.bincount(codes, weights=weights, minlength=len(classes))
    present = counts > 0
    return np.where(present, counts.sum() / (present.sum() * np.where(present, counts, 1)), 0)
