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
    array_like_in,
    as_numpy,
    check_image_rows,
    check_layer_sizes,
    check_partial_fit_classes,
    check_same_namespace,
    check_weights,
    empty_like_input,
    fit_context,
    infer_image_shape,
    keep_fit_on_error,
    with_channels,
)
from skdigits.neural._attribution import METHODS, attribute_pixels, look_into_first_layer
from skdigits.neural._augment import STRENGTHS
from skdigits.neural._batches import hold_out, labelled_pixels, pixels_of_rows
from skdigits.neural._calibration import resume_sharpened, undo_smoothing
from skdigits.neural._hardware import choose_device, resources_for, uses_bfloat16
from skdigits.neural._inference import accuracy, forward_rows
from skdigits.neural._labels import combine_weights, encode_labels
from skdigits.neural._modules import ACTIVATIONS, initial_module
from skdigits.neural._plan import make_plan
from skdigits.neural._state import StoredNet, net_from_arrays, net_to_arrays
from skdigits.neural._training import (
    OPTIMIZERS,
    Progress,
    build_net,
    resume_optimizer,
    train,
    weights_kept_on_error,
)

DTYPES = ("float32", "float64", "uint8")
_LOGGER = logging.getLogger(__name__)


class NeuralClassifier(
    DocumentationLinkMixin, CallbackSupportMixin, ClassifierMixin, BaseEstimator
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

    def predict(self, X):
        """Return the most probable label of each image.

        Parameters
        ----------
        X : array-like or sparse matrix
            Images in any of the forms that :meth:`fit` takes.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Labels as they were given to :meth:`fit`.
        """
        logits, rows = self._forward(X, "predict")
        codes = logits.argmax(dim=1)
        if isinstance(rows, torch.Tensor) and self.classes_.dtype.kind in "biuf":
            return torch.from_numpy(self.classes_).to(rows.device)[codes.to(rows.device)]
        return array_like_in(self.classes_[codes.cpu().numpy()], rows)

    def predict_proba(self, X):
        """Return the probability of each class for each image.

        Parameters
        ----------
        X : array-like or sparse matrix
            Images in any of the forms that :meth:`fit` takes.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Rows that sum to one; columns in the order of `classes_`.
        """
        logits, rows = self._forward(X, "predict_proba")
        return _output(_in_float64(logits).softmax(dim=1), rows)

    def predict_log_proba(self, X):
        """Return the logarithm of the probability of each class for each image.

        Parameters
        ----------
        X : array-like or sparse matrix
            Images in any of the forms that :meth:`fit` takes.

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.
        """
        logits, rows = self._forward(X, "predict_log_proba")
        return _output(_in_float64(logits).log_softmax(dim=1), rows)

    def decision_function(self, X):
        """Return the logits, whose softmax is `predict_proba`.

        With `tta` they are the logarithms of the averaged probabilities.

        Parameters
        ----------
        X : array-like or sparse matrix
            Images in any of the forms that :meth:`fit` takes.

        Returns
        -------
        scores : ndarray of shape (n_samples, n_classes), or (n_samples,) for two classes
            Logits; for two classes that of ``classes_[1]`` less that of ``classes_[0]``.
        """
        logits, rows = self._forward(X, "decision_function")
        logits = _in_float64(logits)
        if logits.shape[1] == 2:
            logits = logits[:, 1] - logits[:, 0]
        return _output(logits, rows)

    def embed(self, X):
        """Return the activations of the last hidden layer.

        Parameters
        ----------
        X : array-like or sparse matrix
            Images in any of the forms that :meth:`fit` takes.

        Returns
        -------
        features : ndarray of shape (n_samples, n_units)
            What the last, linear layer gets to see.
        """
        features, rows = self._forward(X, "embed")
        return _output(features, rows)

    def attribute(self, X, target=None, *, method="gradients", baseline=0.0):
        """Return how much every pixel speaks for a class.

        Parameters
        ----------
        X : array-like or sparse matrix
            Images in any of the forms that :meth:`fit` takes.
        target : label, or array-like of shape (n_samples,), default=None
            The class whose logit is explained, of all images or of each; None explains what is
            predicted.
        method : {"gradients", "input_x_gradient", "integrated_gradients"}, default="gradients"
            The gradient of the logit by the pixels [1]_; the same times the distance of the
            pixel from `baseline`; or its integral along the way from `baseline`, 50 steps, times
            that distance [2]_, whose sum over the pixels is nearly what the image adds to the
            logit. The last takes captum: ``pip install "skdigits[explain]"``.
        baseline : float, default=0.0
            The value of a pixel where there is nothing; the gradients alone do not use it.

        Returns
        -------
        attributions : ndarray of shape (n_samples, *image_shape_)
            Above zero where a brighter pixel, or with a baseline the pixel as it is, speaks for
            the class. With `tta` they are those of the image as it stands.

        Raises
        ------
        ValueError
            If a target is none of the classes, or there is no such method.
        ImportError
            If the method takes captum and it is not installed.

        References
        ----------
        .. [1] K. Simonyan, A. Vedaldi and A. Zisserman, "Deep inside convolutional networks",
           ICLR workshop 2014.
        .. [2] M. Sundararajan, A. Taly and Q. Yan, "Axiomatic attribution for deep networks",
           ICML 2017.
        """
        if method not in METHODS:
            raise ValueError(
                f"{type(self).__name__}.attribute expects method as one of "
                f"{', '.join(METHODS)}, got {method!r}."
            )
        rows = self._check_rows(X, "attribute")
        codes = self._target_codes(X, target, len(rows))
        found = attribute_pixels(
            self._net.module_, _torch_or_numpy(rows), codes, method, float(baseline)
        )
        return found.reshape(-1, *self.image_shape_)

    def first_layer(self, X):
        """Return what the first layer looks for, and what it gives for images.

        Parameters
        ----------
        X : array-like or sparse matrix
            Images in any of the forms that :meth:`fit` takes.

        Returns
        -------
        filters : ndarray of shape (n_filters, channels, height, width)
            Kernels of the first convolution, the scale of its batch normalisation in them; or for
            each unit of a first dense layer the weights of all pixels.
        maps : ndarray of shape (n_samples, n_filters, height, width) or (n_samples, n_filters)
            What each filter gives for each image, after pooling and activation.
        """
        rows = self._check_rows(X, "first_layer")
        return look_into_first_layer(self._net.module_, _torch_or_numpy(rows))

    def _target_codes(self, X, target, n_rows):
        """Return the number of each image's class; None takes the predicted ones."""
        target = self.predict(X) if target is None else target
        numbers = {label: number for number, label in enumerate(self.classes_.tolist())}
        labels = np.broadcast_to(as_numpy(target), n_rows).tolist()
        unknown = [label for label in labels if label not in numbers]
        if unknown:
            raise ValueError(
                f"{type(self).__name__}.attribute expects targets among the classes, got "
                f"{unknown[0]!r}."
            )
        return np.array([numbers[label] for label in labels], dtype=np.int64)

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
            with resources_for(rows, device):
                pixels = pixels_of_rows(_torch_or_numpy(rows), self._input_shape())
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

    def _check_image_shape(self, given_shape):
        if given_shape is not None and with_channels(given_shape) != self._input_shape():
            raise ValueError(
                f"{type(self).__name__} expects images of shape {self.image_shape_}, "
                f"got {given_shape}."
            )

    def _input_shape(self):
        return with_channels(self.image_shape_)

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

    def _forward(self, X, method):
        """Return what the layer called `method` gives, and the validated rows."""
        rows = self._check_rows(X, method)
        layer = "embed" if method == "embed" else "forward"
        views = self.tta and method != "embed"
        return forward_rows(self._net.module_, _torch_or_numpy(rows), layer, views=views), rows

    def _check_rows(self, X, method):
        """Return `X` as validated rows for the method of that name."""
        check_is_fitted(self)
        check_same_namespace(self, X, self._input_like, method)
        rows, given_shape = check_image_rows(self, X, reset=False, dtypes=DTYPES)
        self._check_image_shape(given_shape)
        return rows

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
            self._net = net_from_arrays(state["net_"])
            self._plan = self._net.plan
            if self._net.optimizer is not None:  # one that does not fit is an error now
                self._net = self._net.build(self.callbacks)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.three_d_array = True
        tags.array_api_support = True
        return tags


def _in_float64(logits):
    """Return logits whose softmax sums to one as closely as scikit-learn's metrics ask."""
    return logits if logits.device.type == "mps" else logits.double()  # which has no float64


def _torch_or_numpy(rows):
    return rows if isinstance(rows, torch.Tensor) else as_numpy(rows)


def _output(tensor, rows):
    """Return a tensor in the array library, and on the device, of `rows`."""
    if isinstance(rows, torch.Tensor):
        return tensor.to(rows.device)
    return array_like_in(tensor.cpu().numpy(), rows)
