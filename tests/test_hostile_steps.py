"""Steps of scikit-learn in files of models that were made to harm: each is refused."""

import json
import os
import zipfile

import forged_models
import numpy as np
import pytest
from forged_models import ONE_SENTENCE, Explosive, X, Y, archive, npy_of
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures
from sklearn.svm import SVC, SVR, NuSVC, OneClassSVM

from skdigits import load_model
from skdigits.persistence._sklearn_steps import write_step

forge, path = forged_models.forge, forged_models.path

OBJECT = {
    "__class__": "Explosive",
    "__module__": Explosive.__module__,
    "__loader__": "ObjectNode",
    "__id__": 1,
    "content": {
        "__class__": "dict",
        "__module__": "builtins",
        "__loader__": "DictNode",
        "key_types": {},
        "content": {},
        "__id__": 2,
    },
    "protocol": 2,
    "_skops_version": "0.16.0",
}
BAD_STEPS = {
    "a compressed archive": lambda: archive({"schema.json": b"0" * 10**6}, zipfile.ZIP_DEFLATED),
    "an array of a terabyte": lambda: archive({"schema.json": b"{}", "a.npy": npy_of((10**11,))}),
    "an array of a wrong length": lambda: archive({"schema.json": b"{}", "a.npy": npy_of((-1,))}),
    "a class of mine": lambda: archive({"schema.json": json.dumps(OBJECT).encode()}),
    "no schema": lambda: archive({"other": b""}),
    "no archive": lambda: np.zeros(100, np.uint8),
    "floats": lambda: np.zeros(100),
    "a deep schema": lambda: archive({"schema.json": b"[" * 10**5}),
}


@pytest.mark.parametrize("wrong", BAD_STEPS)
def test_steps_that_harm_are_refused(forge, wrong, measure_peak, capsys):
    def change(content, arrays):
        arrays[content["model"]["pipeline"]["steps"][0][1]["skops"]["array"]] = BAD_STEPS[wrong]()

    forged = forge(change)

    def refuse():
        with pytest.raises(ValueError, match=ONE_SENTENCE):
            load_model(forged)

    measure_peak(refuse, below=100 * 2**20)
    assert capsys.readouterr().out == ""


def replace(name, value):
    def change(state):
        setattr(state, name, value(getattr(state, name, None)))

    return change


SVMS = {
    "fewer weights than vectors": (SVC(), replace("_dual_coef_", lambda a: a[:, :2].copy())),
    "no intercepts": (SVC(), replace("_intercept_", lambda a: a[:1].copy())),
    "a billion vectors": (SVC(), replace("_n_support", lambda a: np.full_like(a, 10**8))),
    "vectors below zero": (SVC(), replace("_n_support", lambda a: np.full_like(a, -5))),
    "fewer classes": (SVC(), replace("classes_", lambda a: a[:2])),
    "narrow vectors": (SVC(), replace("support_vectors_", lambda a: a[:, :1].copy())),
    "a public twin": (SVC(), replace("intercept_", lambda a: a + 1)),
    "a regression": (SVR(), replace("_dual_coef_", lambda a: a[:, :1].copy())),
    "one class": (OneClassSVM(), replace("_n_support", lambda a: a[:1].copy())),
    "kernels of no rows": (SVC(), replace("kernel", lambda _: "precomputed")),
    "NaN": (NuSVC(nu=0.1), replace("_gamma", lambda _: float("nan"))),
    "a method": (SVC(), replace("predict", lambda _: 3)),
}
STEPS = SVMS | {
    "labels of no class": (KNeighborsClassifier(), replace("_y", lambda a: a + 10**6)),
    "few labels": (KNeighborsClassifier(), replace("_y", lambda a: a[:3])),
    "NaN coefficients": (LogisticRegression(), replace("coef_", lambda a: a * np.nan)),
    "one row of coefficients": (LogisticRegression(), replace("coef_", lambda a: a[:1])),
    "labels turned round": (LogisticRegression(), replace("classes_", lambda a: a[::-1].copy())),
    "a parameter out of range": (LogisticRegression(), replace("C", lambda _: -5)),
    "no scale": (MinMaxScaler(), replace("scale_", np.zeros_like)),
    "a scalar scale": (MinMaxScaler(), replace("scale_", lambda _: np.ones(()))),
    "wide centres": (KMeans(3, n_init=1), replace("cluster_centers_", lambda a: a[:, :2].copy())),
    "billions of columns": (PolynomialFeatures(1), replace("degree", lambda _: 60)),
}


@pytest.mark.parametrize("wrong", STEPS)
def test_steps_whose_numbers_lead_astray_are_refused(wrong, forge):
    step, change = STEPS[wrong]
    step = clone(step).fit(X.astype(float), Y)
    change(step)

    def put_in(content, arrays):
        passed = content["model"]["pipeline"]["steps"][0][1]
        arrays[passed["skops"]["array"]] = write_step(step, who="the test")[0]
        content["model"] = passed
        for other in set(arrays) - {passed["skops"]["array"]}:
            del arrays[other]

    with pytest.raises(ValueError, match=ONE_SENTENCE):
        load_model(forge(put_in))


def test_a_step_with_a_cache_in_a_folder_is_refused(forge, tmp_path):
    cached = Pipeline([("scale", MinMaxScaler())], memory=str(tmp_path / "cache")).fit(X, Y)

    def put_in(content, arrays):
        name = content["model"]["pipeline"]["steps"][0][1]["skops"]["array"]
        arrays[name] = write_step(cached, who="the test")[0]

    with pytest.raises(ValueError, match="has a cache in a folder"):
        load_model(forge(put_in))


def test_no_more_threads_are_started_than_there_are_processors(forge):
    net = KNeighborsClassifier(n_jobs=3000).fit(X, Y)

    def put_in(content, arrays):
        steps = content["model"]["pipeline"]["steps"]
        arrays[steps[0][1]["skops"]["array"]] = write_step(net, who="the test")[0]
        content["model"] = steps[0][1]
        for other in set(arrays) - {steps[0][1]["skops"]["array"]}:
            del arrays[other]

    assert load_model(forge(put_in)).n_jobs <= os.cpu_count()
