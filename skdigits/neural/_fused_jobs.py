"""Fits of estimators whose networks are trained together, and why others cannot be."""

import math
import time
from contextlib import nullcontext

import torch
from joblib import Parallel, delayed, effective_n_jobs
from sklearn.base import clone

from skdigits._validation import as_numpy, check_image_rows, check_parameters
from skdigits.neural._allocator import freed_memory_kept
from skdigits.neural._augment import Augmentation
from skdigits.neural._classifiers import ANNClassifier, CNNClassifier
from skdigits.neural._fused_optimizer import momentum_of
from skdigits.neural._fused_training import Job, train_together
from skdigits.neural._hardware import choose_device, resources_for
from skdigits.neural._mapped import MappedPixels
from skdigits.neural._modules import initial_module
from skdigits.neural._plan import make_plan
from skdigits.neural._predictions import DTYPES
from skdigits.neural._state import StoredNet
from skdigits.neural._training import warn_not_converged

# What is trained as one, in numbers: weights with their moments, which every step passes over and a
# processor's cache should hold; activations, of which enough make the calls worth while; and all
# of them where there is a GPU to keep at work.
_MOST_WEIGHTS = 2**21
_MOST_ACTIVATIONS = 2**23
_MOST_ON_A_GPU = 2**28


def why_alone(estimator, X):
    """Return why `estimator` is trained alone; None where it can be trained with others.

    Parameters
    ----------
    estimator : estimator instance
        A classifier, not fitted.
    X : array-like
        What it is to be fitted on.
    """
    if type(estimator) not in (ANNClassifier, CNNClassifier):  # a derived one may train otherwise
        return f"{type(estimator).__name__} is neither an ANNClassifier nor a CNNClassifier"
    if isinstance(X, torch.Tensor):
        return "the images are a torch tensor"
    if estimator.callbacks or getattr(estimator, "_skl_callbacks", None):
        return "it has callbacks"
    if estimator.verbose:
        return "it has verbose=True"
    if estimator.precision == "bfloat16":
        return "it trains in bfloat16"
    if callable(estimator.augment) and not isinstance(estimator.augment, Augmentation):
        return "it has a function of one's own as augment"
    return f"it has ema={estimator.ema}" if estimator.ema else None


def shared_rows(estimator, X):
    """Return all images as rows that many fits have in common, of the type that one would make.

    Parameters
    ----------
    estimator : NeuralClassifier
        Left as it is.
    X : array-like
        Images in any form that it takes.
    """
    checks = {"dtypes": DTYPES, "ensure_all_finite": False}  # each fit looks at its own
    return as_numpy(check_image_rows(clone(estimator), X, reset=True, **checks)[0])


def prepare_job(estimator, X, y, sample_weight, rows, positions):
    """Return the training that `estimator` asks for, all that `fit` checks checked.

    Parameters
    ----------
    estimator : NeuralClassifier
        Not fitted.
    X, y, sample_weight
        What `fit` would be given.
    rows : ndarray of shape (n_rows, n_pixels)
        The rows that jobs have in common.
    positions : ndarray of shape (n_samples,) or None
        Which of them are `X`; None for all.

    Raises
    ------
    ValueError
        As `fit` does.
    """
    check_parameters(estimator)
    own_rows, y = estimator._begin(X, y)
    device = choose_device(estimator.device, own_rows, who=type(estimator).__name__)
    pixels = MappedPixels(rows, estimator._input_shape(), positions)
    data, held_out = estimator._training_data(pixels, y, sample_weight)
    plan = make_plan(estimator, data, autocast=False, incremental=False)
    spec = estimator._module_spec()
    module = initial_module(estimator._module_class, spec, data, estimator._seed)
    data, held_out = (part and part.to(device) for part in (data, held_out))
    return Job(module.to(device), data, held_out, plan, estimator._seed)


def train_jobs(jobs, n_jobs=None):
    """Train jobs, those of one shape together, as many at once as memory is good for.

    Parameters
    ----------
    jobs : list of Job
        What to train.
    n_jobs : int, default=None
        Processes; each trains a part of the jobs together. On a GPU there is one.

    Returns
    -------
    dict
        How many were trained together with each job, itself among them, and each job's share of
        the seconds that it took.
    """
    shapes: dict = {}
    for job in jobs:
        shapes.setdefault(job.shape(), []).append(job)
    n_workers = effective_n_jobs(n_jobs) if _on_cpu(jobs) else 1
    groups = [group for alike in shapes.values() for group in _groups(alike, n_workers)]
    trained = Parallel(n_jobs=n_workers)(delayed(_train_group)(group) for group in groups)
    done = {}
    for group, (seconds, copies) in zip(groups, trained, strict=True):
        for job, copy in zip(group, copies, strict=True):
            vars(job).update(vars(copy) | {"data": job.data, "held_out": job.held_out})
            done[job] = len(group), seconds / len(group)
    return done


def _on_cpu(jobs):
    return all(job.module.device.type == "cpu" for job in jobs)


def _groups(alike, n_workers):
    """Yield jobs of one shape in parts of about the same size, one at least for each worker."""
    n_jobs = len(alike)
    n_parts = max(math.ceil(n_jobs / _n_fitting(alike[0])), min(n_workers, n_jobs))
    alike = sorted(alike, key=momentum_of)  # neighbours share moments
    for part in range(n_parts):
        yield alike[part * n_jobs // n_parts : (part + 1) * n_jobs // n_parts]


def _train_group(group):
    """Train jobs; return the seconds that it took, and them: in a process they are copies."""
    start = time.perf_counter()
    keeping = freed_memory_kept() if _on_cpu(group) else nullcontext()
    with keeping, resources_for(group[0].data.pixels.rows, group[0].module.device):
        train_together(group)
    return time.perf_counter() - start, group


def _n_fitting(job):
    """Return how many like `job` are trained as one, by what it keeps: roughly, but one at least.

    Weights count with their gradients and moments, activations with their gradients.
    """
    module = job.module
    n_weights = 4 * sum(weight.numel() for weight in module.parameters())
    channels, height, width = module.image_shape
    n_active = channels * height * width
    for block in module.blocks:
        n_active += 2 * block.conv.out_channels * height * width
        height, width = height // block.pooling[0], width // block.pooling[1]
    n_active += sum(layer.out_features for layer in module.dense if hasattr(layer, "out_features"))
    n_active *= 2 * job.plan.batch_size
    if _on_cpu([job]):
        return max(1, min(_MOST_WEIGHTS // n_weights, _MOST_ACTIVATIONS // n_active))
    return max(1, _MOST_ON_A_GPU // (n_weights + n_active))


def keep_job(estimator, job):
    """Let `estimator` be fitted with what has come of its job.

    Raises
    ------
    ValueError
        If its training has diverged.
    """
    if job.error is not None:
        raise job.error
    progress, plan = job.progress, job.plan
    if not job.converged:
        warn_not_converged(plan)
    net = StoredNet(job.module, plan, _history(progress), None)
    estimator._keep(net, plan, progress)


def _history(progress):
    """Return the history that a skorch net would have."""
    epochs = [
        {"batches": [], "epoch": number + 1, "train_loss": loss}
        for number, loss in enumerate(progress.loss_curve)
    ]
    for epoch, score in zip(epochs, progress.validation_scores, strict=False):
        epoch["valid_acc"] = score
    return epochs
