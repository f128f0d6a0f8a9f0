"""Fits of estimators whose networks are trained together, and why others cannot be."""

import math
import time
from contextlib import nullcontext

import torch
from joblib import effective_n_jobs
from sklearn.base import clone
from sklearn.utils.parallel import Parallel, delayed

from skdigits._validation import as_numpy, check_image_rows, check_parameters
from skdigits.neural._allocator import freed_memory_kept
from skdigits.neural._augment import Augmentation
from skdigits.neural._batches import BLOCK
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

# What is trained as one, in bytes: weights with their moments, which every step passes over and a
# processor's cache should hold; activations, of which enough make the calls worth while; images
# that are gathered ahead; and all of them where there is a GPU to keep at work.
_MOST_WEIGHTS = 2**23
_MOST_ACTIVATIONS = 2**25
_MOST_GATHERED = 2**28
_MOST_ON_A_GPU = 2**32
# Weights have gradients and two moments. A layer has what normalises it or gives it its activation,
# and the gradients of both. What is gathered is put together.
_N_WEIGHTS, _N_ACTIVATIONS, _N_GATHERED = 4, 4, 2


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
    # torch imports a dependency of it at exit, after which Ctrl-C is not told by the exit status.
    import skorch  # noqa: F401  (here, for prediction does without)

    shapes: dict = {}
    for job in jobs:
        shapes.setdefault(job.shape(), []).append(job)
    n_workers = effective_n_jobs(n_jobs) if _on_cpu(jobs) else 1
    n_parts = math.ceil(n_workers / max(len(shapes), 1))
    groups = [group for alike in shapes.values() for group in _groups(alike, n_parts)]
    trained = Parallel(n_jobs=n_workers)(delayed(_train_group)(group) for group in groups)
    done = {}
    for group, (seconds, outcomes) in zip(groups, trained, strict=True):
        for job, outcome in zip(group, outcomes, strict=True):
            vars(job).update(outcome)
            done[job] = len(group), seconds / len(group)
    return done


def _on_cpu(jobs):
    return all(job.module.device.type == "cpu" for job in jobs)


def _groups(alike, n_parts):
    """Yield jobs of one shape in parts of about the same size, `n_parts` where there are as many.

    More where as many as a part would have are not good for the memory.
    """
    n_jobs = len(alike)
    n_parts = max(math.ceil(n_jobs / _n_fitting(alike[0])), min(n_parts, n_jobs))
    alike = sorted(alike, key=momentum_of)  # neighbours share moments
    for part in range(n_parts):
        yield alike[part * n_jobs // n_parts : (part + 1) * n_jobs // n_parts]


def _train_group(group):
    """Train jobs; return the seconds that it took, and what has become of each.

    In a process of its own they are copies, and so is the data, which does not go back.
    """
    start = time.perf_counter()
    keeping = freed_memory_kept() if _on_cpu(group) else nullcontext()
    with keeping, resources_for(max(map(_n_pixels, group)), group[0].module.device):
        try:
            train_together(group)
        except Exception as error:  # of memory, say: told where scikit-learn would fit
            for job in group:
                job.error = error
    return time.perf_counter() - start, [job.outcome() for job in group]


def _n_pixels(job):
    """Return how many pixels `fit` would be given."""
    n_images = len(job.data) + (0 if job.held_out is None else len(job.held_out))
    return n_images * math.prod(job.module.image_shape)


def _n_fitting(job):
    """Return how many like `job` are trained as one, by what it keeps: roughly, one at least."""
    module, plan = job.module, job.plan
    weights = _N_WEIGHTS * job.n_bytes
    layers = _N_ACTIVATIONS * module.dtype.itemsize * sum(module.layer_sizes()) * plan.batch_size
    pixel = module.dtype.itemsize if plan.augment else job.data.pixels.dtype.itemsize
    n_gathered = max(plan.batch_size, min(BLOCK, len(job.data)))
    gathered = _N_GATHERED * n_gathered * math.prod(module.image_shape) * pixel
    if not _on_cpu([job]):
        return max(1, _MOST_ON_A_GPU // (weights + layers + gathered))
    fitting = _MOST_WEIGHTS // weights, _MOST_ACTIVATIONS // layers, _MOST_GATHERED // gathered
    return max(1, min(fitting))


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
