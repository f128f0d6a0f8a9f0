"""What tests of hostile files of models share: a file, what forges it, how a refusal reads."""

import json
import zipfile
from io import BytesIO

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skdigits import CNNClassifier, ImageReshaper, save_model
from skdigits.persistence._container import read_container, write_container

X, Y = load_digits(return_X_y=True)
X, Y = X[:100].astype(np.uint8), Y[:100]
ONE_SENTENCE = r"\Aload_model cannot read \S+: .+\.\Z"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    net = CNNClassifier((3,), max_iter=1, random_state=0)
    model = make_pipeline(MinMaxScaler(), ImageReshaper(), net).fit(X, Y)
    return save_model(model, tmp_path_factory.mktemp("model") / "model")


@pytest.fixture
def forge(path, tmp_path):
    """A function that writes a file with another description or other arrays, rightly sealed."""

    def write(change):
        text, arrays = read_container(path)
        content, arrays = json.loads(text), dict(arrays)
        content = change(content, arrays) or content
        forged = tmp_path / "forged"
        write_container(forged, json.dumps(content), arrays)
        return forged

    return write


class Explosive:
    def __reduce__(self):
        return print, ("run",)


def archive(members, compression=zipfile.ZIP_STORED):
    content = BytesIO()
    with zipfile.ZipFile(content, "w", compression) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return np.frombuffer(content.getvalue(), np.uint8)


def npy_of(shape, data=b""):
    content = BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(content, header)
    return content.getvalue() + data
