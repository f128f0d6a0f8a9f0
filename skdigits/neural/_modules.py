"""The networks as plain torch modules: pixels in, logits out."""

import math

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_weights

ACTIVATIONS = {
    "identity": nn.Identity,
    "logistic": nn.Sigmoid,
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "gelu": nn.GELU,
}


class Standardize(nn.Module):
    """Shift and scale pixels by two numbers of the training set; also casts uint8."""

    def __init__(self):
        super().__init__()
        self.register_buffer("shift", torch.zeros(()))
        self.register_buffer("scale", torch.ones(()))

    def forward(self, pixels):
        return (pixels.to(self.scale.dtype) * self.scale).add_(self.shift)

    def fit(self, pixels, weights=None):
        """Give the pixels of a training set, its images weighted, mean 0 and variance 1."""
        mean, deviation = _moments(pixels.flatten(1), weights)
        scale = 1 / deviation if deviation > 0 else 1.0
        self.scale.fill_(scale)
        self.shift.fill_(-mean * scale)


_MOMENT_ROWS = 512  # which stay in the processor's cache


def _moments(rows, weights):
    """Return mean and standard deviation, a few hundred rows at a time.

    Rows are summed in the precision of the training, their sums in float64.
    """
    sums, total = torch.zeros(2, dtype=torch.float64), 0.0
    dtype = torch.float64 if rows.dtype == torch.float64 else torch.float32
    centre = float(rows[0].double().mean())
    for start in range(0, len(rows), _MOMENT_ROWS):
        part = rows[start : start + _MOMENT_ROWS].to(dtype, copy=True).sub_(centre)
        row_sums = torch.stack([part.sum(dim=1), part.square_().sum(dim=1)]).double()
        weight = row_sums.new_ones(len(part))
        if weights is not None:
            weight.copy_(weights[start : start + _MOMENT_ROWS])
        sums += (row_sums @ weight).cpu()
        total += float(weight.sum()) * rows.shape[1]
    mean, square = (sums / total).tolist()
    return mean + centre, max(square - mean**2, 0.0) ** 0.5


N_LEVELS = 2**16


def dropped_levels(p):
    """Return how many of 65,536 levels make a share `p`, one at least and never all."""
    return min(max(round(p * N_LEVELS), 1), N_LEVELS - 1)


def draw_levels(n_levels, generator, device):
    """Return random integers of 16 bits; four share one random number: drawing takes the time."""
    draws = torch.empty(math.ceil(n_levels / 4), dtype=torch.int64, device=device)
    return draws.random_(-(2**63), None, generator=generator).view(torch.int16)[:n_levels]


def kept_levels(levels, last_dropped):
    """Return 1 where a level, -32,768 to 32,767, is above `last_dropped`, else 0."""
    # By arithmetic in place: torch is slow at turning comparisons into numbers.
    return levels.clamp_(last_dropped, last_dropped + 1).sub_(last_dropped)


class Dropout(nn.Module):
    """Dropout that draws from a generator of its own, never from torch's global one.

    A share is rounded to a 65,536th, and to one at least.
    """

    def __init__(self):
        super().__init__()
        self.p = 0.0
        self.generator = None

    def forward(self, x):
        if not self.training or self.p == 0:
            return x
        n_dropped = dropped_levels(self.p)
        levels = draw_levels(x.numel(), self.generator, x.device).view(x.shape)
        kept = kept_levels(levels, n_dropped - N_LEVELS // 2 - 1)
        return x * kept.to(x.dtype).mul_(N_LEVELS / (N_LEVELS - n_dropped))


class BatchNorm(nn.Module):
    """Batch normalisation whose batch statistics may be weighted.

    With weights the statistics are those of the batch in which every image is repeated as often
    as its weight says, so that weighted and repeated images train the same network.
    """

    momentum = 0.1
    eps = 1e-5

    def __init__(self, n_channels):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(n_channels))
        self.bias = nn.Parameter(torch.zeros(n_channels))
        self.register_buffer("running_mean", torch.zeros(n_channels))
        self.register_buffer("running_var", torch.ones(n_channels))

    def forward(self, x, sample_weight=None):
        if not self.training or (sample_weight is None and x.numel() > x.shape[1]):
            return F.batch_norm(
                x,
                self.running_mean,
                self.running_var,
                self.weight,
                self.bias,
                self.training,
                self.momentum,
                self.eps,
            )
        if sample_weight is None:
            sample_weight = x.new_ones(len(x))
        # In float32 at least: in bfloat16 a sum of weights is worth three digits.
        return self._weighted(x.to(self.weight.dtype), sample_weight.to(self.weight.dtype))

    def _weighted(self, x, sample_weight):
        n_pixels = x.shape[2] * x.shape[3]
        share = (sample_weight / (sample_weight.sum() * n_pixels)).view(-1, 1, 1, 1)
        mean = (x * share).sum(dim=(0, 2, 3))
        centred = x - mean.view(1, -1, 1, 1)
        var = (centred.square() * share).sum(dim=(0, 2, 3))
        self._track(mean.detach(), var.detach(), sample_weight, n_pixels)
        factor = self.weight * (var + self.eps).rsqrt()
        return centred * factor.view(1, -1, 1, 1) + self.bias.view(1, -1, 1, 1)

    @torch.no_grad()
    def _track(self, mean, var, sample_weight, n_pixels):
        # Bessel's correction as torch has it; weights that sum to less than the number of
        # images (shares, say) count as one image each.
        n = n_pixels * max(float(sample_weight.sum()), len(sample_weight))
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(var * (n / max(n - 1, 1)), self.momentum)


class GroupNorm(nn.GroupNorm):
    """Group normalisation, which looks at one image at a time and so needs no weights."""

    def __init__(self, n_channels):
        super().__init__(math.gcd(8, n_channels), n_channels)

    def forward(self, x, sample_weight=None):
        return super().forward(x)


class NoNorm(nn.Module):
    """No normalisation."""

    def __init__(self, n_channels):
        super().__init__()

    def forward(self, x, sample_weight=None):
        return x


NORMALIZATIONS: dict = {"batch": BatchNorm, "group": GroupNorm, None: NoNorm}


class ConvBlock(nn.Module):
    """Convolution, max-pooling, normalisation, activation.

    Pooling comes as early as it can: what follows then works on a quarter of the pixels.
    """

    def __init__(self, n_in, n_out, kernel_size, pooling, normalization, activation):
        super().__init__()
        norm = NORMALIZATIONS[normalization](n_out)
        self.conv = nn.Conv2d(
            n_in, n_out, kernel_size, padding="same", bias=not isinstance(norm, BatchNorm)
        )
        self.pooling = pooling
        self.norm = norm
        self.activation = ACTIVATIONS[activation]()

    def folded_weights(self):
        """Return weights and bias of the one convolution that does for this and the norm.

        None where there is none: pooling lies between, which a scale below zero does not pass.
        """
        norm = self.norm
        if not isinstance(norm, BatchNorm) or bool((norm.weight < 0).any()):
            return None
        return fuse_conv_bn_weights(
            self.conv.weight,
            None,
            norm.running_mean,
            norm.running_var,
            norm.eps,
            norm.weight,
            norm.bias,
        )

    def forward(self, x, sample_weight=None):
        x = self.conv(x)
        if self.pooling != (1, 1):
            x = F.max_pool2d(x, self.pooling)
        return self.activation(self.norm(x, sample_weight))


class PixelNet(nn.Module):
    """What all networks share: standardised pixels, a body, dense layers, logits.

    Parameters
    ----------
    image_shape : tuple of int
        (channels, height, width) of an input.
    n_outputs : int
        Number of logits.
    hidden_layer_sizes : tuple of int
        Units of the dense layers.
    activation : str
        A key of `ACTIVATIONS`.

    Attributes
    ----------
    largest_batch : int
        Images in a batch of a prediction, if they are no larger than those of MNIST.
    """

    largest_batch: int

    def __init__(self, image_shape, n_outputs, hidden_layer_sizes, activation):
        super().__init__()
        self.image_shape = tuple(image_shape)
        self.n_layers = 2 + len(hidden_layer_sizes)
        self.activation_name = activation
        self.standardize = Standardize()
        self.register_buffer("sharpness", torch.ones(()))  # see _calibration.py
        self.blocks = nn.ModuleList()
        self._dense_spec = (n_outputs, tuple(hidden_layer_sizes))

    def _add_dense_layers(self, n_in, *, drop_first):
        n_outputs, hidden_layer_sizes = self._dense_spec
        layers = [Dropout()] if drop_first else []
        for n_out in hidden_layer_sizes:
            layers += [nn.Linear(n_in, n_out), ACTIVATIONS[self.activation_name](), Dropout()]
            n_in = n_out
        self.dense = nn.Sequential(*layers)
        self.head = nn.Linear(n_in, n_outputs)

    def embed(self, pixels, sample_weight=None):
        """Return the activations of the last hidden layer, (n, units)."""
        x = self.standardize(pixels)
        for block in self.blocks:
            x = block(x, sample_weight)
        return self.dense(x.flatten(1))

    def forward(self, pixels, sample_weight=None):
        """Return logits, (n, n_outputs), of pixels, (n, *image_shape)."""
        logits = self.head(self.embed(pixels, sample_weight))
        return logits if self.training else logits * self.sharpness

    def layer_sizes(self):
        """Return how many activations every layer has for one image, the pixels among them."""
        layers = [*self.dense, self.head]
        outputs = [layer.out_features for layer in layers if isinstance(layer, nn.Linear)]
        return [math.prod(self.image_shape), *outputs]

    @property
    def prediction_batch(self):
        """Images in every batch of a prediction: as many as the processor's cache is good for."""
        fitting = self.largest_batch * 28 * 28 // math.prod(self.image_shape)
        return min(self.largest_batch, max(fitting, 8))

    @property
    def dtype(self):
        """What is computed in."""
        return self.head.weight.dtype

    @property
    def device(self):
        """Where the weights are."""
        return self.head.weight.device

    @torch.no_grad()
    def draw_weights(self, generator):
        """Draw all weights from `generator`.

        Convolutions after He et al. (2015), dense layers after Glorot & Bengio (2010);
        biases are zero.
        """
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_uniform_(module.weight, nonlinearity="relu", generator=generator)
            elif isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight, generator=generator)
            elif isinstance(module, BatchNorm | GroupNorm):
                nn.init.ones_(module.weight)
            if isinstance(module, BatchNorm):
                module.running_mean.zero_()
                module.running_var.fill_(1)
            if getattr(module, "bias", None) is not None:
                nn.init.zeros_(module.bias)

    def set_dropout(self, p, generator):
        """Let every dropout layer drop a share `p`, drawn from `generator`."""
        for module in self.modules():
            if isinstance(module, Dropout):
                module.p, module.generator = p, generator


class DenseNet(PixelNet):
    """A multi-layer perceptron on pixels."""

    largest_batch = 512

    def __init__(self, **dense):
        super().__init__(**dense)
        self._add_dense_layers(math.prod(self.image_shape), drop_first=False)


class ConvNet(PixelNet):
    """Convolutional blocks, then dense layers.

    Parameters
    ----------
    channels : tuple of int
        Output channels of each block.
    kernel_size : tuple of int
        Side of each block's square kernels.
    pooling : tuple of int
        Side of each block's max-pooling windows, cut to images that are smaller.
    normalization : {"batch", "group"} or None
        What normalises each block.
    **dense
        Parameters of `PixelNet`.
    """

    largest_batch = 128

    def __init__(self, *, channels, kernel_size, pooling, normalization, **dense):
        super().__init__(**dense)
        n_in, height, width = self.image_shape
        for n_out, kernel, side in zip(channels, kernel_size, pooling, strict=True):
            window = (min(side, height), min(side, width))
            self.blocks.append(
                ConvBlock(n_in, n_out, kernel, window, normalization, self.activation_name)
            )
            n_in, height, width = n_out, height // window[0], width // window[1]
        self.n_layers += len(channels)
        self._add_dense_layers(n_in * height * width, drop_first=True)

    def layer_sizes(self):
        _, height, width = self.image_shape
        sizes = []
        for block in self.blocks:
            sizes.append(block.conv.out_channels * height * width)
            height, width = height // block.pooling[0], width // block.pooling[1]
        return [*sizes, *super().layer_sizes()]


# What computes with the layers themselves knows these; a network derived from them may do more.
PLAIN_NETS = (DenseNet, ConvNet)


def outline_module(module_class, spec):
    """Return a network that has shapes and no memory; nothing random is drawn."""
    with torch.device("meta"):
        module = module_class(**spec)
    module.spec = spec
    return module


def module_of_weights(module_class, spec, weights):
    """Return a network with these tensors as its weights."""
    module = outline_module(module_class, spec)
    module.load_state_dict(weights, assign=True)
    return module


def channels_last(module):
    """Return `module` with its kernels laid out so that all channels of a pixel lie together."""
    return module.to(memory_format=torch.channels_last)


@torch.no_grad()
def folded(module):
    """Return a network that gives the same without normalising, or `module` itself."""
    if type(module) not in PLAIN_NETS:
        return module
    kernels = [block.folded_weights() for block in module.blocks]
    if not kernels or any(kernel is None for kernel in kernels):
        return module
    weights = {name: w for name, w in module.state_dict().items() if ".norm." not in name}
    for i, (weight, bias) in enumerate(kernels):
        weights[f"blocks.{i}.conv.weight"], weights[f"blocks.{i}.conv.bias"] = weight, bias
    plain = module_of_weights(type(module), {**module.spec, "normalization": None}, weights)
    return channels_last(plain).train(module.training)


def initial_module(module_class, spec, data, seed):
    """Return a network with weights drawn by `seed`, its pixels standardised after `data`.

    The weights are drawn in float64, so that networks of all dtypes start alike.
    """
    module = outline_module(module_class, spec).to_empty(device="cpu").double()
    module.draw_weights(torch.Generator().manual_seed(seed))
    module.standardize.fit(data.pixels, data.weights)
    module.sharpness.fill_(1)
    dtype = torch.float64 if data.pixels.dtype == torch.float64 else torch.float32
    return channels_last(module.to(dtype))
