"""A trained net as NumPy arrays and plain values, and back."""

from dataclasses import dataclass

import numpy as np
import torch

from skdigits.neural._modules import PixelNet, channels_last, module_of_weights
from skdigits.neural._plan import Plan
from skdigits.neural._training import build_net, load_moments


def net_to_arrays(net, plan, *, with_optimizer):
    """Return all that is needed to build `net` again; nothing in it is torch's or skorch's."""
    module = net.module_
    return {
        "module": type(module).__name__,
        "spec": module.spec,
        "weights": _to_arrays(module.state_dict()),
        "optimizer": _to_arrays(net.optimizer_.state_dict()["state"]) if with_optimizer else None,
        "history": [dict(epoch) for epoch in net.history],
        "plan": {**vars(plan), "augment": None},  # which the estimator has
    }


@dataclass(frozen=True)
class StoredNet:
    """A net of which only the network has been built: the rest takes a second to import."""

    module_: PixelNet
    plan: Plan
    history: list
    optimizer: dict | None

    def build(self, callbacks):
        """Return the skorch net."""
        net = build_net(self.module_, self.plan, callbacks)
        if self.optimizer is not None:
            load_moments(net.optimizer_, _to_tensors(self.optimizer))
        net.history.extend(self.history)
        return net


def net_from_arrays(state, module_class):
    """Return the net that :func:`net_to_arrays` took apart, a `module_class`, on the CPU."""
    weights = _to_tensors(state["weights"])
    module = module_of_weights(module_class, state["spec"], weights)
    module = channels_last(module.eval())
    return StoredNet(module, Plan(**state["plan"]), state["history"], state["optimizer"])


def _to_arrays(values):
    """Return nested dicts and lists with every tensor turned into an array of its own."""
    if isinstance(values, torch.Tensor):
        return values.detach().cpu().numpy().copy()
    if isinstance(values, dict):
        return {key: _to_arrays(value) for key, value in values.items()}
    if isinstance(values, list | tuple):
        return type(values)(_to_arrays(value) for value in values)
    return values


def _to_tensors(values):
    """Undo :func:`_to_arrays`."""
    if isinstance(values, np.ndarray):
        return torch.from_numpy(values.copy())
    if isinstance(values, dict):
        return {key: _to_tensors(value) for key, value in values.items()}
    if isinstance(values, list | tuple):
        return type(values)(_to_tensors(value) for value in values)
    return values
