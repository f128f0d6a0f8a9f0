"""ANNClassifier and CNNClassifier: the networks that users import."""

from numbers import Integral

from skdigits._validation import Interval, StrOptions, check_layer_sizes, check_one_per_block
from skdigits.neural._estimator import NeuralClassifier
from skdigits.neural._modules import ConvNet, DenseNet
from skdigits.neural._plan import Defaults

_POSITIVE = Interval(Integral, 1, None, closed="left")

# Chosen on a part of MNIST's training set, and on shuffles of load_digits that no table shows.
_ROWS = Defaults(batch_size=128, peak_rate=0.005, planned_steps=1000, planned_epochs=(20, 200))
_SMALL_IMAGES = Defaults(
    batch_size=128, peak_rate=0.02, planned_steps=500, planned_epochs=(10, 100), dropout=0.5
)
_IMAGES = Defaults(batch_size=128, peak_rate=0.01, planned_steps=1000, planned_epochs=(8, 100))


class ANNClassifier(NeuralClassifier):
    """Multi-layer perceptron for images of characters.

    Takes the place of :class:`~sklearn.neural_network.MLPClassifier`, whose parameters it has
    under the same names, and adds what images want: pixels scaled by themselves, a schedule that
    ends well after few epochs, dropout, class weights, the GPU.

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of int, default=(256, 128)
        Units of each hidden layer; ``()`` for logistic regression.
    activation : {"identity", "logistic", "tanh", "relu", "gelu"}, default="relu"
        Activation of the hidden layers.
    solver : {"adam", "adamw", "sgd"}, default="adam"
        Optimiser. "adamw" decays the weights apart from the gradient.
    alpha : float, default=0.0
        Strength of the L2 penalty on weights, not biases, divided by the number of images in a
        batch as in :class:`~sklearn.neural_network.MLPClassifier`; for "adamw" the weight decay.
    batch_size : int or "auto", default="auto"
        Images in a batch, at most; "auto" is 128. Batches are of equal size.
    learning_rate : {"auto", "one_cycle", "constant", "invscaling", "adaptive"}, default="auto"
        Schedule of the learning rate. "one_cycle" climbs to `learning_rate_init` over a quarter
        of the training and then falls to nothing: the training runs to its planned end, and
        ends well however short it is. The others go on until the loss (or, with
        `early_stopping`, the validation score) stops improving, as in `MLPClassifier`:
        "constant"; "invscaling", divided by the number of images seen to the power `power_t`;
        "adaptive", divided by 5 whenever improvement stalls. "auto" is "one_cycle" where the
        end is known, and "constant" with `warm_start`, `early_stopping` or ``solver="sgd"``.
        `partial_fit` trains at a constant rate under "one_cycle".
    learning_rate_init : float or "auto", default="auto"
        Learning rate; for "one_cycle" its peak. "auto" is 0.005 for "one_cycle", else 0.001.
    power_t : float, default=0.5
        Exponent of "invscaling".
    max_iter : int or "auto", default="auto"
        Passes over the training set (epochs), at most. "auto" is, for "one_cycle", as many as
        make 1,000 batches, but at least 20 and at most 200; else 200.
    shuffle : bool, default=True
        Whether to shuffle before every pass.
    random_state : int, RandomState instance or None, default=None
        Determines initial weights, batches, dropout, augmentation and what is held out. An int
        gives the same bits on one machine with one number of threads. torch's random state is
        never touched.
    tol : float, default=1e-4
        What counts as an improvement, of the loss or of the validation score.
    verbose : bool, default=False
        Whether to print the loss of every epoch.
    warm_start : bool, default=False
        Whether `fit` goes on from the weights of the fit before.
    momentum : float, default=0.9
        Momentum of "sgd".
    nesterovs_momentum : bool, default=True
        Whether "sgd" uses Nesterov's momentum.
    early_stopping : bool, default=False
        Whether to hold out a part of the training set, stratified, and to stop when the accuracy
        there stops improving. The weights of the best epoch are kept.
    validation_fraction : float, default=0.1
        Share held out for `early_stopping`.
    beta_1, beta_2 : float, default=0.9, 0.999
        Decay rates of the moments of "adam" and "adamw".
    epsilon : float, default=1e-8
        Numerical constant of "adam" and "adamw".
    n_iter_no_change : int or inf, default=10
        How many epochs without improvement, one more stops.
    dropout : float, default=0.0
        Share of activations dropped in training, after every hidden layer.
    label_smoothing : float or "auto", default="auto"
        Share of the target's probability that is spread over all classes in training. `fit` then
        scales the logits to make the images held out by `early_stopping`, or else the training
        set, likeliest; where many labels are wrong, the latter makes probabilities too sure.
        "auto" is 0.1 for "one_cycle" and training sets of several batches, else 0.
    augment : {"auto", "light", "strong"}, Augmentation, callable or None, default=None
        Random changes of the images, anew in every epoch; only in training. "light" shifts by up
        to 5 % of the side, rotates by up to 8 degrees and scales by up to 8 %; "strong" does
        more of each, shears, deforms and erases. :class:`Augmentation` sets each amount. A
        callable gets a floating-point tensor of shape ``(n, channels, height, width)``, one or
        several batches with pixels as they were given to `fit`, and ``generator``, a
        :class:`torch.Generator` of the same device to draw from, and returns a tensor like it.
        The last fifth of a "one_cycle" training has the images as they are. "auto" is "light" for
        "one_cycle", training sets of several batches and images of at least 8 pixels each way,
        else None.
    ema : float, default=0.0
        Share that an exponential moving average of the weights, which then predicts, keeps in
        every step; 0 for none. It begins anew in every `fit`, also with `warm_start`. It is meant
        for the other schedules than "one_cycle", under which it gained the CNN nothing on a
        held-out part of MNIST.
    tta : bool, default=False
        Whether predictions average the probabilities of the image and of four copies moved by a
        28th of the side: five times the time. The CNN gained 0.04 to 0.11 points by it on a
        held-out part of MNIST after one epoch, and nothing after eight.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, computed anew in every fit (so in every fold); "balanced" is
        inversely proportional to the classes' frequencies. Multiplies `sample_weight`.
    image_shape : tuple of int, default=None
        ``(height, width)`` or ``(channels, height, width)`` of the images that rows of pixels
        stand for. None takes the shape of images given as such, and infers a square from rows;
        rows whose length is no square number are images one pixel high.
    device : str, default="auto"
        Where to compute: "cpu", "cuda", "mps", ...; "auto" is the fastest there is, and with
        array API dispatch the device of a torch tensor `X`.
    precision : {"auto", "float32", "bfloat16"}, default="auto"
        What to train in, unless `X` is float64. "auto" is bfloat16 for large sets on processors
        that have it. Predictions are always computed in float32 or float64.
    callbacks : list of skorch callbacks, default=None
        Passed on to the skorch net. The learning rate is set by `learning_rate` in every
        batch, so that skorch's LRScheduler has no effect. scikit-learn's callbacks go to
        `set_callbacks`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    n_features_in_ : int
        Pixels in an image.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the pixels, when `X` had column names that are all strings.
    image_shape_ : tuple of int
        Shape of an image, ``(height, width)`` or ``(channels, height, width)``.
    net_ : skorch.NeuralNetClassifier
        The trained net; its `module_` maps tensors of shape ``(n, channels, height, width)`` to
        logits.
    n_iter_ : int
        Epochs of the last call.
    t_ : int
        Images seen in all training.
    loss_ : float
        The mean loss of the last epoch.
    loss_curve_ : list of float
        Mean training loss of every epoch.
    best_loss_ : float or None
        Lowest training loss of the last call; None with `early_stopping`.
    validation_scores_ : list of float or None
        Accuracy on the held-out images, weighted as they are, after every epoch, with
        `early_stopping`.
    best_validation_score_ : float or None
        The best of them in the last call.
    n_layers_ : int
        Layers, input and output among them.
    n_outputs_ : int
        Logits; the number of classes.

    See Also
    --------
    CNNClassifier : Convolutional network; more accurate on images, slower.
    sklearn.neural_network.MLPClassifier : The same kind of network without torch.

    Notes
    -----
    One number is subtracted from all pixels and one divides them, so that those of the training
    set have mean 0 and variance 1: features of different units want a scaler in front.

    Weighting an image by k is the same as having it k times where a batch holds the whole
    training set, and the same on average elsewhere.

    Training sets of at most 2 million pixels are trained on one thread, so that the result is
    the same whatever ``n_jobs`` a search has.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from skdigits import ANNClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    >>> ann = ANNClassifier(random_state=0).fit(X_train, y_train)
    >>> bool(ann.score(X_test, y_test) > 0.95)
    True
    """

    _module_class = DenseNet
    _defaults = _ROWS

    def __init__(
        self,
        hidden_layer_sizes=(256, 128),
        activation="relu",
        *,
        solver="adam",
        alpha=0.0,
        batch_size="auto",
        learning_rate="auto",
        learning_rate_init="auto",
        power_t=0.5,
        max_iter="auto",
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        n_iter_no_change=10,
        dropout=0.0,
        label_smoothing="auto",
        augment=None,
        ema=0.0,
        tta=False,
        class_weight=None,
        image_shape=None,
        device="auto",
        precision="auto",
        callbacks=None,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.dropout = dropout
        self.label_smoothing = label_smoothing
        self.augment = augment
        self.ema = ema
        self.tta = tta
        self.class_weight = class_weight
        self.image_shape = image_shape
        self.device = device
        self.precision = precision
        self.callbacks = callbacks


class CNNClassifier(NeuralClassifier):
    """Convolutional network for images of characters.

    Blocks of convolution, max-pooling, normalisation and activation, then dense layers. The
    defaults are meant for 1,800 images of 8x8 pixels and for 60,000 of 28x28.

    Parameters
    ----------
    channels : int, array-like of int or "auto", default="auto"
        Feature maps of each block. "auto" is (16, 32, 64, 64), and (32, 64) for images less than
        16 pixels high or wide.
    hidden_layer_sizes : int or array-like of int, default=()
        Units of each dense layer between the blocks and the output.
    activation : {"identity", "logistic", "tanh", "relu", "gelu"}, default="relu"
        Activation of the blocks and the dense layers.
    kernel_size : int, array-like of int or "auto", default="auto"
        Side of the convolutions' square kernels, odd: one for all blocks or one for each.
        "auto" is 5 in the first block, of images less than 16 pixels high or wide 3, and 3 in the
        others.
    pooling : int, array-like of int or "auto", default="auto"
        Side of the max-pooling windows, cut to what is left of the image, 1 for none: one for
        all blocks or one for each. "auto" is 2 in the first two blocks and in the last, else 1.
    normalization : {"batch", "group"} or None, default="batch"
        What normalises the feature maps of each block. Batch statistics are weighted by the
        images' weights.
    solver : {"adam", "adamw", "sgd"}, default="adam"
        Optimiser. "adamw" decays the weights apart from the gradient.
    alpha : float, default=0.0
        Strength of the L2 penalty on weights, not biases, divided by the number of images in a
        batch as in :class:`~sklearn.neural_network.MLPClassifier`; for "adamw" the weight decay.
    batch_size : int or "auto", default="auto"
        Images in a batch, at most; "auto" is 128. Batches are of equal size.
    learning_rate : {"auto", "one_cycle", "constant", "invscaling", "adaptive"}, default="auto"
        Schedule of the learning rate. "one_cycle" climbs to `learning_rate_init` over a quarter
        of the training and then falls to nothing: the training runs to its planned end, and
        ends well however short it is. The others go on until the loss (or, with
        `early_stopping`, the validation score) stops improving, as in `MLPClassifier`:
        "constant"; "invscaling", divided by the number of images seen to the power `power_t`;
        "adaptive", divided by 5 whenever improvement stalls. "auto" is "one_cycle" where the
        end is known, and "constant" with `warm_start`, `early_stopping` or ``solver="sgd"``.
        `partial_fit` trains at a constant rate under "one_cycle".
    learning_rate_init : float or "auto", default="auto"
        Learning rate; for "one_cycle" its peak. "auto" is 0.01 for "one_cycle", 0.02 for images
        less than 16 pixels high or wide, else 0.001.
    power_t : float, default=0.5
        Exponent of "invscaling".
    max_iter : int or "auto", default="auto"
        Passes over the training set (epochs), at most. "auto" is, for "one_cycle", as many as
        make 1,000 batches, but at least 8 and at most 100; for images less than 16 pixels high
        or wide 500 batches and at least 10; else 200.
    shuffle : bool, default=True
        Whether to shuffle before every pass.
    random_state : int, RandomState instance or None, default=None
        Determines initial weights, batches, dropout, augmentation and what is held out. An int
        gives the same bits on one machine with one number of threads. torch's random state is
        never touched.
    tol : float, default=1e-4
        What counts as an improvement, of the loss or of the validation score.
    verbose : bool, default=False
        Whether to print the loss of every epoch.
    warm_start : bool, default=False
        Whether `fit` goes on from the weights of the fit before.
    momentum : float, default=0.9
        Momentum of "sgd".
    nesterovs_momentum : bool, default=True
        Whether "sgd" uses Nesterov's momentum.
    early_stopping : bool, default=False
        Whether to hold out a part of the training set, stratified, and to stop when the accuracy
        there stops improving. The weights of the best epoch are kept.
    validation_fraction : float, default=0.1
        Share held out for `early_stopping`.
    beta_1, beta_2 : float, default=0.9, 0.999
        Decay rates of the moments of "adam" and "adamw".
    epsilon : float, default=1e-8
        Numerical constant of "adam" and "adamw".
    n_iter_no_change : int or inf, default=10
        How many epochs without improvement, one more stops.
    dropout : float or "auto", default="auto"
        Share of activations dropped in training, before every dense layer. "auto" is 0.5 for
        images less than 16 pixels high or wide, "one_cycle" and training sets of several
        batches, else 0.
    label_smoothing : float or "auto", default="auto"
        Share of the target's probability that is spread over all classes in training. `fit` then
        scales the logits to make the images held out by `early_stopping`, or else the training
        set, likeliest; where many labels are wrong, the latter makes probabilities too sure.
        "auto" is 0.1 for "one_cycle" and training sets of several batches, else 0.
    augment : {"auto", "light", "strong"}, Augmentation, callable or None, default="auto"
        Random changes of the images, anew in every epoch; only in training. "light" shifts by up
        to 5 % of the side, rotates by up to 8 degrees and scales by up to 8 %; "strong" does
        more of each, shears, deforms and erases. :class:`Augmentation` sets each amount. A
        callable gets a floating-point tensor of shape ``(n, channels, height, width)``, one or
        several batches with pixels as they were given to `fit`, and ``generator``, a
        :class:`torch.Generator` of the same device to draw from, and returns a tensor like it.
        The last fifth of a "one_cycle" training has the images as they are. "auto" is "light" for
        "one_cycle", training sets of several batches and images of at least 8 pixels each way,
        else None.
    ema : float, default=0.0
        Share that an exponential moving average of the weights, which then predicts, keeps in
        every step; 0 for none. It begins anew in every `fit`, also with `warm_start`. It is meant
        for the other schedules than "one_cycle", under which it gained the CNN nothing on a
        held-out part of MNIST.
    tta : bool, default=False
        Whether predictions average the probabilities of the image and of four copies moved by a
        28th of the side: five times the time. The CNN gained 0.04 to 0.11 points by it on a
        held-out part of MNIST after one epoch, and nothing after eight.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, computed anew in every fit (so in every fold); "balanced" is
        inversely proportional to the classes' frequencies. Multiplies `sample_weight`.
    image_shape : tuple of int, default=None
        ``(height, width)`` or ``(channels, height, width)`` of the images that rows of pixels
        stand for. None takes the shape of images given as such, and infers a square from rows;
        rows whose length is no square number are images one pixel high.
    device : str, default="auto"
        Where to compute: "cpu", "cuda", "mps", ...; "auto" is the fastest there is, and with
        array API dispatch the device of a torch tensor `X`.
    precision : {"auto", "float32", "bfloat16"}, default="auto"
        What to train in, unless `X` is float64. "auto" is bfloat16 for large sets on processors
        that have it. Predictions are always computed in float32 or float64.
    callbacks : list of skorch callbacks, default=None
        Passed on to the skorch net. The learning rate is set by `learning_rate` in every
        batch, so that skorch's LRScheduler has no effect. scikit-learn's callbacks go to
        `set_callbacks`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    n_features_in_ : int
        Pixels in an image.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the pixels, when `X` had column names that are all strings.
    image_shape_ : tuple of int
        Shape of an image, ``(height, width)`` or ``(channels, height, width)``.
    net_ : skorch.NeuralNetClassifier
        The trained net; its `module_` maps tensors of shape ``(n, channels, height, width)`` to
        logits.
    n_iter_ : int
        Epochs of the last call.
    t_ : int
        Images seen in all training.
    loss_ : float
        The mean loss of the last epoch.
    loss_curve_ : list of float
        Mean training loss of every epoch.
    best_loss_ : float or None
        Lowest training loss of the last call; None with `early_stopping`.
    validation_scores_ : list of float or None
        Accuracy on the held-out images, weighted as they are, after every epoch, with
        `early_stopping`.
    best_validation_score_ : float or None
        The best of them in the last call.
    n_layers_ : int
        Layers, input and output among them.
    n_outputs_ : int
        Logits; the number of classes.

    See Also
    --------
    ANNClassifier : Multi-layer perceptron; takes `MLPClassifier`'s place.
    ImageReshaper : Turns rows of pixels into images, and back.

    Notes
    -----
    Rows whose length is no square are taken as images one pixel high.

    Weighting an image by k is the same as having it k times where a batch holds the whole
    training set, and the same on average elsewhere.

    Training sets of at most 2 million pixels are trained on one thread, so that the result is
    the same whatever ``n_jobs`` a search has.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from skdigits import CNNClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(
    ...     X.astype("uint8"), y, train_size=500, random_state=0
    ... )
    >>> cnn = CNNClassifier(random_state=0).fit(X_train, y_train)
    >>> bool(cnn.score(X_test, y_test) > 0.95)
    True
    """

    _module_class = ConvNet
    _parameter_constraints = {
        **NeuralClassifier._parameter_constraints,
        "dropout": [StrOptions({"auto"}), *NeuralClassifier._parameter_constraints["dropout"]],
        "channels": [StrOptions({"auto"}), "array-like", _POSITIVE],
        "kernel_size": [StrOptions({"auto"}), "array-like", _POSITIVE],
        "pooling": [StrOptions({"auto"}), "array-like", _POSITIVE],
        "normalization": [StrOptions({"batch", "group"}), None],
    }

    def __init__(
        self,
        channels="auto",
        *,
        hidden_layer_sizes=(),
        activation="relu",
        kernel_size="auto",
        pooling="auto",
        normalization="batch",
        solver="adam",
        alpha=0.0,
        batch_size="auto",
        learning_rate="auto",
        learning_rate_init="auto",
        power_t=0.5,
        max_iter="auto",
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        n_iter_no_change=10,
        dropout="auto",
        label_smoothing="auto",
        augment="auto",
        ema=0.0,
        tta=False,
        class_weight=None,
        image_shape=None,
        device="auto",
        precision="auto",
        callbacks=None,
    ):
        self.channels = channels
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.kernel_size = kernel_size
        self.pooling = pooling
        self.normalization = normalization
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.dropout = dropout
        self.label_smoothing = label_smoothing
        self.augment = augment
        self.ema = ema
        self.tta = tta
        self.class_weight = class_weight
        self.image_shape = image_shape
        self.device = device
        self.precision = precision
        self.callbacks = callbacks

    @property
    def _defaults(self):
        return _SMALL_IMAGES if self._has_small_images() else _IMAGES

    def _has_small_images(self):
        return min(self._input_shape()[1:]) < 16

    def _module_spec(self):
        small = self._has_small_images()
        channels, kernel_size, pooling = self.channels, self.kernel_size, self.pooling
        if isinstance(channels, str):
            channels = (32, 64) if small else (16, 32, 64, 64)
        channels = check_layer_sizes(channels, name="channels")
        n_blocks = len(channels)
        if isinstance(kernel_size, str):
            kernel_size = [3 if small or i else 5 for i in range(n_blocks)]
        if isinstance(pooling, str):
            pooling = [2 if i in (0, 1, n_blocks - 1) else 1 for i in range(n_blocks)]
        kernel_size = check_one_per_block(kernel_size, n_blocks, name="kernel_size")
        if any(side % 2 == 0 for side in kernel_size):
            raise ValueError(f"CNNClassifier expects an odd kernel_size, got {self.kernel_size}.")
        return {
            **super()._module_spec(),
            "channels": channels,
            "kernel_size": kernel_size,
            "pooling": check_one_per_block(pooling, n_blocks, name="pooling"),
            "normalization": self.normalization,
        }
