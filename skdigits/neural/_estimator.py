"""What ANNClassifier and CNNClassifier share: a scikit-learn estimator around a skorch net."""

import logging
from functools import partial
from numbers import Integral, Real
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from skdigits._callback_support import CallbackSupportMixin, reported_fit, with_callbacks
from skdigits._documentation import DocumentationLinkMixin
from skdigits._validation import (
    Interval,
    Options,
    StrOptions,
    as_numpy,
    check_image_rows,
    check_layer_sizes,
    check_partial_fit_classes,
    check_weights,
    empty_like_input,
    fit_context,
    infer_image_shape,
    keep_fit_on_error,
)
from skdigits.neural._augment import STRENGTHS
from skdigits.neural._batches import hold_out, labelled_pixels, pixels_of_rows
from skdigits.neural._calibration import resume_sharpened, undo_smoothing
from skdigits.neural._hardware import choose_device, count_pixels, resources_for, uses_bfloat16
from skdigits.neural._inference import accuracy
from skdigits.neural._labels import combine_weights, encode_labels
from skdigits.neural._modules import ACTIVATIONS, initial_module
from skdigits.neural._plan import make_plan
from skdigits.neural._predictions import DTYPES, PredictionMixin, torch_or_numpy
from skdigits.neural._state import StoredNet, net_from_arrays, net_to_arrays
from skdigits.neural._training import (
    OPTIMIZERS,
    Progress,
    build_net,
    resume_optimizer,
    train,
    weights_kept_on_error,
)

_LOGGER = logging.getLogger(__name__)


class NeuralClassifier(
    DocumentationLinkMixin, CallbackSupportMixin, PredictionMixin, ClassifierMixin, BaseEstimator
):
    """Base of the neural classifiers. A subclass says which module it trains."""

    _net: Any  # a skorch.NeuralNetClassifier, or the StoredNet that one is built of

    _parameter_constraints = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "solver": [StrOptions(set(OPTIMIZERS))],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "learning_rate": [StrOptions({"auto", "one_cycle", "constant", "invscaling", "adaptive"})],
        "learning_rate_init": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither")],
        "power_t": [Interval(Real, 0, None, closed="left")],
        "max_iter": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "momentum": [Interval(Real, 0, 1, closed="both")],
        "nesterovs_momentum": ["boolean"],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "beta_1": [Interval(Real, 0, 1, closed="left")],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
        "n_iter_no_change": [
            Interval(Integral, 1, None, closed="left"),
            Options(Real, {np.inf}),
        ],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "label_smoothing": [StrOptions({"auto"}), Interval(Real, 0, 1, closed="left")],
        "augment": [StrOptions({"auto", *STRENGTHS}), callable, None],
        "ema": [Interval(Real, 0, 1, closed="left")],
        "tta": ["boolean"],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "image_shape": [tuple, list, None],
        "device": [str],
        "precision": [StrOptions({"auto", "float32", "bfloat16"})],
        "callbacks": [list, tuple, None],
    }

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
        """Train on images `X` with labels `y`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_pixels), or array-like of shape \
                (n_samples, height, width) or (n_samples, channels, height, width)
            Images. float64 is computed in float64; everything else in float32 or faster.
        y : array-like of shape (n_samples,)
            Labels of any kind: numbers, strings, booleans.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the images, not negative. An image of weight 0 is left out.

        Returns
        -------
        self : object
            The fitted classifier.

        Raises
        ------
        ValueError
            If a parameter, `X`, `y` or `sample_weight` is not as described, or if training
            diverges. What was fitted before is then left as it was.
        """
        return self._fit(X, y, sample_weight, incremental=False)

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Train one more pass over `X` and `y`, at a constant rate.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_pixels), or array-like of shape \
                (n_samples, height, width) or (n_samples, channels, height, width)
            Images.
        y : array-like of shape (n_samples,)
            Labels.
        classes : array-like of shape (n_classes,), default=None
            All labels that there will ever be; needed in the first call, may be left out later.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the images, not negative. An image of weight 0 is left out.

        Returns
        -------
        self : object
            The trained classifier.

        Raises
        ------
        ValueError
            If `y` has a label that is not among the classes, with ``early_stopping=True``, with
            ``class_weight="balanced"``, or as in :meth:`fit`.
        """
        self._refuse_what_needs_all_data()
        return self._fit(X, y, sample_weight, classes=classes, incremental=True)

    @property
    def net_(self):
        """The trained net, a :class:`skorch.NeuralNetClassifier`."""
        if isinstance(self._net, StoredNet):
            self._net = self._net.build(self.callbacks)
        return self._net

    @property
    def loss_(self):
        """The mean loss of the last epoch."""
        check_is_fitted(self)
        return self.loss_curve_[-1]

    def _fit(self, X, y, sample_weight, *, incremental, classes=None):
        resume = hasattr(self, "_net") and (incremental or self.warm_start)
        with keep_fit_on_error(self):
            rows, y = self._begin(X, y, classes, incremental=incremental, resume=resume)
            device = choose_device(self.device, rows, who=type(self).__name__)
            autocast = uses_bfloat16(self.precision, device, rows)
            with resources_for(count_pixels(rows), device):
                pixels = pixels_of_rows(torch_or_numpy(rows), self._input_shape())
                data, held_out = self._training_data(pixels, y, sample_weight)
                plan = make_plan(self, data, autocast=autocast, incremental=incremental)
                self._log(plan, len(data), device)
                net = self._net_to_train(data, plan, device, resume=resume)
                with self._reported_fit(net, plan, X, y, sample_weight) as begin_epoch:
                    progress = self._train(net, plan, data, held_out, begin_epoch)
            self._keep(net, plan, progress)
        return self

    def _begin(self, X, y, classes=None, *, incremental=False, resume=False):
        """Settle what is known before training; return validated rows and labels."""
        rows, y, given_shape = check_image_rows(
            self, X, reset=not resume, dtypes=DTYPES, y=as_numpy(y)
        )
        self._settle_classes(y, classes, incremental=incremental, resume=resume)
        if not resume:
            self._start_anew(rows, given_shape)
        self._check_image_shape(given_shape)
        return rows, y

    def _settle_classes(self, y, classes, *, incremental, resume):
        check_classification_targets(y)
        if incremental:
            check_partial_fit_classes(self, classes)
        elif not resume:
            self.classes_ = np.unique(y)
        elif not np.array_equal(self.classes_, np.unique(y)):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous "
                f"call to fit. Previously got {self.classes_}, `y` has {np.unique(y)}"
            )

    def _refuse_what_needs_all_data(self):
        if self.early_stopping:
            raise ValueError(
                "partial_fit does not support early_stopping=True, which needs a validation set "
                "that no call trains on; use fit."
            )
        if self.ema:
            raise ValueError(
                f"partial_fit does not support ema={self.ema}, as the average would begin anew in "
                "every call; use fit, or ema=0."
            )
        if self.class_weight == "balanced":
            raise ValueError(
                "partial_fit does not support class_weight='balanced', which needs all labels at "
                "once; pass a dict or sample_weight."
            )

    def _start_anew(self, rows, given_shape):
        """Settle what stays as it is however long the net is trained."""
        self._seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        self._input_like = empty_like_input(rows)
        shape = given_shape
        if self.image_shape is not None or given_shape is None:
            shape = infer_image_shape(self.image_shape, rows.shape[1], who=type(self).__name__)
            shape = shape[1:] if shape[0] == 1 else shape
        self.image_shape_ = tuple(map(int, shape))
        self.n_outputs_ = len(self.classes_)
        self.loss_curve_ = []
        self.validation_scores_ = None
        self.t_ = 0

    def _training_data(self, pixels, y, sample_weight):
        """Return what to train on and, for early stopping, what to hold out."""
        codes = encode_labels(y, self.classes_)
        if sample_weight is not None:
            sample_weight = check_weights(sample_weight, codes)
        weights = combine_weights(sample_weight, self.class_weight, self.classes_, codes)
        data = labelled_pixels(pixels, codes, weights)
        if not self.early_stopping:
            return data, None
        return hold_out(
            data, self.classes_, self.validation_fraction, self._seed, who=type(self).__name__
        )

    def _net_to_train(self, data, plan, device, *, resume):
        """Return a net for `plan`: around the network in hand, with its optimiser if that fits."""
        spec = self._module_spec()
        if not resume:
            module = initial_module(self._module_class, spec, data, self._seed)
            return build_net(module.to(device), plan, self.callbacks)
        old = self.net_
        self._refuse_another_network(spec, old.module_.spec)
        net = build_net(old.module_.to(device), plan, self.callbacks)
        net.history.extend(old.history)
        if plan.goes_on_with(self._plan):
            resume_optimizer(net.optimizer_, old.optimizer_)
        return net

    def _refuse_another_network(self, wanted, trained):
        changed = [f"{name}={wanted[name]!r}" for name in wanted if wanted[name] != trained[name]]
        if changed:
            raise ValueError(
                f"{type(self).__name__} cannot go on training its network with "
                f"{', '.join(changed)}; fit it anew with warm_start=False."
            )

    def _module_spec(self):
        """Return the arguments that build the module."""
        return {
            "image_shape": self._input_shape(),
            "n_outputs": self.n_outputs_,
            "hidden_layer_sizes": check_layer_sizes(
                self.hidden_layer_sizes, name="hidden_layer_sizes"
            ),
            "activation": self.activation,
        }

    def _log(self, plan, n_images, device):
        _LOGGER.debug(
            "%s trains on %d images of %s on %s, threads %d: %s",
            type(self).__name__,
            n_images,
            self.image_shape_,
            device,
            torch.get_num_threads(),
            plan.describe(),
        )

    def _reported_fit(self, net, plan, X, y, sample_weight):
        return reported_fit(
            self,
            n_epochs=plan.n_epochs,
            X=X,
            y=y,
            metadata=None if sample_weight is None else {"sample_weight": sample_weight},
            fitted_attributes=lambda: {"_net": net},
        )

    def _train(self, net, plan, data, held_out, begin_epoch):
        progress = Progress(loss_curve=list(self.loss_curve_), n_seen=self.t_)
        validation = None
        if held_out is not None:
            held_out = held_out.to(net.module_.device)
            progress.validation_scores = list(self.validation_scores_ or [])
            validation = partial(accuracy, net.module_, held_out)
        data = data.to(net.module_.device)
        with weights_kept_on_error(net):
            resume_sharpened(net.module_)
            train(
                net,
                data,
                plan,
                progress,
                self._seed,
                validation=validation,
                begin_epoch=begin_epoch,
            )
            if not plan.incremental:
                undo_smoothing(net.module_, held_out or data, plan.label_smoothing)
        return progress

    def _keep(self, net, plan, progress):
        stopped_early = progress.best_weights is not None
        self._net = net
        self._plan = plan
        self.n_iter_ = progress.n_epochs
        self.t_ = progress.n_seen
        self.loss_curve_ = progress.loss_curve
        self.best_loss_ = None if stopped_early else progress.best_loss
        self.validation_scores_ = progress.validation_scores if stopped_early else None
        self.best_validation_score_ = progress.best_score if stopped_early else None
        self.n_layers_ = net.module_.n_layers
        self._no_improvement_count = progress.n_no_improvement

    def __getstate__(self):
        state = dict(super().__getstate__())
        net = state.pop("_net", None)
        if net is not None:
            state["net_"] = net_to_arrays(net, self._plan, with_optimizer=self._plan.incremental)
            state["_plan"] = state["_input_like"] = None
        return state

    def __setstate__(self, state):
        super().__setstate__({key: value for key, value in state.items() if key != "net_"})
        if "net_" in state:
            self._net = net_from_arrays(state["net_"], self._module_class)
            self._plan = self._net.plan
            if self._net.optimizer is not None:  # one that does not fit is an error now
                self._net = self._net.build(self.callbacks)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.three_d_array = True
        tags.array_api_support = True
        return tags
