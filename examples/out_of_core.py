"""More rows than memory: `partial_fit` over a table on disk, some hundred rows at a time.

pandas reads a CSV file in chunks; polars reads slices of a Parquet file, of each the row groups
that it lies in. One chunk is in memory at a time. The rows of the file are in random order, as they
must be: every chunk should look like the whole.

Prints an accuracy of about 0.98 on held-out digits, the same for both: the network sees the same
chunks.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import polars as pl
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skdigits import ANNClassifier

N_PASSES = 20
N_ROWS = 250  # in a chunk


def write_tables(X, y, folder):
    """Write the same table as CSV and as Parquet, a label and 64 pixels a row."""
    pixels = {f"pixel_{i}": column for i, column in enumerate(X.T)}
    table = pl.DataFrame({"label": y, **pixels})
    table.write_csv(folder / "digits.csv")
    table.write_parquet(folder / "digits.parquet", row_group_size=N_ROWS)


def pandas_chunks(path):
    """Yield the table as pandas data frames."""
    with pd.read_csv(path, chunksize=N_ROWS) as chunks:
        yield from chunks


def polars_chunks(path):
    """Yield the table as polars data frames."""
    table = pl.scan_parquet(path)
    start = 0
    while len(chunk := table.slice(start, N_ROWS).collect()):
        yield chunk
        start += N_ROWS


def train(chunks_of, path):
    """Return a network that has seen all chunks some times."""
    network = ANNClassifier(random_state=0)
    for _ in range(N_PASSES):
        for chunk in chunks_of(path):
            pixels = chunk[[name for name in chunk.columns if name != "label"]]
            network.partial_fit(pixels, chunk["label"], classes=np.arange(10))
    return network


X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X.astype("uint8"), y, stratify=y, random_state=0
)
names = [f"pixel_{i}" for i in range(X.shape[1])]

with TemporaryDirectory() as folder:
    write_tables(X_train, y_train, Path(folder))
    for chunks_of, name in ((pandas_chunks, "digits.csv"), (polars_chunks, "digits.parquet")):
        network = train(chunks_of, Path(folder, name))
        accuracy = network.score(pd.DataFrame(X_test, columns=names), y_test)
        print(f"{name}: {len(network.loss_curve_)} chunks, accuracy {accuracy:.4f}")
