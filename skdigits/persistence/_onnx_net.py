"""Our networks and the reshaper as ONNX: converters in skl2onnx's way, without torch's exporter.

A network is a dozen kinds of layers. Written down directly they take milliseconds, two packages
less, and ONNX Runtime gets the layers as they are; `torch.onnx.export` takes seconds.
"""

import math

import numpy as np

from skdigits._validation import with_channels
from skdigits.images import ImageReshaper
from skdigits.neural import ANNClassifier, CNNClassifier
from skdigits.neural._layers import network_layers
from skdigits.persistence._onnx_graph import Graph, label_type, plain_labels


def _set_reshaper_types(operator):
    kind = operator.inputs[0].type
    operator.outputs[0].type = type(kind)([kind.shape[0], *operator.raw_operator.image_shape_])


def _convert_reshaper(scope, operator, container):
    graph = Graph(scope, container)
    shape = (-1, *operator.raw_operator.image_shape_)
    images = graph.add("Reshape", operator.inputs[0].full_name, graph.constant(shape, np.int64))
    container.add_node("Identity", images, operator.outputs[0].full_name)


def _set_network_types(operator):
    from skl2onnx.common import data_types  # by way of which we are called

    classifier, batch = operator.raw_operator, operator.inputs[0].type.shape[0]
    operator.outputs[0].type = label_type(classifier.classes_)([batch])
    operator.outputs[1].type = data_types.FloatTensorType([batch, len(classifier.classes_)])


def _convert_network(scope, operator, container):
    classifier = operator.raw_operator
    graph = Graph(scope, container)
    x = graph.cast(operator.inputs[0].full_name, np.float32)
    for kind, *arguments in network_layers(classifier.net_.module_):
        x = _WRITERS[kind](graph, x, *arguments)
    label, probabilities = (output.full_name for output in operator.outputs)
    container.add_node("Softmax", x, probabilities, axis=1)
    codes = graph.add("ArgMax", x, axis=1, keepdims=0)
    labels = graph.constant(plain_labels(classifier.classes_))
    container.add_node("Gather", [labels, codes], label)


NETWORKS = (ANNClassifier, CNNClassifier)
CONVERTERS = {ImageReshaper: _convert_reshaper, **dict.fromkeys(NETWORKS, _convert_network)}
SHAPE_CALCULATORS = {
    ImageReshaper: _set_reshaper_types,
    **dict.fromkeys(NETWORKS, _set_network_types),
}


def _standardize(graph, x, scale, shift):
    return graph.add("Add", graph.add("Mul", x, graph.number(scale)), graph.number(shift))


def _images(graph, x, image_shape):
    return graph.add("Reshape", x, graph.constant((-1, *with_channels(image_shape)), np.int64))


def _convolution(graph, x, weight, bias):
    arrays = [weight] if bias is None else [weight, bias]
    names = [graph.number(array) for array in arrays]
    sides = list(weight.shape[2:])
    pads = [side // 2 for side in sides] * 2  # "same", of kernels whose sides are odd
    return graph.add("Conv", x, *names, kernel_shape=sides, pads=pads)


def _max_pooling(graph, x, window):
    return graph.add("MaxPool", x, kernel_shape=list(window), strides=list(window))


def _scale_channels(graph, x, scale, shift):
    names = [graph.number(array.reshape(1, -1, 1, 1)) for array in (scale, shift)]
    return graph.add("Add", graph.add("Mul", x, names[0]), names[1])


def _normalize_groups(graph, x, n_groups, epsilon, scale, shift):
    # As groups of one channel each: opset 18 has no group normalisation that ONNX Runtime takes.
    ones, zeros = graph.number(np.ones(n_groups)), graph.number(np.zeros(n_groups))
    groups = graph.add("Reshape", x, graph.constant((0, n_groups, -1), np.int64))
    normal = graph.add("InstanceNormalization", groups, ones, zeros, epsilon=epsilon)
    shape = graph.add("Shape", x)
    return _scale_channels(graph, graph.add("Reshape", normal, shape), scale, shift)


def _activation(graph, x, name):
    if name == "gelu":
        return _gelu(graph, x)
    operation = _ACTIVATIONS[name]
    return x if operation is None else graph.add(operation, x)


def _gelu(graph, x):
    # x Φ(x), which is an operation of its own only from opset 20 on.
    erf = graph.add("Erf", graph.add("Div", x, graph.number(math.sqrt(2))))
    share = graph.add("Add", erf, graph.number(1))
    return graph.add("Mul", graph.add("Mul", x, share), graph.number(0.5))


def _flatten(graph, x):
    return graph.add("Flatten", x, axis=1)


def _dense(graph, x, weight, bias):
    return graph.add("Gemm", x, graph.number(weight), graph.number(bias), transB=1)


_ACTIVATIONS = {"identity": None, "logistic": "Sigmoid", "tanh": "Tanh", "relu": "Relu"}
_WRITERS: dict = {
    "standardize": _standardize,
    "images": _images,
    "convolution": _convolution,
    "max_pooling": _max_pooling,
    "scale_channels": _scale_channels,
    "normalize_groups": _normalize_groups,
    "activation": _activation,
    "flatten": _flatten,
    "dense": _dense,
}
