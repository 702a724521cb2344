"""What all tests share: a prepared model, a small corpus of invented articles, and an index over it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import settings

from rag import builder, encoder, states
from rag.encoder import Encoder
from rag.library import Library
from rag.settings import PACKAGED_MODEL
from rag.states import Codec
from rag.store import IndexFolder

if TYPE_CHECKING:
    from gradio_client import Client
    from playwright.sync_api import Browser, Page

# Read when huggingface_hub is first imported: no test waits for a network.
os.environ["HF_HUB_OFFLINE"] = "1"

# How long an example takes is a matter of the machine.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

CORPUS = Path(__file__).parent / "corpus"


@pytest.fixture(scope="session", autouse=True)
def _plain_environment() -> Iterator[None]:
    """What the environment of whoever runs the tests says of Clippings does not count."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("RAG_")]:
            patch.delenv(name)
        # What a machine computes in would be another thing on each; int8 has tests of its own.
        patch.setenv("RAG_PRECISION", "f32")
        yield


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packaged model, prepared, with its codec: some seconds of work, done once. Not to be changed."""
    folder = encoder.prepare(PACKAGED_MODEL, tmp_path_factory.mktemp("prepared"))
    loaded = encoder.load(folder)
    phrases = loaded.passages(loaded.vocabulary_phrases())
    states.fit(np.concatenate([phrase.states for phrase in phrases])).save(folder / states.CODEC)
    return folder


@pytest.fixture(scope="session", name="encoder")
def packaged_encoder(prepared: Path) -> Encoder:
    """The packaged model, as it runs where the tests run."""
    return encoder.load(prepared)


@pytest.fixture(scope="session")
def codec(prepared: Path) -> Codec:
    """The packaged model's codec."""
    return Codec.load(prepared / states.CODEC)


@pytest.fixture(scope="session")
def with_model(prepared: Path) -> Callable[[Path], Path]:
    """Makes an index folder that holds the prepared model and nothing else, and returns it.

    Its files are hard links: whoever wants to damage one puts another in its place.
    """

    def make(index: Path) -> Path:
        shutil.copytree(prepared, IndexFolder(index).models / prepared.name, copy_function=os.link)
        return index

    return make


@pytest.fixture(scope="session")
def write_corpus() -> Callable[[Path], Path]:
    """Writes the small corpus, eight articles, into a folder, which it makes and returns."""

    def write(folder: Path) -> Path:
        return Path(shutil.copytree(CORPUS, folder, copy_function=shutil.copyfile))

    return write


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory, write_corpus: Callable[[Path], Path]) -> Path:
    """The small corpus. Not to be changed."""
    return write_corpus(tmp_path_factory.mktemp("corpora") / "corpus")


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory, corpus: Path, with_model: Callable[[Path], Path]) -> Path:
    """An index of the small corpus. Not to be changed."""
    folder = with_model(tmp_path_factory.mktemp("indexes") / "index")
    assert not builder.build(corpus, IndexFolder(folder), model=PACKAGED_MODEL).failed
    return folder


@pytest.fixture(scope="session")
def library(index: Path) -> Library:
    """The index of the small corpus, open for questions."""
    return Library(index)


# --- The page. What it takes is imported where it is used: most tests do without. ---


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The Chromium of this machine. Its driver keeps an event loop running, so it stays no longer than its module."""
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    chromium = next(filter(None, map(shutil.which, names)), None)
    if chromium is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("There is no Chromium on this machine.")
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium, args=quiet)


@pytest.fixture(scope="session")
def articles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three articles for the page, of which one is hostile. Not to be changed."""
    from visiting import BEES, HOSTILE, LIGHTHOUSE

    folder = tmp_path_factory.mktemp("articles")
    for name, text in (("lighthouse.md", LIGHTHOUSE), ("bees.md", BEES), ("hostile.txt", HOSTILE)):
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def built(articles: Path, tmp_path_factory: pytest.TempPathFactory, with_model: Callable[[Path], Path]) -> Path:
    """An index of them. Not to be changed."""
    folder = with_model(tmp_path_factory.mktemp("built"))
    assert not builder.build(articles, IndexFolder(folder), model=PACKAGED_MODEL).failed
    return folder


@pytest.fixture(scope="module")
def address(articles: Path, built: Path) -> Iterator[str]:
    """Where the page over them is served."""
    from serving import serving

    with serving(articles, built) as address:
        yield address


@pytest.fixture(scope="module")
def client(address: str) -> Client:
    """A program that uses it."""
    from gradio_client import Client

    return Client(address, verbose=False)


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The same in a browser."""
    from visiting import visiting

    with visiting(browser, address) as page:
        yield page


@pytest.fixture(scope="module")
def striking(tmp_path_factory: pytest.TempPathFactory, with_model: Callable[[Path], Path]) -> Iterator[str]:
    """Where a page is served over three articles that do not agree, and one about something else."""
    from serving import serving
    from visiting import BEES, GROWN, LETTER, WALKOUT

    corpus = tmp_path_factory.mktemp("striking")
    for name, text in (("walkout.md", WALKOUT), ("grown.md", GROWN), ("letter.txt", LETTER), ("bees.md", BEES)):
        (corpus / name).write_text(text, encoding="utf-8")
    index = with_model(tmp_path_factory.mktemp("striking-index"))
    assert not builder.build(corpus, IndexFolder(index), model=PACKAGED_MODEL).failed
    with serving(corpus, index) as address:
        yield address


@pytest.fixture
def strike(browser: Browser, striking: str) -> Iterator[Page]:
    """The same in a browser."""
    from visiting import visiting

    with visiting(browser, striking) as page:
        yield page
