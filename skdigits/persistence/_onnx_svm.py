"""Kernel SVMs as ONNX in float64, as scikit-learn computes them.

ONNX has an operator of its own for them, which computes in float32: one pair of classes that is
as good as level then votes for the other, and the scores of the image jump. Matrix products in
float64 do not, and are quicker.
"""

from itertools import combinations

import numpy as np
from scipy.sparse import issparse
from sklearn.svm import SVC, NuSVC

from skdigits._validation import fitted_gamma
from skdigits.persistence._onnx_graph import Graph, label_type, plain_labels

SVMS = (SVC, NuSVC)


def set_svm_types(operator):
    """Tell skl2onnx what :func:`convert_svm` gives: labels and scores."""
    svm, (pixels,) = operator.raw_operator, operator.inputs
    n_classes = len(svm.classes_)
    is_of_pairs = n_classes > 2 and svm.decision_function_shape == "ovo"
    n_scores = n_classes * (n_classes - 1) // 2 if is_of_pairs else n_classes
    operator.outputs[0].type = label_type(svm.classes_)([pixels.type.shape[0]])
    operator.outputs[1].type = type(pixels.type)([pixels.type.shape[0], n_scores])


def convert_svm(scope, operator, container):
    """Write an SVM; two columns of scores for two classes, of which the second counts."""
    from onnx.helper import tensor_dtype_to_np_dtype
    from skl2onnx.common.data_types import guess_proto_type

    svm, graph = operator.raw_operator, Graph(scope, container)
    label, scores = (output.full_name for output in operator.outputs)
    x = graph.cast(operator.inputs[0].full_name, np.float64)
    decisions = graph.add(
        "Add",
        graph.add("MatMul", _kernel(graph, x, svm), graph.constant(_pair_weights(svm))),
        graph.constant(_pair_intercepts(svm)),
    )
    votes, ovr_scores = _count(graph, decisions, len(svm.classes_))
    breaks_ties = svm.break_ties and svm.decision_function_shape == "ovr"
    best = ovr_scores if breaks_ties and len(svm.classes_) > 2 else votes
    codes = graph.add("ArgMax", best, axis=1, keepdims=0)
    container.add_node("Gather", [graph.constant(plain_labels(svm.classes_)), codes], label)
    if len(svm.classes_) == 2:
        values = graph.add("MatMul", decisions, graph.constant([[1.0, -1.0]]))
    else:
        values = decisions if svm.decision_function_shape == "ovo" else ovr_scores
    dtype = tensor_dtype_to_np_dtype(guess_proto_type(operator.outputs[1].type))
    container.add_node("Identity", graph.cast(values, dtype), scores)


def _kernel(graph, x, svm):
    vectors = _dense(svm.support_vectors_)
    products = graph.add("MatMul", x, graph.constant(vectors.T))
    if svm.kernel == "linear":
        return products
    gamma = fitted_gamma(svm)
    if svm.kernel == "rbf":
        ours = graph.add("ReduceSum", graph.add("Mul", x, x), graph.constant([1]), keepdims=1)
        theirs = graph.constant((vectors**2).sum(axis=1))
        twice = graph.add("Mul", products, graph.constant(-2.0))
        distances = graph.add("Add", graph.add("Add", twice, ours), theirs)
        return graph.add("Exp", graph.add("Mul", distances, graph.constant(-gamma)))
    scaled = graph.add("Mul", products, graph.constant(gamma))
    shifted = graph.add("Add", scaled, graph.constant(float(svm.coef0)))
    if svm.kernel == "poly":
        return graph.add("Pow", shifted, graph.constant(float(svm.degree)))
    if svm.kernel == "sigmoid":
        return graph.add("Tanh", shifted)
    raise ValueError(f"kernel={svm.kernel!r}")


def _pair_weights(svm):
    """Return what each support vector adds to the decision of each pair of classes.

    libsvm keeps the weight of a vector of class i against class j in row j - 1, or j if j < i.
    """
    coefficients = _dense(svm.dual_coef_)
    owner = np.repeat(np.arange(len(svm.n_support_)), svm.n_support_)
    if len(svm.n_support_) == 2:
        return -coefficients.T
    pairs = list(combinations(range(len(svm.n_support_)), 2))
    weights = np.zeros((len(owner), len(pairs)))
    for column, (i, j) in enumerate(pairs):
        weights[owner == i, column] = coefficients[j - 1, owner == i]
        weights[owner == j, column] = coefficients[i, owner == j]
    return weights


def _pair_intercepts(svm):
    # For two classes scikit-learn turns libsvm's signs round.
    return -svm.intercept_ if len(svm.n_support_) == 2 else svm.intercept_


def _count(graph, decisions, n_classes):
    """Return the votes of the pairs for each class, and scikit-learn's scores made of them.

    As `sklearn.utils.multiclass._ovr_decision_function` has them.
    """
    pairs = np.array(list(combinations(range(n_classes), 2)))
    first, second = (np.eye(n_classes)[pairs[:, k]] for k in (0, 1))
    is_first = graph.cast(graph.add("Greater", decisions, graph.constant(0.0)), np.float64)
    votes = graph.add(
        "Add",
        graph.add("MatMul", is_first, graph.constant(first - second)),
        graph.constant(second.sum(axis=0)),
    )
    sums = graph.add("MatMul", decisions, graph.constant(first - second))
    size = graph.add("Add", graph.add("Abs", sums), graph.constant(1.0))
    shares = graph.add("Div", sums, graph.add("Mul", size, graph.constant(3.0)))
    return votes, graph.add("Add", votes, shares)


def _dense(matrix):
    return matrix.toarray() if issparse(matrix) else np.asarray(matrix)
