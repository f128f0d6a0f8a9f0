"""A fitted estimator as one ONNX model: its steps in a row, each by its converter."""

import copy
import json
import warnings

import numpy as np
from sklearn.base import is_classifier
from sklearn.linear_model import RidgeClassifier, RidgeClassifierCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import Binarizer, PolynomialFeatures, PowerTransformer
from sklearn.svm import LinearSVC

from skdigits._optional import import_optional
from skdigits._version import __version__
from skdigits.images import PageReader
from skdigits.images._pictures import PictureTransformer
from skdigits.persistence._onnx_graph import plain_labels
from skdigits.persistence._onnx_net import CONVERTERS, NETWORKS, SHAPE_CALCULATORS
from skdigits.persistence._onnx_svm import SVMS, convert_svm, set_svm_types

WHO = "export_onnx"
OPSETS = {"": 18, "ai.onnx.ml": 3}  # which ONNX Runtime knows since 1.14 (2023)
_BATCH = "n_images"
_LINEAR = (LinearSVC, RidgeClassifier, RidgeClassifierCV)
# Converted wrongly, or not at all, in float64.
_SINGLE = (Binarizer, PolynomialFeatures, PowerTransformer)
_TREES = ("sklearn.ensemble.", "sklearn.tree.")


def check_kind(estimator):
    """Refuse a reader of pages, which is no classifier and is never fitted."""
    if isinstance(estimator, PageReader):
        raise TypeError(
            f"{WHO} cannot write PageReader, which finds the characters on a page: export its "
            "`estimator`."
        )


def check_steps(estimator, steps):
    """Refuse by name what cannot be said in ONNX.

    Parameters
    ----------
    estimator : estimator instance
        What the user gave.
    steps : list of estimator instance
        Its :func:`flat_steps`.

    Raises
    ------
    TypeError
        If it is no classifier of one label an image, or a step has no converter.
    ValueError
        If a network predicts with `tta`.
    """
    last = steps[-1]
    if not is_classifier(last) or isinstance(last.classes_, list):
        raise TypeError(
            f"{WHO} expects a classifier of one label an image, or a Pipeline that ends in one, "
            f"got {_ends_in(estimator, last)}."
        )
    _check_pictures(steps)
    for step in steps:
        _check_converter(step)
    plain_labels(last.classes_)


def _ends_in(estimator, last):
    name, end = type(estimator).__name__, type(last).__name__
    return name if name == end else f"{name} that ends in {end}"


def _check_pictures(steps):
    """Refuse what works on pictures; the steps behind the last of them may be exported."""
    of_pictures = [
        (position, type(part).__name__)
        for position, step in enumerate(steps, start=1)
        for part in _parts(step)
        if isinstance(part, PictureTransformer)
    ]
    if of_pictures:
        last = of_pictures[-1][0]
        raise TypeError(
            f"{WHO} cannot write {of_pictures[0][1]}, whose work on pictures ONNX has no words "
            f"for: export the steps behind it, model[{last}:], and give the file what "
            f"model[:{last}].transform returns."
        )


def _check_converter(step):
    name = type(step).__name__
    networks = [part for part in _parts(step) if isinstance(part, NETWORKS)]
    if any(network.tta for network in networks):
        raise ValueError(
            f"{WHO} cannot write {type(networks[0]).__name__} with tta=True, whose moved images "
            "ONNX has no words for: set tta=False."
        )
    if type(step) in CONVERTERS:
        return
    if networks:
        raise TypeError(
            f"{WHO} cannot write {name} around {type(networks[0]).__name__}, as skl2onnx knows "
            "no network of ours: export the network itself."
        )
    if not _is_known_to_skl2onnx(type(step)):
        way_out = "another classifier" if is_classifier(step) else "its work done before the file"
        raise TypeError(
            f"{WHO} cannot write {name}, which skl2onnx has no converter for; it takes {way_out}."
        )


def _parts(step):
    """Return a step and all estimators in its parameters."""
    return [step, *step.get_params(deep=True).values()]


def _is_known_to_skl2onnx(kind):
    skl2onnx = import_optional("skl2onnx", extra="onnx", who=WHO)
    try:
        return bool(skl2onnx.get_model_alias(kind))
    except RuntimeError:
        return False


def name_steps(steps):
    """Return the names of the steps' classes, for a message."""
    return " > ".join(type(step).__name__ for step in steps)


def shorten(error):
    """Return the beginning of another library's message, for one of ours."""
    text = " ".join(str(error).split())
    return text if len(text) <= 120 else f"{text[:117]}..."


def second_output(estimator):
    """Return what a file gives beside labels: "probabilities", "scores" or None.

    For two classes skl2onnx has no one way to write scores; only the label is left then.
    """
    if hasattr(estimator, "predict_proba"):
        return "probabilities"
    if hasattr(estimator, "decision_function") and len(estimator.classes_) > 2:
        return "scores"
    return None


def convert_steps(steps):
    """Return fitted steps as one ONNX model.

    Parameters
    ----------
    steps : list of estimator instance
        What :func:`check_steps` lets through.

    Returns
    -------
    onnx.ModelProto
        Takes float32 rows, gives what :func:`export_onnx` says.

    Raises
    ------
    TypeError
        If skl2onnx cannot convert a step as it is set.
    """
    try:
        with warnings.catch_warnings():
            # skl2onnx reads attributes that scikit-learn has said it will remove.
            warnings.simplefilter("ignore", FutureWarning)
            return _finish(_convert(steps), steps[-1])
    except Exception as error:  # whatever a converter stumbles over
        raise TypeError(
            f"{WHO} cannot write {name_steps(steps)} as it is set: skl2onnx stumbles over "
            f"{shorten(error)!r}."
        ) from error


def _convert(steps):
    skl2onnx = import_optional("skl2onnx", extra="onnx", who=WHO)
    classifier, svms = steps[-1], _svms_of_scores(steps)
    chain = [*_casts_between(steps[:-1], classifier), _with_plain_labels(classifier)]
    return skl2onnx.convert_sklearn(
        Pipeline([(f"step{i}", step) for i, step in enumerate(chain)]),
        name="skdigits",
        initial_types=[("pixels", _tensor_type("Float")([None, steps[0].n_features_in_]))],
        final_types=_final_types(classifier),
        target_opset=OPSETS,
        options={id(step): _options(step) for step in chain},
        custom_conversion_functions=CONVERTERS | dict.fromkeys(svms, convert_svm),
        custom_shape_calculators=SHAPE_CALCULATORS | dict.fromkeys(svms, set_svm_types),
    )


def _svms_of_scores(steps):
    """Return SVMs' classes, unless one has probabilities: only ONNX's operator couples those."""
    parts = [part for step in steps for part in _parts(step)]
    couples = any(isinstance(part, SVMS) and part.probability is True for part in parts)
    return () if couples else SVMS


def _casts_between(transformers, classifier):
    """Return transformers with casts between them, so that the file computes as they do.

    scikit-learn's steps compute in float64; trees round to float32 themselves, and their
    thresholds decide on the last bit. Networks cast for themselves.
    """
    chain, dtype = [], np.float32
    for step in (*transformers, classifier):
        wanted = dtype if type(step) in CONVERTERS else _dtype_of(step)
        if wanted != dtype:
            chain.append(_cast_to(wanted))
        dtype = wanted
        chain.append(step)
    return chain[:-1]


def _cast_to(dtype):
    sklapi = import_optional("skl2onnx.sklapi", extra="onnx", who=WHO)
    return sklapi.CastTransformer(dtype=dtype)


def _dtype_of(step):
    parts = _parts(step)
    is_single = any(
        isinstance(part, _SINGLE) or type(part).__module__.startswith(_TREES) for part in parts
    )
    return np.float32 if is_single else np.float64


def _with_plain_labels(classifier):
    """Return a classifier whose labels are of the kinds that skl2onnx knows."""
    if isinstance(classifier, NETWORKS) or "classes_" not in vars(classifier):
        return classifier
    plain = copy.copy(classifier)
    plain.classes_ = plain_labels(classifier.classes_)
    return plain


def _options(step):
    """Ask converters for plain tensors in place of a dict an image, and for scores."""
    if type(step) in CONVERTERS or not is_classifier(step):
        return {}
    options = {} if isinstance(step, LinearSVC) else {"zipmap": False}
    return options | ({"raw_scores": True} if isinstance(step, _LINEAR) else {})


def _final_types(classifier):
    is_boolean = classifier.classes_.dtype.kind == "b"
    label_type = _tensor_type("Boolean")([None]) if is_boolean else None
    values = second_output(classifier) or "unused"
    return [("label", label_type), (values, _tensor_type("Float")([None, None]))]


def _tensor_type(name):
    types = import_optional("skl2onnx.common.data_types", extra="onnx", who=WHO)
    return getattr(types, f"{name}TensorType")


def _finish(model, classifier):
    """Say the shapes, drop what is no output, say what the columns are."""
    from onnx import checker, helper

    label, values = model.graph.output
    if len(label.type.tensor_type.shape.dim) != 1:
        raise ValueError("the labels are a table")
    _set_shape(model.graph.input[0], _BATCH)
    _set_shape(label, _BATCH)
    if second_output(classifier) == "probabilities":
        _set_shape(values, _BATCH, len(classifier.classes_))
    elif second_output(classifier) == "scores":
        _set_shape(values, _BATCH, "n_scores")
    else:
        del model.graph.output[1]
    classes = np.asarray(classifier.classes_.tolist())
    properties = {"skdigits": __version__, "classes": json.dumps(classes.tolist())}
    helper.set_model_props(model, properties)
    checker.check_model(model, full_check=True)
    return model


def _set_shape(value, *sizes):
    """Say the sizes of an input's or output's first dimensions, by a name where they vary."""
    for dimension, size in zip(value.type.tensor_type.shape.dim, sizes, strict=False):
        if isinstance(size, int):
            dimension.dim_value = size
        else:
            dimension.dim_param = size
