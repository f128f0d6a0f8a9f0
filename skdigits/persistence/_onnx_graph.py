"""What our converters share: a writer of nodes and constants, and labels as ONNX has them."""

import numpy as np


def plain_labels(classes):
    """Return labels as ONNX has them: int64 or text. Booleans are 0 and 1.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        Labels.

    Returns
    -------
    ndarray of shape (n_classes,)
        Of int64, or of text.

    Raises
    ------
    TypeError
        If they are neither whole numbers nor text.
    """
    labels = np.asarray(classes.tolist())
    if labels.dtype.kind in "biuf" and (labels == labels.astype(np.int64)).all():
        return labels.astype(np.int64)
    if labels.dtype.kind == "U" and all(isinstance(label, str) for label in classes):
        return labels
    raise TypeError(
        f"export_onnx expects labels that are whole numbers, booleans or text, got {classes[0]!r}."
    )


def label_type(classes):
    """Return skl2onnx's class for a tensor of such labels."""
    from skl2onnx.common import data_types  # by way of which we are called

    is_text = plain_labels(classes).dtype.kind == "U"
    return data_types.StringTensorType if is_text else data_types.Int64TensorType


class Graph:
    """Adds nodes and constants to what skl2onnx is writing, and names them."""

    def __init__(self, scope, container):
        self._scope, self._container = scope, container

    def add(self, operation, *inputs, **attributes):
        """Add a node of one output, and return that output's name."""
        output = self._scope.get_unique_variable_name(operation.lower())
        self._container.add_node(operation, list(inputs), output, **attributes)
        return output

    def constant(self, values, dtype=None):
        """Add an array, and return its name."""
        from onnx import TensorProto, numpy_helper

        array = np.asarray(values, dtype=dtype)
        name = self._scope.get_unique_variable_name("constant")
        if array.dtype.kind == "U":
            texts = [text.encode() for text in array]
            self._container.add_initializer(name, TensorProto.STRING, array.shape, texts)
        else:
            self._container.add_initializer(name, None, None, numpy_helper.from_array(array))
        return name

    def number(self, value):
        """Add a float32 number or array of them, and return its name."""
        return self.constant(value, np.float32)

    def cast(self, x, dtype):
        """Add a cast to a dtype of NumPy."""
        from onnx.helper import np_dtype_to_tensor_dtype

        return self.add("Cast", x, to=np_dtype_to_tensor_dtype(np.dtype(dtype)))
