"""scikit-learn's own checks, on default constructors and without excuses."""

import pytest
import sklearn
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.fixes import parse_version

from skdigits import (
    ANNClassifier,
    CharacterNormalizer,
    CNNClassifier,
    Deskewer,
    HOGFeatures,
    ImageReshaper,
)

IS_1_8 = parse_version(sklearn.__version__) >= parse_version("1.8")
STRICT = {"xfail_strict": True} if IS_1_8 else {}

# Tests of scikit-learn's expectations of its own Pipeline: the same two fail there.
PIPELINE_FAILURES = {
    "check_estimators_overwrite_params": "Pipeline fits the steps it was given",
    "check_dont_overwrite_parameters": "Pipeline fits the steps it was given",
}

# Public checks that `check_estimator` never runs.
CLASSIFIER_CHECKS = (
    "check_param_validation",
    "check_dataframe_column_names_consistency",
    "check_inplace_ensure_writeable",
)
TRANSFORMER_CHECKS = (
    "check_param_validation",
    "check_set_output_transform",
    "check_set_output_transform_pandas",
    "check_set_output_transform_polars",
    "check_global_output_transform_pandas",
    "check_global_set_output_transform_polars",
    "check_transformer_get_feature_names_out",
    "check_transformer_get_feature_names_out_pandas",
    "check_get_feature_names_out_error",
    "check_dataframe_column_names_consistency",
    "check_inplace_ensure_writeable",
)


def _expected_failures(estimator):
    return PIPELINE_FAILURES if hasattr(estimator, "steps") else {}


@parametrize_with_checks(
    [
        ImageReshaper(),
        CharacterNormalizer(),
        Deskewer(),
        HOGFeatures(),
        ANNClassifier(),
        CNNClassifier(),
        make_pipeline(ImageReshaper(), CNNClassifier(random_state=0)),
    ],
    expected_failed_checks=_expected_failures,
    **STRICT,
)
def test_scikit_learn_checks_pass(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", [ANNClassifier(), CNNClassifier(), ImageReshaper()], ids=str)
def test_no_tag_excuses_from_a_check(estimator):
    tags = estimator.__sklearn_tags__()
    assert not tags.non_deterministic
    assert not tags.no_validation
    assert not tags._skip_test
    assert tags.requires_fit
    assert tags.input_tags.two_d_array
    assert tags.classifier_tags is None or not tags.classifier_tags.poor_score


# These checks mix input with names and without themselves.
@pytest.mark.filterwarnings("ignore:X (has|does not have valid) feature names:UserWarning")
@pytest.mark.parametrize(
    ("estimator", "check_name"),
    [
        (estimator, name)
        for estimator, names in [
            (ANNClassifier(), CLASSIFIER_CHECKS),
            (CNNClassifier(), CLASSIFIER_CHECKS),
            (ImageReshaper(), TRANSFORMER_CHECKS),
            (CharacterNormalizer(), TRANSFORMER_CHECKS),
            (Deskewer(), TRANSFORMER_CHECKS),
            (HOGFeatures(), TRANSFORMER_CHECKS),
        ]
        for name in names
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_checks_that_check_estimator_leaves_out_pass(estimator, check_name):
    getattr(estimator_checks, check_name)(type(estimator).__name__, estimator)
