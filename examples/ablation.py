"""What each part of the recipe is worth: one thing changed at a time.

Preprocessing, augmentation, depth, width, dropout and the number of training images, for both
networks, each compared with the network as it is by default: three seeds, and with each seed other
training and validation images, the same for all. ``--data mnist`` takes 5,000 training and 2,000
validation images out of MNIST's training images; its test images are never looked at.

Every accuracy is written to ``ablation-digits.csv`` as soon as it is there. At the end, or when it
is stopped by Ctrl-C, it prints a table of what was measured and draws it into
``ablation-digits.png``.
"""

import argparse
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from skdigits import ANNClassifier, CharacterNormalizer, CNNClassifier, Deskewer
from skdigits.datasets import fetch_mnist

DEFAULT = "default"


def load(name):
    """Return images, labels, and how many are for training and for validation."""
    if name == "mnist":
        return *fetch_mnist(return_X_y=True), 5000, 2000
    X, y = load_digits(return_X_y=True)
    return X.astype("uint8"), y, 1197, 600


def ann_changes(side):
    """Return what is changed, and the network or Pipeline with that change."""
    return {
        **preprocessing(ANNClassifier(), side),
        "augmentation: light": ANNClassifier(augment="light"),
        "augmentation: strong": ANNClassifier(augment="strong"),
        "depth: 1 layer, not 2": ANNClassifier((256,)),
        "depth: 3 layers": ANNClassifier((256, 128, 64)),
        "width: half": ANNClassifier((128, 64)),
        "width: double": ANNClassifier((512, 256)),
        "dropout: 0.3, not 0": ANNClassifier(dropout=0.3),
    }


def cnn_changes(side):
    channels = (32, 64) if side < 16 else (16, 32, 64, 64)
    half, double = ([int(n * factor) for n in channels] for factor in (0.5, 2))
    dropout = 0 if side < 16 else 0.3
    return {
        **preprocessing(CNNClassifier(), side),
        "augmentation: none, not light": CNNClassifier(augment=None),
        "augmentation: strong": CNNClassifier(augment="strong"),
        "depth: a block less": CNNClassifier(channels[:-1]),
        "depth: a dense layer more": CNNClassifier(hidden_layer_sizes=(64,)),
        "width: half": CNNClassifier(half),
        "width: double": CNNClassifier(double),
        f"dropout: {dropout}, not {0.5 if side < 16 else 0}": CNNClassifier(dropout=dropout),
    }


def preprocessing(net, side):
    # Digits that fill their 8x8 pixels get a border instead of being scaled down.
    normalizer = (
        CharacterNormalizer() if side == 28 else CharacterNormalizer(side * 3 // 2, box=side)
    )
    return {
        DEFAULT: net,
        "training images: a quarter": net,
        "training images: half": net,
        "deskewed": make_pipeline(Deskewer(), net),
        "normalised": make_pipeline(normalizer, net),
    }


def share_of_images(change):
    return {"a quarter": 0.25, "half": 0.5}.get(change.removeprefix("training images: "), 1)


def plan(names, side, n_seeds):
    """Return every fit to make, seed by seed, so that a table can be made early."""
    changes = {"ann": ann_changes(side), "cnn": cnn_changes(side)}
    return [
        (name, change, model, seed)
        for seed in range(n_seeds)
        for name in names
        for change, model in changes[name].items()
    ]


def measure(model, change, seed, X, y, n_train, n_validation):
    """Return the accuracy, in percent, on validation images of a net trained on others."""
    X_train, X_validation, y_train, y_validation = train_test_split(
        X, y, train_size=n_train, test_size=n_validation, stratify=y, random_state=seed
    )
    n_kept = round(share_of_images(change) * n_train)
    model = clone(model)
    net = model[-1] if hasattr(model, "steps") else model
    net.set_params(random_state=seed)
    model.fit(X_train[:n_kept], y_train[:n_kept])
    return 100 * model.score(X_validation, y_validation)


def differences(results):
    """Return mean and standard deviation of the difference to the default, seed by seed."""
    wide = results.pivot_table("accuracy", ["model", "change"], "seed")
    wide = wide.loc[list(dict.fromkeys(zip(results["model"], results["change"], strict=True)))]
    rows = [wide.loc[[name]] - wide.loc[name, DEFAULT] for name in dict.fromkeys(results["model"])]
    change = pd.concat(rows)
    return pd.DataFrame(
        {
            "accuracy": wide.mean(axis=1),
            "difference": change.mean(axis=1),
            "sd": change.std(axis=1),
            "n_seeds": change.notna().sum(axis=1),
        }
    )


def draw(table, title, path):
    """Draw the differences, a panel a network."""
    mpl.use("Agg")
    from matplotlib import pyplot

    names = list(dict.fromkeys(table.index.get_level_values("model")))
    figure, axes = pyplot.subplots(
        1, len(names), figsize=(6 * len(names), 4.6), layout="constrained", squeeze=False
    )
    for ax, name in zip(axes[0], names, strict=True):
        rows = table.loc[name].drop(index=DEFAULT).sort_values("difference", ascending=False)
        heights = np.arange(len(rows))
        ax.axvline(0, color="black", linewidth=0.8)
        ax.errorbar(
            rows["difference"],
            heights,
            xerr=rows["sd"].fillna(0),
            fmt="o",
            color="#0072B2",
            ecolor="#888888",
            capsize=3,
        )
        ax.set_yticks(heights, rows.index)
        ax.set_ylim(len(rows) - 0.4, -0.6)
        ax.set_title(f"{name.upper()}, {table.loc[(name, DEFAULT), 'accuracy']:.2f} % by default")
        ax.set_xlabel("points of accuracy more than by default (mean ± sd)")
        ax.grid(alpha=0.25)
    figure.suptitle(title)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def report(results, title, path):
    if not results:
        return
    table = differences(pd.DataFrame(results))
    print(f"\n{title}: accuracy in %, difference to the default in points")
    print(table.round(2).to_string(na_rep=""))
    draw(table, title, path)
    print(f"Drawn in {path}")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", choices=["digits", "mnist"], default="digits")
    parser.add_argument("--models", nargs="+", choices=["ann", "cnn"], default=["ann", "cnn"])
    parser.add_argument("--seeds", type=int, default=3, help="how often everything is measured")
    parser.add_argument("--output", type=Path, default=Path(), help="folder of table and picture")
    options = parser.parse_args(arguments)
    X, y, n_train, n_validation = load(options.data)
    todo = plan(options.models, round(X.shape[1] ** 0.5), options.seeds)
    title = f"{options.data}, {n_train:,} training and {n_validation:,} validation images"
    path, results = options.output / f"ablation-{options.data}.csv", []
    try:
        for done, (name, change, model, seed) in enumerate(todo, start=1):
            accuracy = measure(model, change, seed, X, y, n_train, n_validation)
            results.append({"model": name, "change": change, "seed": seed, "accuracy": accuracy})
            pd.DataFrame(results).to_csv(path, index=False)
            print(f"{done:3}/{len(todo)}  {name}  {change:32} {accuracy:6.2f} %", flush=True)
    except KeyboardInterrupt:
        print("Stopped: this is what was measured.", file=sys.stderr)
    report(results, title, path.with_suffix(".png"))


if __name__ == "__main__":
    main()
