"""The code that makes a comparison again: it runs, and makes the same."""

import ast
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, RepeatedKFold, StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler
from sklearn.svm import SVC

from skdigits import ANNClassifier, compare_models
from skdigits.evaluation._recipe import write_recipe


class OwnSVC(SVC):
    """A class that the code can import."""


def double(X):
    return 2 * X


def run(code, **names):
    exec(compile(code, "recipe", "exec"), names)
    return names["comparison"]


def test_the_recipe_makes_the_same_comparison(digits):
    X, y = digits
    same = {"min_samples_leaf": 2, "min_samples_split": 5, "criterion": "entropy"}
    forests = [
        (f"forest {i}", RandomForestClassifier(1 + i, max_depth=9, max_leaf_nodes=20, **same))
        for i in range(6)
    ]
    models = {
        "it's a vote": VotingClassifier(forests),  # 700 characters and more
        "svm": make_pipeline(FunctionTransformer(double), MinMaxScaler((0, 2)), OwnSVC(C=3)),
        "net": ANNClassifier((8, 8), max_iter=1, class_weight=dict.fromkeys(range(10), 2.5)),
        "bayes": GaussianNB(priors=np.full(10, 0.1)),
    }
    assert "..." in repr(models["it's a vote"])  # what scikit-learn leaves out
    comparison = compare_models(models, X, y, cv=2, random_state=3)
    recipe = write_recipe(comparison)
    again = run(recipe, X=X, y=y)
    assert write_recipe(again) == recipe
    pd.testing.assert_frame_equal(again.predictions, comparison.predictions)


def test_splitters_and_numpy_numbers_bring_their_imports(digits):
    X, y = digits
    folds = StratifiedKFold(2, shuffle=True, random_state=1)
    search = GridSearchCV(SVC(), {"C": np.logspace(0, 1, 2)}, cv=StratifiedKFold(2))
    comparison = compare_models([search], X, y, cv=folds, random_state=np.int64(3))
    again = run(write_recipe(comparison), X=X, y=y)
    pd.testing.assert_frame_equal(again.predictions, comparison.predictions)


@pytest.mark.parametrize("value", [float("nan"), -float("inf"), (1,), set(), {2}, {"a": [None]}])
def test_every_plain_value_is_code(value):
    model = LogisticRegression(class_weight=value)
    code = write_recipe(SimpleNamespace(estimators={"m": model}, settings={}))
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.keyword)]
    (keyword,) = (call for call in calls if call.arg == "class_weight")
    assert repr(eval(compile(ast.Expression(keyword.value), "value", "eval"))) == repr(value)


def test_what_no_code_can_say_is_said_in_a_comment(digits):
    X, y = digits

    class Local(GaussianNB):
        pass

    models = {
        "first": FunctionTransformer(lambda X: X),
        "second": FunctionTransformer(lambda X: -X),
        "third": Local(),
    }
    settings = {"cv": "cv", "groups": "<Groups 3>", "n_jobs": "2"}
    code = write_recipe(SimpleNamespace(estimators=models, settings=settings))
    ast.parse(code)
    for comment in (
        "# func: of 'first', which code cannot say: <function ",
        "# func_2: of 'second', which code cannot say: <function ",
        "# Local: a class of your own, of 'third'.",
        "# cv: as it was given to compare_models.",
        "# groups: as it was given to compare_models.",
    ):
        assert comment in code
    assert "'second': FunctionTransformer(func=func_2)" in code
    comparison = compare_models([GaussianNB()], X, y, cv=RepeatedKFold(n_splits=2, n_repeats=1))
    run(write_recipe(comparison), X=X, y=y, cv=StratifiedKFold(2))


def test_classes_of_one_name_are_imported_under_two(monkeypatch):
    models = {}
    for name in ("one_module", "other_module"):
        module = ModuleType(name)
        module.Twin = type("Twin", (GaussianNB,), {"__module__": name})
        monkeypatch.setitem(sys.modules, name, module)
        models[name] = module.Twin()
    code = write_recipe(SimpleNamespace(estimators=models, settings={}))
    assert "from one_module import Twin\n" in code
    assert "from other_module import Twin as Twin_2\n" in code
    assert "'other_module': Twin_2()" in code


def test_long_tuples_of_numbers_share_lines():
    model = ANNClassifier(tuple(range(100, 200)))
    code = write_recipe(SimpleNamespace(estimators={"net": model}, settings={}))
    assert max(map(len, code.splitlines())) <= 100
    assert len(code.splitlines()) < 25
