"""What tests of comparisons share: three models of scikit-learn, compared."""

import pytest
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from skdigits.evaluation import compare_models


@pytest.fixture(scope="module")
def comparison(digits):
    models = {"bayes": GaussianNB(), "svm": SVC(gamma=0.001), "knn": KNeighborsClassifier(3)}
    return compare_models(models, *digits, cv=3, random_state=0)
