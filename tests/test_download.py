"""Downloads from a server right here: the first mirror that has the file, never half a file."""

import hashlib
import logging
import re
import sys
import warnings
from dataclasses import replace

import numpy as np
import pooch
import pytest

from skdigits.datasets import _mnist, fetch_mnist
from skdigits.datasets._download import find_or_download, has_hash
from skdigits.datasets._home import Origin

CONTENTS = bytes(range(256)) * 1000
CHECKS = {
    "a.gz": has_hash(hashlib.sha256(CONTENTS).hexdigest()),
    "b.gz": has_hash(hashlib.md5(CONTENTS).hexdigest(), "md5"),
}


@pytest.fixture
def origin(web):
    """A data set of two files on two mirrors."""
    web.files.update({f"/{mirror}/{name}": CONTENTS for mirror in (1, 2) for name in CHECKS})
    return Origin(
        who="fetch_it",
        folder="it",
        home_page="https://home.page/it",
        mirrors=(f"{web.url}1/", f"{web.url}2/"),
        instead="the same without .gz",
    )


def find(origin, data_home, **arguments):
    arguments = {"checks": CHECKS, "download_if_missing": True} | arguments
    return find_or_download(origin, data_home=data_home, **arguments)


def test_missing_files_are_downloaded_once(origin, web, tmp_path):
    for _ in range(2):
        paths = find(origin, tmp_path)
        assert paths == [tmp_path / "it" / name for name in CHECKS]
        assert [path.read_bytes() for path in paths] == [CONTENTS, CONTENTS]
        assert web.asked == ["/1/a.gz", "/1/b.gz"]
    assert {path.name for path in (tmp_path / "it").iterdir()} == set(CHECKS)


def test_files_that_are_there_are_left_alone(origin, web, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    (tmp_path / "it").mkdir()
    for name in ("a", "b.gz"):
        (tmp_path / "it" / name).write_bytes(b"mine")
    assert find(origin, tmp_path) == [tmp_path / "it" / "a", tmp_path / "it" / "b.gz"]
    assert web.asked == []


def break_by_absence(web, path):
    del web.files[path]


def break_by_other_contents(web, path):
    web.files[path] = CONTENTS[:-1] + b"x"


def break_by_a_cut_connection(web, path):
    web.sent[path] = len(CONTENTS) // 2


BREAKS = {
    break_by_absence: "status 404",
    break_by_other_contents: "not the published file",
    break_by_a_cut_connection: r"(ChunkedEncodingError|not the published file)",
}


@pytest.mark.parametrize("break_it", BREAKS)
def test_the_second_mirror_stands_in_for_the_first(origin, web, tmp_path, break_it):
    break_it(web, "/1/a.gz")
    assert [path.read_bytes() for path in find(origin, tmp_path)] == [CONTENTS, CONTENTS]
    assert web.asked == ["/1/a.gz", "/2/a.gz", "/1/b.gz"]


@pytest.mark.parametrize("break_it", BREAKS)
def test_when_all_mirrors_fail_one_sentence_says_so(origin, web, tmp_path, break_it):
    for path in ("/1/a.gz", "/2/a.gz"):
        break_it(web, path)
    message = (
        rf"^fetch_it misses a.gz, b.gz \(or the same without .gz\): put them into "
        rf"{re.escape(str(tmp_path / 'it'))}, or name another data home .*; "
        rf"https://home.page/it has the data, but the download failed "
        rf"\({web.url}1/a.gz: {BREAKS[break_it]}; {web.url}2/a.gz: {BREAKS[break_it]}\)\.$"
    )
    with pytest.raises(OSError, match=message):
        find(origin, tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert web.asked == ["/1/a.gz", "/2/a.gz"]


def test_a_folder_that_was_there_stays_when_all_mirrors_fail(origin, web, tmp_path):
    web.files.clear()
    (tmp_path / "it").mkdir()
    with pytest.raises(OSError, match="download failed"):
        find(origin, tmp_path)
    assert (tmp_path / "it").is_dir()


def test_what_came_before_the_failure_is_kept(origin, web, tmp_path):
    for mirror in (1, 2):
        del web.files[f"/{mirror}/b.gz"]
    with pytest.raises(OSError, match=r"^fetch_it misses b.gz \(or .*\): put it into "):
        find(origin, tmp_path)
    assert [path.name for path in (tmp_path / "it").iterdir()] == ["a.gz"]


def test_nobody_listening_is_a_sentence(origin, tmp_path):
    # The port is taken, and not listened at.
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        lonely = replace(origin, mirrors=(f"http://127.0.0.1:{taken.getsockname()[1]}/",))
        with pytest.raises(OSError, match=r"download failed \(http.*/a.gz: ConnectionError\)\.$"):
            find(lonely, tmp_path)


def test_a_check_that_cannot_read_the_file_is_a_wrong_file(origin, tmp_path):
    def check(path):
        raise ValueError("long story")

    with pytest.raises(OSError, match=r"a\.gz: not the published file;"):
        find(origin, tmp_path, checks={"a.gz": check})


def test_an_interruption_leaves_nothing(origin, tmp_path):
    def interrupt(path):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        find(origin, tmp_path, checks={"a.gz": interrupt})
    assert list(tmp_path.iterdir()) == []


def test_without_permission_to_download_nothing_is_asked_or_made(origin, web, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"misses a.gz, b.gz .* has the data\.$"):
        find(origin, tmp_path, download_if_missing=False)
    assert web.asked == []
    assert list(tmp_path.iterdir()) == []


def test_without_pooch_the_sentence_says_how_to_get_it(origin, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    message = (
        r'^fetch_it misses a.gz, b.gz .*; downloading needs pooch: pip install "skdigits\[data\]"$'
    )
    with pytest.raises(FileNotFoundError, match=message):
        find(origin, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_data_home_that_cannot_be_written_is_a_sentence(origin, web, tmp_path):
    (tmp_path / "file").touch()
    message = (
        r"^fetch_it cannot write into .*file/it \(Not a directory\): name another data home .*\.$"
    )
    with pytest.raises(OSError, match=message):
        find(origin, tmp_path / "file")
    assert web.asked == []


def global_state():
    loggers = [logging.root, pooch.get_logger()]
    return warnings.filters[:], [(logger.handlers[:], logger.level) for logger in loggers]


def test_one_line_is_said_and_nothing_global_is_changed(origin, web, tmp_path, caplog, capsys):
    logger = pooch.get_logger()
    logger.addHandler(caplog.handler)
    before = global_state()
    try:
        find(origin, tmp_path)
        assert global_state() == before
    finally:
        logger.removeHandler(caplog.handler)
    assert caplog.messages == [f"Downloading {web.url}1/{name}" for name in CHECKS]
    assert capsys.readouterr().out == ""


def serve(web, dataset, folder, monkeypatch, name):
    """Put the files of a folder on the server, and make it the only mirror of the data set."""
    web.files.update({f"/{path.name}": path.read_bytes() for path in folder.iterdir()})
    origin = replace(dataset.origin, mirrors=(web.url,))
    monkeypatch.setattr(_mnist, name, replace(dataset, origin=origin))


@pytest.mark.parametrize("name", ["_MNIST", "_FASHION_MNIST", "_KMNIST"])
def test_a_fetcher_downloads_what_it_misses(web, tmp_path, monkeypatch, write_small_set, name):
    dataset = getattr(_mnist, name)
    parts = write_small_set(dataset, tmp_path / "published")
    serve(web, dataset, tmp_path / "published", monkeypatch, name)
    fetch = getattr(_mnist, dataset.origin.who)
    for _ in range(2):
        X, y = fetch(data_home=tmp_path / "home", subset="test", return_X_y=True)
        np.testing.assert_array_equal(X, parts["test"][0].reshape(2, 784))
        np.testing.assert_array_equal(y, parts["test"][1])
        assert web.asked == [f"/{file}" for file in _mnist._FILES["test"]]


def test_a_fetcher_refuses_other_contents(web, tmp_path, monkeypatch, write_small_set):
    write_small_set(_mnist._MNIST, tmp_path / "published")
    serve(web, _mnist._MNIST, tmp_path / "published", monkeypatch, "_MNIST")
    monkeypatch.setitem(_mnist._MNIST.sha256, "train-images-idx3-ubyte", "0" * 64)
    with pytest.raises(OSError, match=r"train-images-idx3-ubyte\.gz: not the published file"):
        fetch_mnist(data_home=tmp_path / "home")
    assert not (tmp_path / "home").exists()
