"""How estimators look in a notebook: `set_config(display="diagram")`."""

import re
from pathlib import Path

import pytest
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_html_repr

import skdigits
from skdigits._documentation import SITE

REFERENCE = Path(__file__).parent.parent / "docs" / "api.rst"
ESTIMATORS = {
    "ANNClassifier": {},
    "CNNClassifier": {},
    "Augmentation": {},
    "CharacterNormalizer": {},
    "Deskewer": {},
    "EnsembleClassifier": {},
    "FusedGridSearchCV": {"estimator": skdigits.ANNClassifier(), "param_grid": {"alpha": [0, 1]}},
    "FusedRandomizedSearchCV": {
        "estimator": skdigits.ANNClassifier(),
        "param_distributions": {"alpha": [0, 1]},
    },
    "HOGFeatures": {},
    "ImageReshaper": {},
    "PageReader": {"estimator": skdigits.ANNClassifier()},
}


def documented_pages():
    """The names of the pages that autosummary makes."""
    module, pages = "", set()
    for line in REFERENCE.read_text().splitlines():
        if found := re.match(r"\.\. currentmodule:: (\S+)", line):
            module = found[1]
        elif found := re.fullmatch(r" {3}([A-Za-z_.]+)", line):
            pages.add(f"{module}.{found[1]}")
    return pages


def test_every_public_estimator_is_looked_at():
    public = {
        name
        for name in skdigits.__all__
        if isinstance(getattr(skdigits, name), type)
        and hasattr(getattr(skdigits, name), "get_params")
    }
    assert set(ESTIMATORS) == public


@pytest.mark.parametrize("name", ESTIMATORS)
def test_links_to_its_page_of_the_reference(name):
    link = getattr(skdigits, name)(**ESTIMATORS[name])._get_doc_link()
    assert link.startswith(f"{SITE}/generated/")
    assert Path(link).stem in documented_pages()


@pytest.mark.parametrize("name", ESTIMATORS)
def test_diagram_shows_name_and_link(name):
    estimator = getattr(skdigits, name)(**ESTIMATORS[name])
    html = estimator_html_repr(estimator)
    assert name in html
    assert estimator._get_doc_link() in html


def test_steps_of_a_pipeline_have_links():
    pipeline = make_pipeline(skdigits.CharacterNormalizer(), skdigits.CNNClassifier())
    html = estimator_html_repr(pipeline)
    assert all(step._get_doc_link() in html for _, step in pipeline.steps)


def test_derived_classes_elsewhere_have_none():
    class Mine(skdigits.CNNClassifier):
        pass

    assert Mine()._get_doc_link() == ""


def test_a_fitted_search_says_that_it_is_fitted(digits):
    search = skdigits.FusedGridSearchCV(
        skdigits.ANNClassifier((4,), max_iter=2, random_state=0), {"alpha": [0.0, 0.1]}, cv=2
    )
    assert "<span>Not fitted</span>" in estimator_html_repr(search)
    assert "<span>Fitted</span>" in estimator_html_repr(search.fit(*digits))
