"""A trained net as NumPy arrays and plain values, and back."""

import numpy as np
import torch

from skdigits.neural._modules import MODULES, build_module, channels_last
from skdigits.neural._plan import Plan
from skdigits.neural._training import build_net, load_optimizer


def net_to_arrays(net, plan, *, with_optimizer):
    """Return all that is needed to build `net` again; nothing in it is torch's or skorch's."""
    module = net.module_
    return {
        "module": type(module).__name__,
        "spec": module.spec,
        "weights": _to_arrays(module.state_dict()),
        "optimizer": _to_arrays(net.optimizer_.state_dict()) if with_optimizer else None,
        "history": [dict(epoch) for epoch in net.history],
        "plan": {**vars(plan), "augment": None},  # which the estimator has
    }


def net_from_arrays(state, callbacks):
    """Return the net that :func:`net_to_arrays` took apart, on the CPU, and its plan."""
    plan = Plan(**state["plan"])
    module = build_module(MODULES[state["module"]], state["spec"])
    module.load_state_dict(_to_tensors(state["weights"]), assign=True)
    net = build_net(channels_last(module.eval()), plan, callbacks)
    if state["optimizer"] is not None:
        load_optimizer(net.optimizer_, _to_tensors(state["optimizer"]))
    net.history.extend(state["history"])
    return net, plan


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
