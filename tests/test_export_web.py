"""The drawing page as a folder of static files: what is written, what is refused, what it reads."""

import base64
import errno
import hashlib
import io
import json
import os
import re
import tarfile
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import page_driver as driver
import pytest
from click.testing import CliRunner
from numpy.testing import assert_allclose
from PIL import Image
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.svm import SVC, LinearSVC

from skdigits import ANNClassifier, CharacterNormalizer, Deskewer, load_pretrained, save_model
from skdigits.app import _web_runtime
from skdigits.app._export_web import export_web
from skdigits.app.cli import main

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("skl2onnx")
pytest.importorskip("skops")


visit = driver.visit

RUNTIME = os.environ.get("SKDIGITS_ORT_WEB")
PACKED = {
    "package.json": json.dumps({"name": "onnxruntime-web", "version": _web_runtime.VERSION}),
    "dist/ort.wasm.bundle.min.mjs": "export const env = {};",
    "dist/ort-wasm-simd-threaded.wasm": "\0asm",
}


def in_chromium(test):
    """Mark a test that takes a browser and onnxruntime-web."""
    reason = "takes onnxruntime-web where SKDIGITS_ORT_WEB says"
    return pytest.mark.slow(pytest.mark.skipif(not RUNTIME, reason=reason)(test))


@pytest.fixture
def runtime(tmp_path, monkeypatch):
    """A made-up package of the runtime."""
    monkeypatch.delenv("SKDIGITS_ORT_WEB", raising=False)
    folder = tmp_path / "package"
    (folder / "dist").mkdir(parents=True)
    for name, content in PACKED.items():
        (folder / name).write_text(content)
    return folder


@pytest.fixture
def save(tmp_path, digits):
    """A function that fits a classifier behind a normaliser and returns the model's file."""

    def save(*steps, y=digits[1]):
        model = make_pipeline(*steps).fit(digits[0], y)
        return str(save_model(model, tmp_path / "model.safetensors"))

    return save


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "page"


def small():
    return CharacterNormalizer(8, box=6), MinMaxScaler(), LogisticRegression()


def run(*arguments):
    return CliRunner().invoke(main, ["export", *map(str, arguments)])


def files_of(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_the_folder_holds_all_that_the_page_refers_to(save, folder, runtime):
    result = run(save(*small()), "--web", folder, "--runtime", runtime)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(f"{folder}: ")
    assert "MB, tells 10 classes, differs by " in result.stdout
    found = files_of(folder)
    scripts = {name: (folder / name).read_text() for name in found if name.endswith(".js")}
    named = re.findall(r'"(?:\./)?([\w./-]+\.[a-z]+)"', "".join(scripts.values()))
    named += re.findall(r'(?:src|href)="(.*?)"', (folder / "index.html").read_text())
    assert {"page.js", "normalize.js", "net.onnx", "labels.json", "runtime/ort.js"} <= set(named)
    assert set(named) <= found
    assert {"runtime/LICENSE", "runtime/ThirdPartyNotices.txt"} <= found
    assert "Copyright (c) Microsoft Corporation" in (folder / "runtime/LICENSE").read_text()
    assert (folder / "runtime/ort.js").read_text() == PACKED["dist/ort.wasm.bundle.min.mjs"]
    assert "fetch(" not in scripts["answer.js"] + scripts["page.js"]
    assert "predict" not in scripts["model.js"]  # it asks no server


def test_the_net_is_the_models_and_its_labels_are_beside_it(save, folder, runtime, digits):
    text = np.array([f"label {digit}" for digit in digits[1]])
    model = save(*small(), y=text)
    result = run(model, "--web", folder, "--runtime", runtime, "--json")
    content = json.loads(result.stdout)
    assert content.pop("difference") < 1e-5
    assert content.pop("megabytes") < 1
    labels = [f"label {digit}" for digit in range(10)]
    assert content == {"folder": str(folder), "classes": labels}
    assert json.loads((folder / "labels.json").read_text()) == {
        "name": "model.safetensors",
        "labels": labels,
        "classes": labels,
        "normalizer": {"size": 8, "box": 6, "specks": 0.02, "strokeWidth": 2.6},
        "output": "probabilities",
    }
    pipeline = make_pipeline(*small()).fit(digits[0], text)
    rows = pipeline[0].transform(digits[0]).astype(np.float32)
    session = onnxruntime.InferenceSession(folder / "net.onnx")
    found = session.run(["probabilities"], {"pixels": rows})[0]
    assert_allclose(found, pipeline.predict_proba(digits[0]), rtol=0, atol=1e-5)


def test_numbers_beyond_those_of_javascript_keep_their_digits(save, folder, runtime, digits):
    large = 2**53 + 1 + digits[1].astype(np.int64)
    net = ANNClassifier((4,), max_iter=1, random_state=0)
    export_web(save(CharacterNormalizer(8, box=6), net, y=large), folder, runtime=runtime)
    about = json.loads((folder / "labels.json").read_text())
    expected = [str(2**53 + 1 + digit) for digit in range(10)]
    assert about["classes"] == about["labels"] == expected


def test_the_policy_stands_before_all_that_it_governs(save, folder, runtime):
    export_web(save(*small()), folder, runtime=runtime)
    page = (folder / "index.html").read_text()
    policy = re.search(r'<meta http-equiv="Content-Security-Policy" content="(.*)">', page)
    assert policy.end() < min(page.index("<link"), page.index("<script"))
    rules = dict(rule.split(" ", 1) for rule in policy[1].split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert rules["connect-src"] == "'self'"
    assert "http:" not in policy[1]


def test_a_classifier_without_probabilities_gives_its_label(save, folder, runtime):
    result = run(save(CharacterNormalizer(8, box=6), SVC()), "--web", folder, "--runtime", runtime)
    assert "MB, tells 10 classes, differs by " in result.stdout
    assert json.loads((folder / "labels.json").read_text())["output"] == "label"


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (
            [MinMaxScaler(), GaussianNB()],
            r"expects a Pipeline that begins with a CharacterNormalizer, ",
        ),
        ([Deskewer(), GaussianNB()], r"begins with a Deskewer: put one in front\.$"),
        (
            [CharacterNormalizer(8, box=6, polarity="dark"), GaussianNB()],
            r"with polarity='auto', which is all that the page can do, got polarity='dark'\.$",
        ),
        ([CharacterNormalizer(8, box=6, rules=False), GaussianNB()], r"got rules=False\.$"),
        ([CharacterNormalizer(8, box=6, centering="box"), GaussianNB()], r"got centering='box'\.$"),
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_model_that_the_page_cannot_normalise_for_is_refused(
    save, folder, runtime, steps, message
):
    with pytest.raises(ValueError, match=message):
        export_web(save(*steps), folder, runtime=runtime)
    assert not folder.exists()


def test_a_folder_with_something_in_it_is_left_alone(save, folder, runtime):
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    result = run(save(*small()), "--web", folder, "--runtime", runtime)
    assert (result.exit_code, result.stdout) == (2, "")
    expected = f"skdigits export --web expects an empty or a new folder, {folder} has files."
    assert result.stderr == f"Error: {expected}\n"
    assert files_of(folder) == {"mine.txt"}


def test_a_folder_that_cannot_be_made_is_told_by_its_name(save, folder, runtime, monkeypatch):
    def refuse(path, *args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    model = save(*small())
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(OSError, match=re.escape(f"Permission denied: '{folder}'")):
        export_web(model, folder, runtime=runtime)


def test_an_empty_folder_is_filled(save, folder, runtime):
    folder.mkdir()
    export_web(save(*small()), folder, runtime=runtime)
    assert "index.html" in files_of(folder)


def test_what_fails_leaves_nothing_behind(save, folder, runtime):
    model = save(*small())
    (runtime / "dist/ort-wasm-simd-threaded.wasm").unlink()
    before = files_of(folder.parent)
    with pytest.raises(ValueError, match=r"which has no dist/ort-wasm-simd-threaded\.wasm\.$"):
        export_web(model, folder, runtime=runtime)
    assert files_of(folder.parent) == before
    assert not folder.exists()


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ('{"name": "onnxruntime-web", "version": "1.0.0"}', "onnxruntime-web@1.0.0"),
        ('["no", "package"]', "a package.json without name or version"),
        ("{", "a package.json without name or version"),
    ],
)
def test_another_runtime_is_refused(save, folder, runtime, content, found):
    (runtime / "package.json").write_text(content)
    message = f"expects onnxruntime-web@{_web_runtime.VERSION} in {runtime}, got {found}."
    with pytest.raises(ValueError, match=re.escape(message)):
        export_web(save(*small()), folder, runtime=runtime)


def test_the_environment_says_where_the_runtime_is(save, folder, runtime, monkeypatch):
    monkeypatch.setenv("SKDIGITS_ORT_WEB", str(runtime))
    export_web(save(*small()), folder)
    assert (folder / "runtime/ort.js").exists()


def npm(tmp_path, monkeypatch, script):
    """Put a made-up npm, alone, on the path."""
    program = tmp_path / "bin" / "npm"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))


def pack(path):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in PACKED.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content.encode()))


@pytest.mark.skipif(os.name == "nt", reason="takes a shell")
def test_npm_fetches_the_pinned_runtime(save, folder, runtime, tmp_path, monkeypatch):
    archive = tmp_path / "a.tgz"
    pack(archive)
    pin = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    monkeypatch.setattr(_web_runtime, "_SHA512", pin)
    asked = tmp_path / "asked"
    npm(tmp_path, monkeypatch, f'echo "$@" > "{asked}"; exec /bin/cp "{archive}" ort.tgz')
    export_web(save(*small()), folder)
    assert asked.read_text().split()[0] == "pack"
    assert asked.read_text().split()[-1] == f"onnxruntime-web@{_web_runtime.VERSION}"
    assert (folder / "runtime/ort.js").read_text() == PACKED["dist/ort.wasm.bundle.min.mjs"]


@pytest.mark.skipif(os.name == "nt", reason="takes a shell")
def test_an_archive_of_another_hash_is_refused(save, folder, runtime, tmp_path, monkeypatch):
    archive = tmp_path / "a.tgz"
    pack(archive)
    npm(tmp_path, monkeypatch, f'exec /bin/cp "{archive}" ort.tgz')
    with pytest.raises(ValueError, match=r"that npm fetched: its hash is another\.$"):
        export_web(save(*small()), folder)
    assert not folder.exists()


@pytest.mark.skipif(os.name == "nt", reason="takes a shell")
@pytest.mark.parametrize("script", ["exit 1", "exit 0"])
def test_an_npm_that_fetches_nothing_is_told(save, folder, runtime, tmp_path, monkeypatch, script):
    npm(tmp_path, monkeypatch, script)
    with pytest.raises(ValueError, match=r"could not fetch onnxruntime-web@.* by --runtime or as"):
        export_web(save(*small()), folder)


def test_without_npm_one_sentence_says_how(save, folder, runtime, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    result = run(save(*small()), "--web", folder)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "finds no npm to fetch onnxruntime-web: unpack the npm package" in result.stderr
    assert result.stderr.count("\n") == 1


def test_the_guide_names_the_pinned_runtime():
    guide = Path(__file__).parents[1] / "docs" / "drawing_page.rst"
    named = re.findall(r"onnxruntime-web[@-]([\d.]+\d)", guide.read_text(encoding="utf-8"))
    assert set(named) == {_web_runtime.VERSION}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--onnx", "a.onnx", "--web", "page"], "not both at once"),
        (["--onnx", "a.onnx", "--runtime", "package"], "--runtime goes with --web."),
        (["--web", "page", "--no-verify"], "--without-normalizer and --no-verify go with --onnx."),
        (["--web", "no-such-folder/page"], "cannot open no-such-folder: No such file"),
        ([], "Missing option '--onnx' or '--web'."),
    ],
)
def test_bad_input_ends_in_one_sentence(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("cnn-mnist", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


class Handler(SimpleHTTPRequestHandler):
    """Serves a folder as `python -m http.server` does, and remembers instead of printing."""

    def log_message(self, format, *arguments):
        pass

    def log_request(self, code="-", size="-"):
        self.server.answers.append((self.path, int(code)))


@contextmanager
def serving(folder):
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=folder))
    server.answers = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def address(server):
    return f"http://127.0.0.1:{server.server_port}/"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("web") / "page"
    export_web("cnn-mnist", folder, runtime=RUNTIME)
    with serving(folder) as server:
        yield server


@pytest.fixture
def url(server):
    return address(server)


RECOGNISE = """async (strokes) => {
    const { toPicture } = await import("./drawing.js");
    const { recognise } = await import("./model.js");
    const canvas = toPicture({ strokes, photo: null });
    return [canvas.toDataURL(), await recognise(canvas)];
}"""


def drawing_and_answer(page, strokes):
    """Return a drawing as Python's pipeline takes it, and what the page says of it."""
    data, answer = page.evaluate(RECOGNISE, strokes)
    return Image.open(io.BytesIO(base64.b64decode(data.partition(",")[2]))), answer


def scribbles(n_drawings):
    rng = np.random.default_rng(0)
    for _ in range(n_drawings):
        steps = [rng.normal(0, 25, (rng.integers(3, 12), 2)) for _ in range(rng.integers(1, 4))]
        places = [step.cumsum(axis=0) + rng.uniform(40, 240, 2) for step in steps]
        yield [place.clip(0, driver.SIDE).round(2).tolist() for place in places]


@in_chromium
def test_digits_drawn_on_the_static_page_are_recognised(visit, server):
    page = visit()
    for digit, strokes in driver.PATHS.items():
        driver.draw(page, strokes)
        driver.wait_for_guess(page, digit)
        page.get_by_role("button", name="Clear").click()
        driver.wait_for_nothing(page)
    assert "nothing is sent" in page.locator("#note").inner_text()
    assert ("/runtime/ort-wasm-simd-threaded.wasm", 200) in server.answers
    assert {code for _, code in server.answers} == {200}
    assert page.evaluate("crossOriginIsolated") is False  # no headers of the server are needed


@in_chromium
def test_the_static_pages_probabilities_are_pythons(visit):
    page, model = visit(), load_pretrained("cnn-mnist")
    largest = []
    for strokes in [*driver.PATHS.values(), *scribbles(30)]:
        drawing, answer = drawing_and_answer(page, strokes)
        expected = model.predict_proba([drawing])[0]
        seen = np.array(answer["seen"]["pixels"])
        rows = seen.astype(np.uint8).reshape(1, -1)
        # A grey that lies between two may be rounded either way, and the net sees it.
        assert np.abs(model[0].transform([drawing])[0] - seen).max() <= 1
        assert_allclose(answer["probabilities"], model[-1].predict_proba(rows)[0], atol=1e-5)
        assert answer["guess"] == str(model.predict([drawing])[0])
        largest.append(np.abs(answer["probabilities"] - expected).max())
    assert max(largest) < 1e-3


@in_chromium
def test_a_photo_is_read_and_an_empty_pad_is_not(visit):
    page = visit()
    photo = {"name": "3.jpg", "mimeType": "image/jpeg", "buffer": driver.photo("3")}
    page.locator("#file").set_input_files(photo)
    driver.wait_for_guess(page, "3")
    page.get_by_role("button", name="Clear").click()
    driver.wait_for_nothing(page)
    assert drawing_and_answer(page, [])[1]["guess"] is None


@in_chromium
@pytest.mark.parametrize(
    ("normalizer", "classifier", "name"),
    [
        (CharacterNormalizer(8, box=6), SVC(), "label {}"),
        (CharacterNormalizer(10, box=8), RidgeClassifier(), None),
        (CharacterNormalizer(16, box=12, stroke_width=None), LogisticRegression(), "label {}"),
        (CharacterNormalizer(20, specks=0.3), GaussianNB(), None),
    ],
    ids=lambda step: type(step).__name__,
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_other_sizes_and_classifiers_answer_as_python_does(
    visit, save, folder, digits, normalizer, classifier, name
):
    y = digits[1] if name is None else np.array([name.format(digit) for digit in digits[1]])
    export_web(save(normalizer, classifier, y=y), folder, runtime=RUNTIME)
    model = make_pipeline(normalizer, classifier).fit(digits[0], y)
    with serving(folder) as server:
        page = visit(url=address(server))
        for strokes in driver.PATHS.values():
            drawing, answer = drawing_and_answer(page, strokes)
            seen = np.array(answer["seen"]["pixels"])
            assert np.abs(model[0].transform([drawing])[0] - seen).max() <= 1
            assert answer["guess"] == str(model.predict([drawing])[0])
            if hasattr(model, "predict_proba"):
                expected = model.predict_proba([drawing])[0]
                assert_allclose(answer["probabilities"], expected, rtol=0, atol=1e-3)
            else:
                assert answer["probabilities"] is None


@in_chromium
@pytest.mark.parametrize("names", [[False, True], [3, -7], ["low", "high"]], ids=str)
def test_two_labels_without_probabilities_come_back(visit, save, folder, digits, names):
    y = np.array(names)[(digits[1] > 4).astype(int)]
    steps = CharacterNormalizer(8, box=6), LinearSVC()
    export_web(save(*steps, y=y), folder, runtime=RUNTIME)
    model = make_pipeline(*steps).fit(digits[0], y)
    guesses = set()
    with serving(folder) as server:
        page = visit(url=address(server))
        for strokes in driver.PATHS.values():
            drawing, answer = drawing_and_answer(page, strokes)
            assert answer["guess"] == str(model.predict([drawing])[0])
            guesses.add(answer["guess"])
    assert guesses == set(map(str, names))


@in_chromium
def test_a_folder_that_is_not_whole_is_told(browser, save, folder):
    export_web(save(*small()), folder, runtime=RUNTIME)
    (folder / "net.onnx").unlink()
    with serving(folder) as server:
        page = browser.new_page()
        page.goto(address(server))
        page.get_by_role("alert").get_by_text("Is the folder complete?").wait_for()
        page.close()
