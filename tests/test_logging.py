"""What `logging.getLogger("skdigits")` hears; without it nothing is said."""

import logging

import pytest

from skdigits import ANNClassifier, CNNClassifier, FusedGridSearchCV


@pytest.mark.parametrize("Classifier", [ANNClassifier, CNNClassifier])
def test_a_fit_tells_how_it_trains(Classifier, digits, caplog):
    caplog.set_level(logging.DEBUG, logger="skdigits")
    net = Classifier(batch_size=50, max_iter=3, learning_rate_init=0.002, random_state=0)
    net.fit(*digits)
    (message,) = caplog.messages
    who, how = message.split(" on cpu, threads 1: ")
    assert who == f"{Classifier.__name__} trains on 300 images of (8, 8)"
    assert "3 epochs in batches of 50" in how
    assert "at 0.002 (one_cycle)" in how


def test_a_fused_search_tells_how_much_it_trains_together(digits, caplog):
    caplog.set_level(logging.DEBUG, logger="skdigits.neural._fused_search")
    net = ANNClassifier((4,), max_iter=2, random_state=0)
    FusedGridSearchCV(net, {"alpha": [0.0, 0.1]}, cv=3).fit(*digits)
    assert caplog.messages == ["FusedGridSearchCV trains 6 of 6 fits together"]


def test_nothing_is_said_unasked(digits, capfd):
    CNNClassifier((4,), max_iter=1, random_state=0).fit(*digits)
    assert capfd.readouterr() == ("", "")
