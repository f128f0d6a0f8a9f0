"""What the loaders return: scikit-learn's Bunch, or a pair, or data frames."""

from dataclasses import dataclass

import pandas as pd
from sklearn.utils import Bunch


@dataclass(frozen=True)
class Output:
    """In which form the user wants images and labels."""

    return_X_y: bool
    as_frame: bool

    def of(self, images, target, *, target_names, description):
        """Return images (n, height, width) and their labels in that form."""
        _, height, width = images.shape
        names = [f"pixel_{row}_{column}" for row in range(height) for column in range(width)]
        data, frame = images.reshape(len(images), -1), None
        if self.as_frame:
            data = pd.DataFrame(data, columns=names)
            target = pd.Series(target, name="target")
            frame = pd.concat([data, target], axis=1)
        if self.return_X_y:
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


def check_subset(subset, who):
    """Return the parts that `subset` stands for."""
    if subset not in ("train", "test", "all"):
        raise ValueError(f"{who} expects subset 'train', 'test' or 'all', got {subset!r}.")
    return ["train", "test"] if subset == "all" else [subset]
