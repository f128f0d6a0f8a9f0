"""Networks of one shape as a single network whose every tensor has a leading model axis."""

import torch
from torch import nn
from torch.nn import functional as F

from skdigits.neural._modules import (
    N_LEVELS,
    BatchNorm,
    Dropout,
    GroupNorm,
    channels_last,
    draw_levels,
    dropped_levels,
    kept_levels,
    module_of_weights,
)


class FusedNet:
    """Several :class:`PixelNet` of one shape, computed at once; none of them sees another.

    Convolutions are one convolution in groups, their feature maps side by side as channels; dense
    layers are one batched matrix product.

    Parameters
    ----------
    pattern : PixelNet
        A network of their class and shape.
    tensors : dict of Tensor
        Weights and statistics of all, (n_models, ...) each.
    """

    def __init__(self, pattern, tensors):
        self._pattern, self._tensors = pattern, tensors
        self.n_models = len(tensors["sharpness"])
        self.parameters = {name: tensors[name] for name, _ in pattern.named_parameters()}
        for parameter in self.parameters.values():
            parameter.requires_grad_()

    @classmethod
    def of_modules(cls, modules):
        """Return copies of networks of one class, shape, dtype and device as one."""
        states = [module.state_dict() for module in modules]
        return cls(modules[0], {name: _stacked([s[name] for s in states]) for name in states[0]})

    def of_models(self, numbers):
        """Return copies of some of the networks as one."""
        tensors = {name: w.detach() for name, w in self._tensors.items()}
        return type(self)(
            self._pattern, {name: _stacked([w[n] for n in numbers]) for name, w in tensors.items()}
        )

    def module_of(self, number):
        """Return a copy of one network as a module of its own, in evaluation mode."""
        weights = {name: w.detach()[number].clone() for name, w in self._tensors.items()}
        module = module_of_weights(type(self._pattern), self._pattern.spec, weights)
        return channels_last(module.eval())

    def set_dropout(self, shares, generators):
        """Let each network drop its share of units in training, drawn from its generator."""
        self._dropout = _FusedDropout(shares, generators, self._pattern)

    @property
    def dtype(self):
        """What is computed in."""
        return self._pattern.dtype

    @property
    def device(self):
        """Where the weights are."""
        return self._pattern.device

    def forward(self, pixels, sizes, weights=None):
        """Return the logits of a batch in training, (n_models, n_outputs, n).

        Parameters
        ----------
        pixels : Tensor of shape (n_models, n, channels, height, width)
            What each of the networks gets.
        sizes : list of int
            How many images each of them has; what stands behind them counts for nothing.
        weights : Tensor of shape (n_models, n), default=None
            Weights of the images for batch statistics; given where `sizes` differ.
        """
        x = self._standardized(pixels)
        if len(self._pattern.blocks):
            x = self._convolved(x, weights)
        x = x.flatten(2).transpose(1, 2)  # images last: the quickest products, few outputs or many
        for name, part in self._pattern.dense.named_children():
            if isinstance(part, nn.Linear):
                x = self._linear(f"dense.{name}", x)
            else:
                x = self._dropout(x, sizes) if isinstance(part, Dropout) else part(x)
        return self._linear("head", x)

    def _standardized(self, pixels):
        scale, shift = (
            self._tensors[f"standardize.{name}"].view(-1, 1, 1, 1, 1) for name in ("scale", "shift")
        )
        return (pixels.to(scale.dtype) * scale).add_(shift)

    def _convolved(self, x, weights):
        """Return (n_models, n, channels, height, width) after all blocks."""
        x = x.transpose(0, 1).flatten(1, 2).contiguous(memory_format=torch.channels_last)
        for number, block in enumerate(self._pattern.blocks):
            x = self._convolution(block, f"blocks.{number}.conv", x)
            if block.pooling != (1, 1):
                x = F.max_pool2d(x, block.pooling)
            x = self._normalized(block.norm, f"blocks.{number}.norm", x, weights)
            x = block.activation(x)
        return x.unflatten(1, (self.n_models, -1)).transpose(0, 1)

    def _convolution(self, block, name, x):
        weight = self._flat(f"{name}.weight").contiguous(memory_format=torch.channels_last)
        bias = None if block.conv.bias is None else self._flat(f"{name}.bias")
        x = F.conv2d(x, weight, bias, padding="same", groups=self.n_models)
        return x.contiguous(memory_format=torch.channels_last)  # a lone gray model's is not

    def _normalized(self, norm, name, x, weights):
        if not isinstance(norm, BatchNorm | GroupNorm):
            return x
        scale, bias = (self._flat(f"{name}.{part}") for part in ("weight", "bias"))
        if isinstance(norm, GroupNorm):
            return F.group_norm(x, norm.num_groups * self.n_models, scale, bias, norm.eps)
        if weights is None and len(x) * x[0, 0].numel() == 1:
            weights = x.new_ones((self.n_models, 1))
        if weights is not None:
            return self._weighted_norm(norm, name, x, weights)
        mean, var = (self._flat(f"{name}.{part}") for part in ("running_mean", "running_var"))
        return F.batch_norm(x, mean, var, scale, bias, True, norm.momentum, norm.eps)

    def _weighted_norm(self, norm, name, x, weights):
        """Normalise as :class:`BatchNorm` does with weights."""
        x = x.unflatten(1, (self.n_models, -1))
        n_pixels = x.shape[3] * x.shape[4]
        total = weights.sum(dim=1)
        share = (weights / (total[:, None] * n_pixels)).T[..., None, None, None]
        mean = (x * share).sum(dim=(0, 3, 4))
        centred = x - mean[..., None, None]
        var = (centred.square() * share).sum(dim=(0, 3, 4))
        n = n_pixels * torch.maximum(total, (weights > 0).sum(dim=1))
        self._track(norm, name, mean.detach(), var.detach() * (n / (n - 1).clamp_min(1))[:, None])
        factor = self._tensors[f"{name}.weight"] * (var + norm.eps).rsqrt()
        x = centred * factor[..., None, None] + self._tensors[f"{name}.bias"][..., None, None]
        return x.flatten(1, 2)

    @torch.no_grad()
    def _track(self, norm, name, mean, var):
        self._tensors[f"{name}.running_mean"].lerp_(mean, norm.momentum)
        self._tensors[f"{name}.running_var"].lerp_(var, norm.momentum)

    def _linear(self, name, x):
        weight, bias = self._tensors[f"{name}.weight"], self._tensors[f"{name}.bias"]
        return torch.baddbmm(bias[..., None], weight, x)

    def _flat(self, name):
        """Return a tensor with the models side by side, as one layer has its channels."""
        return self._tensors[name].flatten(0, 1)


def _stacked(tensors):
    """Return tensors as one, kernels with all channels of a pixel side by side in memory."""
    if tensors[0].ndim != 4:
        return torch.stack(tensors)
    return torch.stack([kernel.permute(0, 2, 3, 1) for kernel in tensors]).permute(0, 1, 4, 2, 3)


class _FusedDropout:
    """:class:`Dropout` for each model with its own share and generator, as that draws it."""

    def __init__(self, shares, generators, module):
        self._active = [number for number, share in enumerate(shares) if share > 0]
        self._generators = [generators[number] for number in self._active]
        dropped = torch.tensor([dropped_levels(shares[number]) for number in self._active])
        last_dropped = (dropped - N_LEVELS // 2 - 1).to(torch.int16)
        factor = (N_LEVELS / (N_LEVELS - dropped).double()).to(module.dtype)
        self._last_dropped = last_dropped.to(module.device).view(-1, 1, 1)
        self._factor = factor.to(module.device).view(-1, 1, 1)

    def __call__(self, x, sizes):
        """Return `x`, (n_models, units, n), with units dropped of the first `sizes` images."""
        if not self._active:
            return x
        if len(self._active) == len(x):
            return x * self._mask(x, sizes)
        mask = torch.ones_like(x)
        mask[self._active] = self._mask(x, [sizes[number] for number in self._active])
        return x * mask

    def _mask(self, x, sizes):
        levels = x.new_zeros((len(sizes), x.shape[2], x.shape[1]), dtype=torch.int16)
        for part, size, generator in zip(levels, sizes, self._generators, strict=True):
            drawn = draw_levels(size * x.shape[1], generator, x.device)
            part[:size] = drawn.view(size, -1)
        kept = kept_levels(levels, self._last_dropped).to(x.dtype).mul_(self._factor)
        return kept.transpose(1, 2)
