"""``skdigits datasets`` as a user runs it."""

import json

import pytest
from click.testing import CliRunner

from skdigits import datasets
from skdigits.app._data_table import DATA_SETS
from skdigits.app.cli import main

NAMES = list(DATA_SETS)


def run(*arguments):
    return CliRunner().invoke(main, ["datasets", *map(str, arguments)])


def test_an_empty_home_misses_everything(tmp_path):
    result = run("--data-home", tmp_path)
    lines = result.output.splitlines()
    assert result.exit_code == 0
    assert [line.split()[0] for line in lines] == NAMES
    assert all(line.split()[1] == "missing" for line in lines)
    assert not any(tmp_path.iterdir())


def test_json_tells_damaged_files(tmp_path):
    (tmp_path / "usps").mkdir()
    for name in ("usps.bz2", "usps.t.bz2"):
        (tmp_path / "usps" / name).write_bytes(b"no bz2")
    states = json.loads(run("--data-home", tmp_path, "--json").output)
    assert states["usps"]["state"] == "damaged"
    assert states["mnist"]["state"] == "missing"


def test_those_named_are_got(tmp_path, monkeypatch):
    asked = []

    def fetch(**options):
        asked.append(options)
        return [0] * 9298, None

    monkeypatch.setattr(datasets, "fetch_usps", fetch)
    result = run("usps", "--data-home", tmp_path)
    assert result.output == "usps: 9,298 images are ready.\n"
    assert asked == [{"data_home": str(tmp_path), "subset": "all", "return_X_y": True}]


@pytest.mark.parametrize("error", [OSError("no network."), ImportError("needs pooch.")])
def test_what_fails_is_one_sentence(error, monkeypatch):
    def fetch(**options):
        raise error

    monkeypatch.setattr(datasets, "fetch_mnist", fetch)
    result = run("mnist")
    assert (result.exit_code, result.stderr) == (2, f"Error: {error}\n")


def test_a_data_set_that_a_package_is_missing_for_is_unread(tmp_path, monkeypatch):
    def fetch(**options):
        raise ImportError("needs h5py")

    monkeypatch.setattr(datasets, "fetch_usps", fetch)
    states = json.loads(run("--data-home", tmp_path, "--json").output)
    assert states["usps"]["state"] == "unread"


def test_json_is_of_the_list():
    result = run("usps", "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--json is for the list of all data sets: leave out the names" in result.stderr


def test_an_unknown_name_is_told_the_known_ones():
    result = run("mnist", "cifar")
    assert result.exit_code == 2
    assert "'cifar' is not one of" in result.stderr
    assert all(name in result.stderr for name in NAMES)
