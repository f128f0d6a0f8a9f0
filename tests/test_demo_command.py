"""The command skdigits demo: what it prints and opens, what it refuses, how it ends."""

import re
import signal
import socket
import subprocess
import sys

import demo_server
import numpy as np
import pytest
from click.testing import CliRunner

from skdigits import CharacterNormalizer, save_model
from skdigits.app._demo_model import Recogniser
from skdigits.app.cli import main

model, server = demo_server.model, demo_server.server


def run(*arguments):
    return CliRunner().invoke(main, ["demo", *map(str, arguments)])


@pytest.fixture
def told(monkeypatch, model):
    """What the command would serve and open; it serves nothing."""
    told = {"opened": []}
    monkeypatch.setattr(
        "skdigits.app._demo_model.open_model",
        lambda name, **limits: told.update(name=name, **limits) or Recogniser(model, name),
    )
    monkeypatch.setattr(
        "skdigits.app._demo.serve", lambda server, say: (say(), server.server_close())
    )
    monkeypatch.setattr("click.launch", told["opened"].append)
    return told


def test_the_command_prints_its_address_and_opens_nothing_unasked(told):
    result = run("--port", "0")
    assert result.exit_code == 0
    assert result.stdout.startswith("Draw at http://127.0.0.1:")
    assert result.stderr == "Ended.\n"
    assert told == {"opened": [], "name": "cnn-mnist", "max_pixels": 25_000_000}


def test_the_browser_is_opened_if_asked(told):
    result = run("--port", "0", "--open", "--model", "mine", "--max-pixels", 100)
    assert told["opened"][0] in result.stdout
    assert (told["name"], told["max_pixels"]) == ("mine", 100)


def test_letting_others_in_is_warned_of(told):
    result = run("--port", "0", "--host", "0.0.0.0")
    assert result.exit_code == 0
    assert result.stderr.startswith("Warning: with --host 0.0.0.0, whoever can reach this machine")


@pytest.mark.usefixtures("told")
def test_a_port_in_use_ends_in_one_sentence(server):
    result = run("--port", server.server_port)
    assert result.exit_code == 2
    assert result.stderr.startswith(
        f"Error: skdigits demo cannot listen on 127.0.0.1, port {server.server_port}: "
    )
    assert result.stderr.endswith("--port 0 takes a free port.\n")


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("host", ["256.256.256.256", "a" * 300])
def test_a_host_that_is_none_ends_in_one_sentence(host):
    result = run("--host", host)
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert "cannot listen on" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--model", "lost.safetensors"],
            "expects --model to be a file of save_model or one of .*cnn-mnist",
        ),
        (["--model", __file__], "load_model cannot read"),
        (["--port", "70000"], "Invalid value for '--port'"),
        (["--max-pixels", "0"], "Invalid value for '--max-pixels'"),
    ],
)
def test_bad_input_ends_with_status_two_and_one_sentence(arguments, message):
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1
    assert re.match(f"Error: .*{message}", result.stderr)


def test_a_file_of_something_else_is_refused(tmp_path):
    path = save_model(CharacterNormalizer().fit(np.zeros((1, 784))), tmp_path / "step.safetensors")
    result = run("--model", path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.match("Error: .* expects a classifier, .* holds a CharacterNormalizer", result.stderr)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_ends_the_command_cleanly(name):
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "skdigits", "demo", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    url = process.stdout.readline().split()[2]
    port = int(url.rstrip("/").rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)):  # idle, as browsers keep one in reserve
        process.send_signal(getattr(signal, name))
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "Ended.\n")
