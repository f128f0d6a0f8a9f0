"""Networks that predict in oneDNN's own layout of memory, on processors that it has kernels for."""

import torch
from torch import nn

from skdigits.neural._modules import PLAIN_NETS, NoNorm, module_of_weights


def has_blocked_kernels(module):
    """Whether oneDNN has kernels for all of `module`, and on this processor quick ones."""
    return (
        type(module) in PLAIN_NETS
        and module.device.type == "cpu"
        and module.dtype == torch.float32
        and torch.backends.mkldnn.is_available()
        and torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512")
        and all(isinstance(block.norm, NoNorm) for block in module.blocks)
    )


class BlockedNet:
    """A `PixelNet` without normalisation at work: what it gives, to rounding, and quicker.

    Weights and images are laid out in blocks of channels, which oneDNN's kernels read without
    rearranging them first, from the first layer to the last.
    """

    dtype = torch.float32

    def __init__(self, module):
        weights = {name: weight.to_mkldnn() for name, weight in module.named_parameters()}
        weights |= dict(module.named_buffers())
        self._net = module_of_weights(type(module), module.spec, weights).eval()
        for part in self._net.modules():
            if isinstance(part, nn.ReLU):
                part.inplace = True

    def forward(self, pixels):
        """Return logits, (n, n_outputs)."""
        return self._net.head(self._hidden(pixels)).to_dense() * self._net.sharpness

    def embed(self, pixels):
        """Return the activations of the last hidden layer, (n, units)."""
        return self._hidden(pixels).to_dense()

    def _hidden(self, pixels):
        x = self._net.standardize(pixels).to_mkldnn()
        for block in self._net.blocks:
            x = block(x)
        return self._net.dense(x.flatten(1))
