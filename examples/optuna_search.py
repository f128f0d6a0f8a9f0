"""Optuna chooses the hyper-parameters: of a Pipeline, and of a network whose bad trials end early.

`OptunaSearchCV` is used like GridSearchCV and cross-validates each candidate that Optuna's sampler
proposes. It knows nothing of epochs. A study of one's own does: Optuna's callback for skorch goes
into `callbacks`, reports the validation score after every epoch, and ends a trial that falls
behind the median of those before.
"""

import warnings

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna_integration import OptunaSearchCV, SkorchPruningCallback
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.pipeline import Pipeline

from skdigits import ANNClassifier, CNNClassifier, Deskewer

# OptunaSearchCV calls itself experimental, and calls what Optuna 5 is to drop in version 6.
warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
warnings.filterwarnings("ignore", r"`optuna\.terminator` module", FutureWarning)
optuna.logging.set_verbosity(optuna.logging.WARNING)

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X.astype("uint8"), y, train_size=900, stratify=y, random_state=0
)

pipeline = Pipeline([("upright", Deskewer()), ("net", ANNClassifier(max_iter=10, random_state=0))])
search = OptunaSearchCV(
    pipeline,
    {
        "net__activation": CategoricalDistribution(["relu", "tanh"]),
        "net__hidden_layer_sizes": IntDistribution(16, 256, log=True),
        "net__learning_rate_init": FloatDistribution(1e-4, 1e-1, log=True),
    },
    cv=StratifiedKFold(3, shuffle=True, random_state=0),
    n_trials=10,
    random_state=0,
)
search.fit(X_train, y_train)
print(f"best of {search.n_trials_}: {search.best_params_}, test {search.score(X_test, y_test):.1%}")


def objective(trial):
    net = CNNClassifier(
        channels=(trial.suggest_int("channels", 4, 32, log=True),),
        learning_rate_init=trial.suggest_float("learning_rate_init", 1e-5, 1e-1, log=True),
        learning_rate="one_cycle",
        max_iter=10,
        early_stopping=True,  # holds out a tenth, which gives the score after every epoch
        random_state=0,
        callbacks=[SkorchPruningCallback(trial, "valid_acc")],
    )
    return max(net.fit(X_train, y_train).validation_scores_)


study = optuna.create_study(
    direction="maximize",
    sampler=optuna.samplers.TPESampler(seed=0),
    pruner=optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=2),
)
study.optimize(objective, n_trials=16)
pruned = [trial for trial in study.trials if trial.state == optuna.trial.TrialState.PRUNED]
n_epochs = sum(len(trial.intermediate_values) for trial in study.trials)
print(f"pruned: {len(pruned)} of {len(study.trials)} trials, {n_epochs} of 160 epochs made")
print(f"best: {study.best_params}, {study.best_value:.1%}")
