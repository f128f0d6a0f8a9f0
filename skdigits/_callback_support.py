"""scikit-learn's callbacks (``sklearn.callback``, new in 1.9), absent but harmless before it."""

from contextlib import contextmanager, nullcontext

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # scikit-learn < 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """No callbacks: this scikit-learn has none."""

    def with_callbacks(method):
        """Leave `method` as it is."""
        return method


class _SilentContext:
    """Stands in for scikit-learn's callback context where there is none."""

    def subcontext(self, **kwargs):
        return self

    def call_on_fit_task_begin(self, **kwargs):
        return self

    def call_on_fit_task_end(self, **kwargs):
        return False

    def propagate_callback_context(self, estimator):
        return nullcontext()


@contextmanager
def reported_fit(estimator, *, n_epochs=0, X, y=None, metadata=None, fitted_attributes=None):
    """Tell the callbacks of `estimator` of a fit, and of its epochs.

    Parameters
    ----------
    estimator : estimator instance
        The estimator that is being fitted.
    n_epochs : int, default=0
        Epochs at most.
    X, y : array-like
        The training data, for callbacks that score.
    metadata : dict, default=None
        What else `fit` was given, ``sample_weight`` say.
    fitted_attributes : callable, default=None
        Returns the attributes that make a copy of `estimator` predict with what has been
        learnt so far; only called when a callback wants it.

    Yields
    ------
    begin_epoch : callable
        To be called before an epoch; returns a callable to be called after it, which returns
        whether a callback asks to stop.
    """
    hook = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
    context = root_context(estimator, n_epochs)
    context.call_on_fit_task_begin(**hook)

    def begin_epoch():
        epoch = context.subcontext(task_name="epoch")
        epoch.call_on_fit_task_begin(**hook)
        return lambda: epoch.call_on_fit_task_end(
            **hook, reconstruction_attributes=fitted_attributes
        )

    yield begin_epoch
    context.call_on_fit_task_end(**hook, reconstruction_attributes=fitted_attributes)


def root_context(estimator, n_tasks):
    """Return what tells the callbacks of `estimator` of a fit that has so many tasks."""
    if not hasattr(estimator, "_init_callback_context"):
        return _SilentContext()
    return estimator._init_callback_context(max_subtasks=n_tasks)
