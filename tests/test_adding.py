"""Files, folders, links and feeds come into the corpus; the sites here are real servers on loopback."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag import adding, articles, reading
from rag.adding import Added, Additions
from rag.errors import OptionError
from rag.types import Article, Progress

FERRY = "The ferry left the island at noon and was back before the storm broke over the harbour."
OTHER = "The mill burned down on a Sunday while its owner was at the fair in Ostby."
PAGE = f"""<!doctype html><html lang="en"><head><title>The ferry is back | Harbour News</title></head>
<body><nav><a href="/">Home</a></nav><article><h1>The ferry is back</h1><p>{FERRY}</p>
<p>Its captain, Ada Fenwick, said that nobody on board had noticed the waves.</p></article></body></html>"""


def add(things: Sequence[str | Path], corpus: Path, **options: object) -> Additions:
    return adding.add([str(thing) for thing in things], corpus, allowed=loopback, **options)  # type: ignore[arg-type]


def loopback(address: IPv4Address | IPv6Address) -> bool:
    return str(address) == "127.0.0.1"


def written(folder: Path, files: dict[str, str]) -> Path:
    """A folder with these files."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def lying(corpus: Path) -> dict[str, bytes]:
    """Every file in the corpus, hidden ones too."""
    return {file.relative_to(corpus).as_posix(): file.read_bytes() for file in corpus.rglob("*") if file.is_file()}


def reasons(done: Additions) -> dict[str, str]:
    return {each.path: each.reason for each in done.failed}


def read(corpus: Path) -> list[Article]:
    contents = reading.read(corpus, articles.find(corpus))
    return [part for content in contents for part in content.parts if isinstance(part, Article)]


# Files and folders.


def test_a_file_is_copied_and_the_corpus_is_made(tmp_path: Path) -> None:
    file = written(tmp_path, {"ferry.txt": FERRY}) / "ferry.txt"
    done = add([file], tmp_path / "new" / "corpus")
    assert done == Additions((Added(str(file), "ferry.txt"),), (), ())
    assert lying(tmp_path / "new" / "corpus") == {"ferry.txt": FERRY.encode()}


def test_a_folder_keeps_its_sub_folders_and_leaves_litter_behind(tmp_path: Path) -> None:
    clips = written(tmp_path / "clips", {"a.txt": FERRY, "may/b.md": OTHER, "may/deep/c.txt": "c"})
    (clips / ".hidden.txt").write_text("x")
    (clips / "d.txt~").write_text("x")
    (clips / "notes").mkdir()
    done = add([clips], tmp_path / "corpus")
    assert set(lying(tmp_path / "corpus")) == {*("clips/a.txt", "clips/may/b.md", "clips/may/deep/c.txt")}
    assert [each.path for each in done.added] == sorted(lying(tmp_path / "corpus"))
    assert done.added[0].given == f"{clips}/a.txt"


def test_into_names_a_folder_within_the_corpus(tmp_path: Path) -> None:
    clips = written(tmp_path / "clips", {"a.txt": FERRY})
    add([clips, clips / "a.txt"], tmp_path / "corpus", into="2024/may")
    assert set(lying(tmp_path / "corpus")) == {"2024/may/clips/a.txt", "2024/may/a.txt"}


@pytest.mark.parametrize("into", ["..", "../x", "a/../../b", "/tmp", ".git", "a/.b", "a:b", "a\0b", "a\nb", "x.tmp"])  # noqa: S108  a name, refused
def test_into_cannot_lead_out_of_the_corpus_or_out_of_sight(tmp_path: Path, into: str) -> None:
    with pytest.raises(OptionError, match="--into"):
        add([written(tmp_path, {"a.txt": FERRY}) / "a.txt"], tmp_path / "corpus", into=into)
    assert not (tmp_path / "corpus").exists()


def test_what_is_there_already_is_left_and_told(tmp_path: Path) -> None:
    clips = written(tmp_path / "clips", {"a.txt": FERRY})
    add([clips], tmp_path / "corpus")
    before = (tmp_path / "corpus" / "clips" / "a.txt").stat()
    done = add([clips], tmp_path / "corpus")
    assert done == Additions((), (Added(f"{clips}/a.txt", "clips/a.txt", new=False),), ())
    assert (tmp_path / "corpus" / "clips" / "a.txt").stat() == before


def test_another_file_of_the_same_name_gets_a_number_and_nothing_is_written_over(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    for number, text in enumerate((FERRY, OTHER, "A third.", OTHER)):
        written(tmp_path / str(number), {"a.txt": text})
    done = add([tmp_path / str(number) / "a.txt" for number in range(4)], corpus)
    assert lying(corpus) == {"a.txt": FERRY.encode(), "a-2.txt": OTHER.encode(), "a-3.txt": b"A third."}
    assert [(each.path, each.note) for each in done.added] == [
        ("a.txt", None),
        ("a-2.txt", "another a.txt is there"),
        ("a-3.txt", "another a.txt is there"),
    ]
    assert [each.path for each in done.present] == ["a-2.txt"]


def test_kinds_that_no_reader_knows_are_refused_with_a_cure_and_the_rest_goes_on(tmp_path: Path) -> None:
    clips = written(tmp_path / "clips", {"a.txt": FERRY})
    (clips / "photo.jpg").write_bytes(b"\xff\xd8")
    (clips / "noend").write_text("x")
    done = add([clips, clips / "photo.jpg"], tmp_path / "corpus")
    assert [each.path for each in done.added] == ["clips/a.txt"]
    assert set(reasons(done)) == {f"{clips}/photo.jpg", f"{clips}/noend"}
    assert "(OCR)" in reasons(done)[f"{clips}/photo.jpg"]
    assert "save it as text, Markdown, HTML, PDF, DOCX" in reasons(done)[f"{clips}/noend"]


def test_what_cannot_be_read_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    file = written(tmp_path, {"a.txt": FERRY}) / "a.txt"
    (tmp_path / "empty").mkdir()
    with (tmp_path / "big.txt").open("wb") as big:
        big.truncate(100_000_001)
    os.mkfifo(tmp_path / "pipe.txt")
    missing = [str(tmp_path / "none.txt"), "example.org/story", ""]
    done = add([*missing, tmp_path / "empty", tmp_path / "big.txt", tmp_path / "pipe.txt", file], tmp_path / "corpus")
    assert [each.path for each in done.added] == ["a.txt"]
    told = reasons(done)
    assert "there is no such file or folder" in told[str(tmp_path / "none.txt")]
    assert "a link with its https://" in told["example.org/story"]
    assert "at most 100 MB" in told[str(tmp_path / "big.txt")]
    assert "it is no file" in told[str(tmp_path / "pipe.txt")]
    assert str(tmp_path / "empty") in told


def test_files_of_the_corpus_itself_are_there_already(tmp_path: Path) -> None:
    corpus = written(tmp_path / "corpus", {"a.txt": FERRY, "sub/b.txt": OTHER})
    written(tmp_path, {"c.txt": "c"})
    before = lying(corpus)
    assert not add([corpus, corpus / "a.txt", corpus / "sub"], corpus).added
    assert lying(corpus) == before
    done = add([tmp_path], corpus)  # around the corpus
    assert [each.path for each in done.added] == [f"{tmp_path.name}/c.txt"]


def test_a_hidden_file_that_is_named_comes_where_it_is_seen(tmp_path: Path) -> None:
    (tmp_path / ".draft.txt").write_text(FERRY)
    done = add([tmp_path / ".draft.txt"], tmp_path / "corpus")
    assert [each.path for each in done.added] == ["draft.txt"]


def test_a_readme_at_the_top_comes_under_a_name_that_is_read(tmp_path: Path) -> None:
    file = written(tmp_path, {"README.md": FERRY}) / "README.md"
    done = add([file], tmp_path / "corpus")
    assert [each.path for each in done.added] == ["README-2.md"]
    assert [file.path for file in articles.find(tmp_path / "corpus")] == ["README-2.md"]
    assert [each.path for each in add([file], tmp_path / "corpus", into="sub").added] == ["sub/README.md"]


def test_a_sidecar_comes_with_its_file_and_keeps_to_it(tmp_path: Path) -> None:
    corpus = written(tmp_path / "corpus", {"a.txt": OTHER})
    clips = written(tmp_path / "clips", {"a.txt": FERRY, "b.txt": "b"})
    (clips / "a.txt.meta.yaml").write_text("author: Ada Fenwick\n")
    (clips / "b.meta.yaml").write_text("author: Bo Stone\n")
    done = add([clips / "a.txt", clips / "a.txt.meta.yaml", clips / "b.txt"], corpus)
    assert [each.path for each in done.added] == ["a-2.txt", "b.txt"]
    assert not done.failed
    assert {article.path: article.author for article in read(corpus)} == {
        "a.txt": None,
        "a-2.txt": "Ada Fenwick",
        "b.txt": "Bo Stone",
    }
    assert set(lying(corpus)) == {"a.txt", "a-2.txt", "a-2.txt.meta.yaml", "b.txt", "b.txt.meta.yaml"}
    add([clips], corpus)
    assert {file.path for file in articles.find(corpus)} == {"a.txt", "a-2.txt", "b.txt", "clips/a.txt", "clips/b.txt"}


def test_a_sidecar_comes_also_where_its_file_is_there_already(tmp_path: Path) -> None:
    clips = written(tmp_path / "clips", {"a.txt": FERRY})
    add([clips / "a.txt"], tmp_path / "corpus")
    (clips / "a.txt.meta.yaml").write_text("author: Ada Fenwick\n")
    done = add([clips / "a.txt"], tmp_path / "corpus")
    assert [each.path for each in done.added] == ["a.txt.meta.yaml"]
    assert [each.path for each in add([clips / "a.txt"], tmp_path / "corpus").present] == ["a.txt"]
    assert [article.author for article in read(tmp_path / "corpus")] == ["Ada Fenwick"]


def test_what_is_said_of_another_file_is_not_said_of_a_page(site: Site, corpus: Path) -> None:
    written(corpus, {"the-ferry-is-back.meta.yaml": "author: Ada Fenwick\n", "the-ferry-is-back.pdf": "x"})
    done = add([site.give("/the-ferry-is-back", PAGE)], corpus)
    assert [each.path for each in done.added] == ["the-ferry-is-back-2.html"]


def test_what_tells_of_tables_comes_to_the_top_and_is_not_written_over(tmp_path: Path) -> None:
    clips = written(tmp_path / "clips", {"columns.toml": '[columns]\ntext = "Inhalt"\n', "t.csv": "Inhalt\n" + FERRY})
    add([clips], tmp_path / "corpus")
    assert set(lying(tmp_path / "corpus")) == {"columns.toml", "clips/t.csv"}
    assert [article.text for article in read(tmp_path / "corpus")] == [FERRY]
    other = written(tmp_path / "other", {"columns.toml": '[columns]\ntext = "Texte"\n', "t.csv": "Texte\n" + OTHER})
    done = add([other], tmp_path / "corpus")
    assert "another columns.toml" in reasons(done)[f"{other}/t.csv"]
    assert set(lying(tmp_path / "corpus")) == {"columns.toml", "clips/t.csv"}


def test_a_sidecar_without_its_file_is_refused(tmp_path: Path) -> None:
    clips = written(tmp_path / "clips", {"a.txt": FERRY})
    (clips / "gone.txt.meta.yaml").write_text("author: Ada Fenwick\n")
    done = add([clips, clips / "gone.txt.meta.yaml"], tmp_path / "corpus")
    assert len(done.failed) == 2
    assert list(lying(tmp_path / "corpus")) == ["clips/a.txt"]


def test_nothing_is_left_where_it_cannot_be_written(tmp_path: Path) -> None:
    file = written(tmp_path, {"a.txt": FERRY}) / "a.txt"
    written(tmp_path / "corpus", {"sub": "this is a file"})
    done = add([file], tmp_path / "corpus", into="sub/deeper")
    assert "it cannot be written" in reasons(done)[str(file)]
    assert set(lying(tmp_path / "corpus")) == {"sub"}
    long = tmp_path / ("x" * 250 + ".txt")
    long.write_text(FERRY)
    deep = "/".join(["y" * 200] * 25)
    done = add([long], tmp_path / "corpus", into=deep)
    assert "it cannot be written" in reasons(done)[str(long)]


def test_without_hard_links_it_is_as_safe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "this file system has none")

    monkeypatch.setattr(os, "link", refuse)
    corpus = written(tmp_path / "corpus", {"a.txt": OTHER})
    done = add([written(tmp_path / "clips", {"a.txt": FERRY}) / "a.txt"], corpus)
    assert [each.path for each in done.added] == ["a-2.txt"]
    assert lying(corpus) == {"a.txt": OTHER.encode(), "a-2.txt": FERRY.encode()}


def test_many_at_once_lose_nothing(tmp_path: Path) -> None:
    for number in range(8):
        written(tmp_path / str(number), {"a.txt": f"This is text number {number}."})
    threads = [
        threading.Thread(target=add, args=([tmp_path / str(number) / "a.txt"], tmp_path / "corpus"))
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(lying(tmp_path / "corpus").values()) == [f"This is text number {n}.".encode() for n in range(8)]


def test_progress_is_told(tmp_path: Path) -> None:
    clips = written(tmp_path / "clips", {"a.txt": FERRY, "b.txt": OTHER})
    told: list[Progress] = []
    add([clips], tmp_path / "corpus", progress=told.append)
    assert [(each.stage, each.done, each.total) for each in told] == [("Adding", 0, 2), ("Adding", 1, 2)]


NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=20
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.dictionaries(NAMES.filter(lambda name: name not in {".", ".."}), st.binary(max_size=40), max_size=5))
def test_every_file_is_added_there_or_failed_and_none_is_lost(tmp_path: Path, files: dict[str, bytes]) -> None:
    root = tmp_path / os.urandom(8).hex()
    (root / "clips").mkdir(parents=True)
    given = []
    for name, data in files.items():
        file = root / "clips" / f"{name}.txt"
        try:
            file.write_bytes(data)
        except OSError:
            continue
        given.append(file)
    done = add([*given], root / "corpus")
    assert len(done.added) + len(done.present) + len(done.failed) == len(given)
    there = lying(root / "corpus") if given else {}
    assert {file.read_bytes() for file in given} == set(there.values())
    assert set(there) == {file.path for file in articles.find(root / "corpus")} if given else True


# Links.


@dataclass
class Site:
    """A server on loopback: what lies where (a type, bytes), and what was asked for."""

    port: int
    pages: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def give(self, path: str, data: str | bytes, content_type: str = "text/html; charset=utf-8") -> str:
        self.pages[path] = (content_type, data if isinstance(data, bytes) else data.encode())
        return self.url(path)


class Handler(BaseHTTPRequestHandler):
    """What lies in the site; a page of the type "redirect" leads elsewhere."""

    site: Site

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.site.asked.append(self.path)
        content_type, data = self.site.pages.get(self.path, ("", b""))
        if not content_type:
            self.send_error(404)
        elif content_type == "redirect":
            self.send_response(302)
            self.send_header("Location", data.decode())
            self.end_headers()
        else:
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.end_headers()
            self.wfile.write(data)


@pytest.fixture
def site() -> Iterator[Site]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("SiteHandler", (Handler,), {}))
    found = Site(server.server_address[1])
    server.RequestHandlerClass.site = found  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return tmp_path / "corpus"


def test_a_page_is_saved_as_the_site_gave_it_with_its_address(site: Site, corpus: Path) -> None:
    url = site.give("/2019/05/23/the-ferry-is-back?id=7", PAGE)
    done = add([f"{url}&utm_source=letter#top"], corpus)
    assert not done.added  # that is another page to this site
    done = add([f"{url}#top"], corpus)
    assert [each.path for each in done.added] == ["the-ferry-is-back-id-7.html"]
    assert (corpus / "the-ferry-is-back-id-7.html").read_bytes() == PAGE.encode()
    (article,) = read(corpus)
    assert (article.title, article.url, article.published) == ("The ferry is back", url, date(2019, 5, 23))
    assert article.source == "127.0.0.1"
    assert FERRY in article.text


def test_the_address_that_a_page_gives_itself_counts_and_tracking_does_not(site: Site, corpus: Path) -> None:
    canonical = site.url("/the/real/place")
    page = PAGE.replace("<head>", "<head><link href='/the/real/place' rel=canonical>")
    one = site.give("/print?id=1&utm_source=letter", page)
    two = site.give("/mill?fbclid=abc&id=2", PAGE.replace(FERRY, OTHER))
    add([one, two], corpus)
    assert {article.url for article in read(corpus)} == {canonical, site.url("/mill?id=2")}


def test_a_page_that_is_in_the_corpus_is_not_fetched_again(site: Site, corpus: Path) -> None:
    url = site.give("/the-ferry-is-back", PAGE)
    site.give("/short", "/the-ferry-is-back", "redirect")
    add([url], corpus)
    again = add([f"{url}/", url.replace("http:", "HTTP:"), site.url("/short")], corpus)
    assert [each.path for each in again.present] == ["the-ferry-is-back.html"] * 3
    assert not again.added
    assert site.asked == ["/the-ferry-is-back", "/short", "/the-ferry-is-back"]


@pytest.mark.parametrize(
    ("path", "title", "name"),
    [
        ("/news/the-ferry-is-back.html", "x", "the-ferry-is-back.html"),
        ("/news/the-ferry-is-back/", "x", "the-ferry-is-back.html"),
        ("/?p=123", "The ferry: is it “back”?", "The-ferry-is-it-back.html"),
        ("/a65701", "The ferry", "The-ferry.html"),
        ("/a65701", "", "a65701.html"),
        ("/", "", "127.0.0.1.html"),
        ("/../../../etc/passwd", "", "passwd.html"),
        ("/%2e%2e%2fevil", "", "evil.html"),
        ("/con", "", "con-.html"),
        ("/" + "long-word-" * 60, "x", "-".join(["long-word"] * 12) + ".html"),
        ("/%D0%BF%D0%B0%D1%80%D0%BE%D0%BC-%D0%BD%D0%B0-%D0%BC%D0%B5%D1%81%D1%82%D0%B5", "x", "паром-на-месте.html"),
    ],
)
def test_the_file_of_a_page_has_a_name_that_says_something(
    site: Site, corpus: Path, path: str, title: str, name: str
) -> None:
    from httpx2 import URL

    asked = URL(site.url(path)).raw_path.decode()
    site.give(asked, f"<html><head><title>{title}</title></head><p>{FERRY}</p></html>")
    done = add([site.url(path)], corpus)
    assert [each.path for each in done.added] == [name]
    assert set(lying(corpus)) == {name, f"{name}.meta.yaml"}


def test_other_pages_of_the_same_name_get_numbers(site: Site, corpus: Path) -> None:
    for number in range(3):
        site.give(f"/{number}/the-ferry-is-back", f"<p>{FERRY} {number}</p>")
    done = add([site.url(f"/{number}/the-ferry-is-back") for number in range(3)], corpus)
    assert [each.path for each in done.added] == [f"the-ferry-is-back{number}.html" for number in ("", "-2", "-3")]
    assert len({article.url for article in read(corpus)}) == 3


@pytest.mark.parametrize(
    ("path", "content_type", "data", "name"),
    [
        ("/notes", "text/plain", FERRY.encode(), "notes.txt"),
        ("/notes.md", "text/plain; charset=utf-8", FERRY.encode(), "notes.md"),
        ("/notes.md", "text/markdown", FERRY.encode(), "notes.md"),
        ("/report", "application/pdf", b"%PDF-1.4", "report.pdf"),
        ("/report.pdf", "application/octet-stream", b"%PDF-1.4", "report.pdf"),
        ("/download?id=3", "application/octet-stream", b"%PDF-1.4", "download-id-3.pdf"),
        ("/report.pdf", "text/html", PAGE.encode(), "The-ferry-is-back-Harbour-News.html"),
        ("/untyped", "application/octet-stream", b"\n<!DOCTYPE html><p>x", "untyped.html"),
        ("/news.csv", "text/plain", b"title,text\nx,y", "news.csv"),
        ("/clips.tar.gz", "application/x-gzip", b"\x1f\x8b", "clips.tar.gz"),
        ("/feed", "application/rss+xml", b"<rss/>", "feed.rss"),
    ],
)
def test_what_it_is_decides_how_the_file_ends(
    site: Site, corpus: Path, path: str, content_type: str, data: bytes, name: str
) -> None:
    add([site.give(path, data, content_type)], corpus)
    assert name in lying(corpus)
    several = name.endswith((".csv", ".gz", ".rss"))
    assert (f"{name}.meta.yaml" in lying(corpus)) != several, "an address is of one article"


@pytest.mark.parametrize(
    "content_type", ["image/png", "video/mp4", "application/octet-stream", "application/x-shockwave"]
)
def test_what_no_reader_knows_is_not_saved(site: Site, corpus: Path, content_type: str) -> None:
    url = site.give("/thing", b"\x89PNG", content_type)
    assert "save it as text" in reasons(add([url], corpus))[url]
    assert not corpus.exists()


def test_the_encoding_that_the_site_states_is_not_lost(site: Site, corpus: Path) -> None:
    text = "Zażółć gęślą jaźń, a prom odpłynął w południe i wrócił przed burzą, zanim dotarła do portu."
    page = f"<html><head><title>Prom</title></head><body><article><p>{text}</p></article></body></html>"
    add([site.give("/prom", page.encode("iso8859-2"), "text/html; charset=iso-8859-2")], corpus)
    add([site.give("/prom2", text.encode("iso8859-2"), "text/plain; charset=iso-8859-2")], corpus)
    assert [text in article.text for article in read(corpus)] == [True, True]


def test_links_that_are_refused_or_fail_are_told_and_the_rest_goes_on(site: Site, corpus: Path) -> None:
    evil = site.give("/evil", "http://10.0.0.1/", "redirect")
    good = site.give("/the-ferry-is-back", PAGE)
    links = ["http://169.254.169.254/", "file:///etc/passwd", "ftp://example.org/a", site.url("/gone"), evil, good]
    done = add(links, corpus)
    assert [each.path for each in done.added] == ["the-ferry-is-back.html"]
    told = reasons(done)
    assert list(told) == links[:-1]
    assert "not a public address" in told[links[0]]
    assert "only http and https" in told[links[1]]
    assert "404" in told[site.url("/gone")]
    assert "it leads to 10.0.0.1" in told[evil]


def test_by_default_loopback_is_refused(site: Site, corpus: Path) -> None:
    url = site.give("/page", PAGE)
    assert "not a public address" in reasons(adding.add([url], corpus))[url]
    assert not site.asked


def rss(site: Site, *items: str) -> str:
    title = "<title>Harbour News</title><link>https://harbour.example/</link>"
    feed = f'<?xml version="1.0"?><rss version="2.0"><channel>{title}{"".join(items)}</channel></rss>'
    return site.give("/feed.xml", feed, "application/rss+xml")


def item(title: str, link: str, text: str = "", day: str = "23 May 2019") -> str:
    date_of = f"<pubDate>Thu, {day} 10:00:00 GMT</pubDate>" if day else ""
    return f"<item><title>{title}</title><link>{link}</link><description>{text}</description>{date_of}</item>"


def test_of_a_feed_the_page_of_each_entry_is_added(site: Site, corpus: Path) -> None:
    ferry = site.give("/the-ferry-is-back", PAGE)
    mill = site.give("/the-mill-burned-down", PAGE.replace(FERRY, OTHER).replace("The ferry is back", "A fire"))
    feed = rss(site, item("The ferry is back!", ferry, "A summary."), item("The mill burned down", mill))
    done = add([feed], corpus, feed=True)
    assert [each.given for each in done.added] == [ferry, mill]
    found = {article.url: article for article in read(corpus)}
    assert FERRY in found[ferry].text
    assert OTHER in found[mill].text
    assert found[ferry].published == date(2019, 5, 23)
    assert found[ferry].title == "The ferry is back!", "as the feed has it"


def test_entries_that_are_in_the_corpus_are_skipped(site: Site, corpus: Path) -> None:
    ferry = site.give("/the-ferry-is-back", PAGE)
    feed = rss(site, item("The ferry is back", f"{ferry}?utm_source=feed", "A summary."))
    site.give("/the-ferry-is-back?utm_source=feed", PAGE)
    add([feed], corpus, feed=True)
    mill = site.give("/the-mill-burned-down", PAGE.replace(FERRY, OTHER))
    rss(site, item("The ferry is back", f"{ferry}?utm_source=feed", "A summary."), item("The mill", mill, "Burned."))
    done = add([feed], corpus, feed=True)
    assert [each.path for each in done.present] == ["the-ferry-is-back.html"]
    assert [each.path for each in done.added] == ["the-mill-burned-down.html"]
    assert site.asked.count("/the-ferry-is-back?utm_source=feed") == 1


def test_where_a_page_cannot_be_had_the_feed_s_own_text_is_taken(site: Site, corpus: Path) -> None:
    gone, image = site.url("/gone"), site.give("/photo", b"\x89PNG", "image/png")
    feed = rss(
        site,
        item("The ferry is back", gone, f"&lt;p&gt;{FERRY}&lt;/p&gt;"),
        item("The mill burned down", image, OTHER),
        item("Nothing but a title", site.url("/gone-too")),
        item("An entry to the machine next door", "http://10.0.0.1/", "Its text is taken, and nothing is asked there."),
    )
    done = add([feed], corpus, feed=True)
    names = ["The-ferry-is-back.txt", "The-mill-burned-down.txt", "An-entry-to-the-machine-next-door.txt"]
    assert [each.path for each in done.added] == names
    assert all("only what the feed holds" in (each.note or "") for each in done.added)
    assert "404" in reasons(done)[site.url("/gone-too")]
    found = {article.path: article for article in read(corpus)}
    assert found[names[0]].text == FERRY
    assert (found[names[0]].url, found[names[0]].published) == (gone, date(2019, 5, 23))
    assert found[names[0]].title == "The ferry is back"
    assert not add([feed], corpus, feed=True).added, "they are known by their addresses"


def test_links_of_entries_may_be_paths(site: Site, corpus: Path) -> None:
    site.give("/news/the-ferry-is-back", PAGE)
    feed = rss(site, item("The ferry is back", "/news/the-ferry-is-back", "A summary."))
    assert [each.path for each in add([feed], corpus, feed=True).added] == ["the-ferry-is-back.html"]


def test_an_entry_without_text_gives_its_page_title_and_day(site: Site, corpus: Path) -> None:
    feed = rss(site, item("The mill burned down", site.give("/mill", f"<p>{OTHER}</p>")))
    add([feed], corpus, feed=True)
    (article,) = read(corpus)
    assert (article.title, article.published) == ("The mill burned down", date(2019, 5, 23))
    assert article.text == OTHER


def test_an_atom_feed_and_a_json_feed_are_feeds_too(site: Site, corpus: Path) -> None:
    ferry = site.give("/the-ferry-is-back", PAGE)
    mill = site.give("/the-mill-burned-down", PAGE.replace(FERRY, OTHER))
    atom = site.give(
        "/atom",
        f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Harbour News</title><entry><title>The ferry</title>'
        f'<link href="{ferry}"/><summary>A summary.</summary><published>2019-05-23T10:00:00Z</published>'
        "</entry></feed>",
        "application/atom+xml",
    )
    json = site.give(
        "/json",
        f'{{"version": "https://jsonfeed.org/version/1.1", "title": "Harbour News", "items": [{{"id": "1", "url": '
        f'"{mill}", "title": "The mill", "content_text": "A summary of it."}}]}}',
        "application/feed+json",
    )
    done = add([atom, json], corpus, feed=True)
    assert [each.path for each in done.added] == ["the-ferry-is-back.html", "the-mill-burned-down.html"]


@pytest.mark.parametrize("data", [PAGE, "not a feed", "<?xml version='1.0'?><note/>", "<rss><channel>"])
def test_what_is_no_feed_is_told_so(site: Site, corpus: Path, data: str) -> None:
    url = site.give("/feed", data, "application/rss+xml")
    done = add([url], corpus, feed=True)
    assert list(reasons(done)) == [url]
    assert not corpus.exists()


def test_a_feed_without_the_option_is_a_file_of_its_entries(site: Site, corpus: Path) -> None:
    feed = rss(site, item("The ferry is back", site.url("/gone"), FERRY))
    assert [each.path for each in add([feed], corpus).added] == ["feed.xml"]
    assert [article.title for article in read(corpus)] == ["The ferry is back"]
