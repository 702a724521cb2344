"""Links are fetched from public addresses alone, within limits; the sites here are real servers on loopback."""

from __future__ import annotations

import contextlib
import gzip
import socket
import ssl
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from urllib.parse import unquote

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import FetchError, FetchFailedError, FetchRefusedError
from rag.fetch import Fetched, fetch, is_public

PAGE = b"<html><title>The ferry</title><p>The ferry left at noon.</p></html>"
LOOPBACK = ip_address("127.0.0.1")


def here(address: IPv4Address | IPv6Address) -> bool:
    """The address of the servers in this file, and no other."""
    return address == LOOPBACK


@cache
def bomb() -> bytes:
    """200 MB of nothing, compressed to a thousandth."""
    packer = zlib.compressobj(wbits=31)
    return b"".join([packer.compress(bytes(1_000_000)) for _ in range(200)]) + packer.flush()


@dataclass
class Site:
    """A server on loopback: its port, and what it was asked."""

    port: int
    scheme: str = "http"
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"


class Handler(BaseHTTPRequestHandler):
    """Pages, and all that a hostile site may do."""

    protocol_version = "HTTP/1.1"
    site: Site

    def log_message(self, *_: object) -> None:
        pass

    def give(self, data: bytes, content_type: str = "text/html; charset=utf-8", **headers: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def redirect(self, location: str, code: int = 302) -> None:
        self.send_response(code)
        self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.send_header("Set-Cookie", "seen=yes")
        self.end_headers()

    def raw(self, data: bytes) -> None:
        self.wfile.write(data)

    def endless(self, piece: bytes, pause: float = 0) -> None:
        self.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(10_000):
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            time.sleep(pause)

    def missing(self, _: str) -> None:
        self.send_error(404)

    def drip_head(self) -> None:
        for each in "HTTP/1.1 200 OK\r\nX-Slow: " + "x" * 10_000:
            self.wfile.write(each.encode())
            time.sleep(0.05)

    def do_GET(self) -> None:
        self.site.asked.append((self.path, dict(self.headers.items())))
        self.close_connection = True
        path, _, query = self.path.partition("?")
        answer = ANSWERS.get(path, Handler.missing)
        with contextlib.suppress(ConnectionError, ssl.SSLError):  # the other side had enough
            answer(self, unquote(query))


ANSWERS: dict[str, Callable[[Handler, str], None]] = {
    "/page": lambda asked, _: asked.give(PAGE),
    "/latin": lambda asked, _: asked.give("Café".encode("latin-1"), "Text/HTML; Charset=ISO-8859-1"),
    "/untyped": lambda asked, _: asked.raw(b"HTTP/1.1 200 OK\r\n\r\n" + PAGE),
    "/gzip": lambda asked, _: asked.give(gzip.compress(PAGE), Content_Encoding="gzip"),
    "/deflate": lambda asked, _: asked.give(zlib.compress(PAGE), Content_Encoding="deflate"),
    "/brotli": lambda asked, _: asked.give(PAGE, Content_Encoding="br"),
    "/not-gzip": lambda asked, _: asked.give(PAGE, Content_Encoding="gzip"),
    "/bomb": lambda asked, _: asked.give(bomb(), Content_Encoding="gzip"),
    "/double-bomb": lambda asked, _: asked.give(gzip.compress(bomb()), Content_Encoding="gzip, gzip"),
    "/large": lambda asked, _: asked.endless(bytes(1_000_000)),
    "/says-large": lambda asked, _: asked.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100000001\r\n\r\n"),
    "/drip": lambda asked, _: asked.endless(b"x", pause=0.05),
    "/drip-head": lambda asked, _: asked.drip_head(),
    "/long-head": lambda asked, _: asked.raw(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 1_000_000),
    "/cut": lambda asked, _: asked.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + PAGE),
    "/nonsense": lambda asked, _: asked.raw(b"220 mail.example.org ESMTP\r\n"),
    "/empty": lambda asked, _: asked.give(b""),
    "/to": lambda asked, query: asked.redirect(query),
    "/round": lambda asked, _: asked.redirect("/round", 307),
    "/steps": lambda asked, query: asked.redirect(f"/steps?{int(query) - 1}" if query != "1" else "/page", 301),
}


def serve(wrap: Callable[[socket.socket], socket.socket] | None = None) -> Iterator[Site]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("SiteHandler", (Handler,), {}))
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients that hang up are expected
    site = Site(server.server_address[1], "https" if wrap else "http")
    server.RequestHandlerClass.site = site  # type: ignore[attr-defined]
    if wrap:
        server.socket = wrap(server.socket)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield site
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def site() -> Iterator[Site]:
    yield from serve()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system trusts the authority of this test."""
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))


def secure(authority: trustme.CA, *names: str) -> Iterator[Site]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    # The handshake is made in the thread of the request, so that a failing one stops nothing.
    yield from serve(lambda plain: context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False))


@pytest.fixture
def secure_site(authority: trustme.CA) -> Iterator[Site]:
    yield from secure(authority, "localhost", "127.0.0.1")


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """A name service of the test's own: what each name gives at the first question, the second, …"""
    answers: dict[str, list[list[str]]] = {}
    real = socket.getaddrinfo

    def look_up(host: str, port: int, *args: object, **options: object) -> object:
        if host not in answers:
            return real(host, port, *args, **options)  # type: ignore[arg-type]
        given = answers[host].pop(0)
        return [each for address in given for each in real(address, port, type=socket.SOCK_STREAM)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return answers


def failure(url: str, seconds: float = 20.0, most: int = 100_000_000) -> str:
    with pytest.raises(FetchFailedError) as caught:
        fetch(url, allowed=here, seconds=seconds, most=most)
    assert caught.value.url == url
    return caught.value.problem


def test_a_page_comes_as_the_site_gave_it(site: Site) -> None:
    assert fetch(site.url("/page#top"), allowed=here) == Fetched(site.url("/page"), "text/html", "utf-8", PAGE)


def test_the_charset_is_told_and_the_bytes_stay(site: Site) -> None:
    found = fetch(site.url("/latin"), allowed=here)
    assert (found.content_type, found.charset, found.data) == ("text/html", "iso-8859-1", b"Caf\xe9")


def test_a_page_without_a_type_has_none(site: Site) -> None:
    assert fetch(site.url("/untyped"), allowed=here) == Fetched(site.url("/untyped"), "", None, PAGE)


@pytest.mark.parametrize("path", ["/gzip", "/deflate"])
def test_compressed_pages_are_unpacked(site: Site, path: str) -> None:
    assert fetch(site.url(path), allowed=here).data == PAGE


def test_the_site_is_asked_plainly(site: Site) -> None:
    fetch(site.url("/page?a=1&b=ü"), allowed=here)
    ((path, headers),) = site.asked
    assert path == "/page?a=1&b=%C3%BC"
    assert headers["Host"] == f"127.0.0.1:{site.port}"
    assert headers["User-Agent"].startswith("Clippings")
    assert set(headers) == {"Host", "User-Agent", "Accept", "Accept-Encoding", "Connection"}


def test_redirects_are_followed_to_the_place_where_the_page_is(site: Site) -> None:
    assert fetch(site.url("/steps?5"), allowed=here).url == site.url("/page")
    assert fetch(site.url("/to?/to%3F/page"), allowed=here).url == site.url("/page")
    assert len(site.asked) == 6 + 3


def test_no_cookie_is_kept(site: Site) -> None:
    fetch(site.url("/to?/page"), allowed=here)
    assert "Cookie" not in site.asked[1][1]


@pytest.mark.parametrize("path", ["/round", "/steps?6"])
def test_more_than_five_redirects_are_too_many(site: Site, path: str) -> None:
    assert failure(site.url(path)) == "the site redirects more than 5 times"
    assert len(site.asked) == 6


REFUSED_HOSTS = [
    "127.0.0.1", "localhost", "LOCALHOST", "localhost.", "0", "0.0", "127.1", "2130706433", "0x7f000001",
    "0x7f.0.0.1", "0177.0.0.1", "017700000001", "127.0.0.1.", "[::1]", "[::]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]", "[2002:7f00:1::]", "１２７.0.0.1", "127。0。0。1",
]  # fmt: skip


@pytest.mark.parametrize("host", REFUSED_HOSTS)
def test_the_machine_itself_is_refused_in_every_spelling(site: Site, host: str) -> None:
    with pytest.raises(FetchError) as caught:
        fetch(site.url("/page", host))
    assert isinstance(caught.value, FetchRefusedError) or "there is no site" in str(caught.value)
    assert not site.asked


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
def test_the_default_refuses_by_address_and_says_so(site: Site, host: str) -> None:
    with pytest.raises(FetchRefusedError, match="which is not a public address"):
        fetch(site.url("/page", host))
    assert not site.asked


def test_a_server_on_ipv6_loopback_is_refused_too() -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    with socket.socket(socket.AF_INET6) as listening:
        try:
            listening.bind(("::1", 0))
        except OSError:
            pytest.skip("no IPv6 here")
        listening.listen()
        listening.settimeout(0.2)
        with pytest.raises(FetchRefusedError, match="::1, which is not a public address"):
            fetch(f"http://[::1]:{listening.getsockname()[1]}/")
        with pytest.raises(TimeoutError):
            listening.accept()


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "127.255.255.254", "169.254.169.254",
        "0.0.0.0", "0.1.2.3", "100.64.0.1", "100.127.255.255", "192.0.0.8", "192.0.2.1",  # noqa: S104  nothing is bound
        "192.88.99.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1",
        "255.255.255.255", "::", "::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::10.0.0.1", "64:ff9b::10.0.0.1",
        "64:ff9b::169.254.169.254", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:7f00:1::", "2001:db8::1",
        "2002:7f00:1::", "2002:a00:1::1", "2002:a9fe:a9fe::", "3fff::1", "5f00::1", "fc00::1", "fd12:3456::1",
        "fe80::1", "fe80::1%1", "fec0::1", "ff02::1", "ff0e::1", "4000::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1", "8.8.8.8", "93.184.216.34", "100.63.255.255", "100.128.0.0", "172.32.0.1", "192.0.1.1",
        "223.255.255.1", "2606:4700::1111", "2a00:1450:4001::200e", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8",
        "2002:808:808::1",
    ],
)  # fmt: skip
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@given(st.ip_addresses(v=4))
def test_an_ipv6_address_that_stands_for_an_ipv4_address_is_as_public_as_that(address: IPv4Address) -> None:
    number = int(address)
    for standing in (0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80 | 1):
        assert is_public(IPv6Address(standing)) == is_public(address)


@given(st.ip_addresses(v=4) | st.ip_addresses(v=6, network="2000::/3"))
def test_no_public_address_is_of_a_kind_that_is_not(address: IPv4Address | IPv6Address) -> None:
    if is_public(address):
        kinds = ("private", "loopback", "link_local", "multicast", "reserved", "unspecified")
        assert not [kind for kind in kinds if getattr(address, f"is_{kind}")]


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        ("ftp://example.org/a", "only http and https"),
        ("file:///etc/passwd", "only http and https"),
        ("gopher://example.org/", "only http and https"),
        ("data:text/html,x", "only http and https"),
        ("javascript:alert(1)", "only http and https"),
        ("example.org/story", "only http and https"),
        ("//example.org/story", "only http and https"),
        ("", "only http and https"),
        ("http://", "it names no site"),
        ("http:///etc/passwd", "it names no site"),
        ("http://1.1.1.1:99999/", "it names no site"),
        ("http://1.1.1.1:0/", "it names no site"),
        ("http://[::1/", "not a valid link"),
        ("http://exa\tmple.org/", "not a valid link"),
        ("http://example.org:port/", "not a valid link"),
        ("http://ada@example.org/", "a user name or a password"),
        ("https://ada:secret@example.org/", "a user name or a password"),
        (r"http://example.org\@127.0.0.1/", "a user name or a password"),
    ],
)
def test_what_is_no_link_to_follow_is_refused(link: str, problem: str) -> None:
    with pytest.raises(FetchRefusedError, match=problem) as caught:
        fetch(link)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("http://10.0.0.1/", "it leads to 10.0.0.1, which is not a public address"),
        ("http://169.254.169.254/latest/meta-data/", "it leads to 169.254.169.254"),
        ("http://[::1]/", "it leads to ::1"),
        ("//127.0.0.2/", "it leads to 127.0.0.2"),
        ("http://localhost.localdomain.invalid/", "there is no site"),
        ("file:///etc/passwd", "only http and https"),
        ("ftp://example.org/", "only http and https"),
        ("http://ada:secret@1.1.1.1/", "a user name or a password"),
        ("http://[::1", "no link"),
    ],
)
def test_a_redirect_to_a_forbidden_place_is_refused(site: Site, target: str, problem: str) -> None:
    link = site.url(f"/to?{target}")
    with pytest.raises(FetchError, match=problem) as caught:
        fetch(link, allowed=here)
    assert caught.value.url.startswith(site.url("/to?"))
    assert len(site.asked) == 1


def test_every_address_of_a_name_is_checked_before_any_is_asked(site: Site, names: dict[str, list[list[str]]]) -> None:
    names["both.example"] = [["127.0.0.1", "10.0.0.1"]]
    with pytest.raises(FetchRefusedError, match=r"it leads to 10\.0\.0\.1"):
        fetch(site.url("/page", "both.example"), allowed=here)
    assert not site.asked


def test_a_name_that_answers_differently_the_second_time_gains_nothing(
    site: Site, names: dict[str, list[list[str]]]
) -> None:
    names["rebound.example"] = [["127.0.0.1"], ["127.0.0.2"]]
    assert fetch(site.url("/page", "rebound.example"), allowed=here).data == PAGE
    assert names["rebound.example"] == [["127.0.0.2"]], "it was asked once"
    assert site.asked[0][1]["Host"] == f"rebound.example:{site.port}"


def test_a_name_is_checked_again_after_a_redirect_to_itself(site: Site, names: dict[str, list[list[str]]]) -> None:
    names["rebound.example"] = [["127.0.0.1"], ["127.0.0.2"]]
    with pytest.raises(FetchRefusedError, match=r"it leads to 127\.0\.0\.2"):
        fetch(site.url("/to?/page", "rebound.example"), allowed=here)
    assert len(site.asked) == 1


def test_the_next_address_is_tried_where_the_first_takes_no_connection(
    site: Site, names: dict[str, list[list[str]]]
) -> None:
    names["two.example"] = [["127.0.0.9", "127.0.0.1"]]
    assert fetch(site.url("/page", "two.example"), allowed=lambda address: address.is_loopback).data == PAGE


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_proxies_of_the_environment_are_not_used(site: Site, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, site.url("/proxy"))
    with pytest.raises(FetchError):
        fetch("http://10.0.0.1/")
    assert fetch(site.url("/page"), allowed=here).data == PAGE
    assert [path for path, _ in site.asked] == ["/page"]


@pytest.mark.parametrize("path", ["/drip", "/drip-head"])
def test_a_site_that_gives_a_byte_now_and_then_is_left_when_the_time_is_over(site: Site, path: str) -> None:
    began = time.monotonic()
    assert failure(site.url(path), seconds=1) == "it took longer than 1 s"
    assert time.monotonic() - began < 3


def test_a_site_that_takes_the_connection_and_says_nothing_is_left_when_the_time_is_over() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert failure(f"http://127.0.0.1:{port}/", seconds=0.5) == "it took longer than 0.5 s"
        assert failure(f"https://127.0.0.1:{port}/", seconds=0.5) == "it took longer than 0.5 s"


def test_a_name_service_that_says_nothing_is_left_when_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: object, **__: object) -> list[object]:
        time.sleep(1)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    assert failure("http://slow.example/", seconds=0.3) == "it took longer than 0.3 s"


def test_the_time_is_for_all_redirects_together(site: Site) -> None:
    began = time.monotonic()
    assert failure(site.url("/to?/to%3F/drip"), seconds=1) == "it took longer than 1 s"
    assert time.monotonic() - began < 3


def test_what_has_too_many_bytes_is_left_as_soon_as_that_is_known(site: Site) -> None:
    assert failure(site.url("/says-large")) == "it has more than 100 MB"
    assert failure(site.url("/large"), most=5_000_000) == "it has more than 5 MB"


@pytest.mark.parametrize("path", ["/bomb", "/double-bomb"])
def test_a_bomb_is_never_unpacked_whole(site: Site, path: str) -> None:
    bomb()
    tracemalloc.start()
    try:
        assert failure(site.url(path), most=5_000_000) == "it has more than 5 MB"
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20_000_000


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("/missing", "the site answered 404 Not Found"),
        ("/empty", "the site gave an empty page"),
        ("/cut", "the site broke off"),
        ("/nonsense", "did not answer as a site does"),
        ("/long-head", "did not answer as a site does"),
        ("/not-gzip", "cannot be decompressed"),
        ("/brotli", "compressed in a way that was not asked for"),
    ],
)
def test_what_a_site_does_wrong_is_told(site: Site, path: str, problem: str) -> None:
    assert problem in failure(site.url(path))


def test_a_port_where_nobody_listens_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert failure(f"http://127.0.0.1:{port}/") == "no connection could be made: Connection refused"


def test_a_site_that_is_not_there_is_told() -> None:
    assert failure("http://nowhere.invalid/") == "there is no site 'nowhere.invalid'"
    assert "there is no site" in failure(f"http://{'a' * 64}.example/")


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_secure_page_is_asked_for_by_the_name_in_its_certificate(secure_site: Site, host: str) -> None:
    allowed = here if host == "127.0.0.1" else lambda address: address.is_loopback
    found = fetch(secure_site.url("/page", host), allowed=allowed)
    assert (found.url, found.data) == (secure_site.url("/page", host), PAGE)
    assert secure_site.asked[0][1]["Host"] == f"{host}:{secure_site.port}"


def test_a_certificate_of_an_unknown_authority_does_not_hold(secure_site: Site) -> None:
    assert "its certificate does not hold" in failure(secure_site.url("/page"))
    assert not secure_site.asked


@pytest.mark.usefixtures("trusted")
def test_a_certificate_for_another_name_does_not_hold(authority: trustme.CA, names: dict[str, list[list[str]]]) -> None:
    for other in secure(authority, "other.example"):
        names["bank.example"] = [["127.0.0.1"]]
        assert "its certificate does not hold: Hostname mismatch" in failure(other.url("/page", "bank.example"))
        assert not other.asked


def test_a_site_that_is_not_secure_is_told_so(site: Site) -> None:
    assert "no secure connection" in failure(site.url("/page").replace("http:", "https:"))


@given(st.text(max_size=40) | st.text("htps:/@[]0127.:%\\#?&=x", max_size=40).map("http://".__add__))
def test_any_text_is_fetched_or_refused_with_one_of_our_errors(text: str) -> None:
    with pytest.raises(FetchError):
        fetch(text, allowed=lambda _: False, seconds=0.5)
