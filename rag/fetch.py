"""A link to what its site gives, from public addresses only and within limits of time and size.

A name is looked up once; all addresses that it has are checked, and the
connection is made to one of those that were checked, so that a name which
answers differently the second time gains nothing. The same holds after every
redirect. Proxies that the environment names are not used, for behind a proxy
nobody could tell where a connection goes. Certificates are verified with those
of the system, or with what ``SSL_CERT_FILE`` names. No cookie is sent or kept.
"""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from queue import Empty, SimpleQueue

import httpcore2
import httpx2

from rag.articles.formats import LARGEST
from rag.errors import FetchFailedError, FetchRefusedError

MOST_REDIRECTS = 5
CONNECTING = 10.0
"""Seconds in which a connection must stand."""

WHOLE = 30.0
"""Seconds in which all must have come, redirects included."""

Address = IPv4Address | IPv6Address
Allowed = Callable[[Address], bool]

_UNICAST = ip_network("2000::/3")
_TRANSLATED = ip_network("64:ff9b::/96")
"""IPv4 addresses as networks without IPv4 write them (NAT64, RFC 6052)."""

_SPECIAL = tuple(map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "3fff::/20")))
"""For protocols and documents, which not every Python counts among the addresses that are not global."""

_ENCODINGS = {"", "identity", "gzip", "deflate"}
_USER = re.compile(r"(?<=//)[^/?#@\s]*@")
_PORTS = 65_536
_OK = 200
_REDIRECTS = {301, 302, 303, 307, 308}


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a site gave: where it lay after redirects, its media type and charset as the site states them, its bytes.

    ``content_type`` is in lower case and without parameters, empty where none
    is stated; ``charset`` likewise, or ``None``. ``data`` is without the
    compression that it was sent in.
    """

    url: str
    content_type: str
    charset: str | None
    data: bytes


def is_public(address: Address) -> bool:
    """Whether an address is a public one, to be reached by anybody.

    Not public are those that are private, shared by a provider's customers, of
    the machine itself, of the link, of groups, reserved, or meant for documents
    and protocols (RFC 6890 and the registries that it names). An IPv6 address
    that stands for an IPv4 address (mapped, 6to4, NAT64) is as public as that.
    """
    if isinstance(address, IPv6Address):
        for_v4 = address.ipv4_mapped or address.sixtofour or _translated(address)
        if for_v4 is not None:
            return is_public(for_v4)
        if address not in _UNICAST:
            return False
    special = any(address.version == network.version and address in network for network in _SPECIAL)
    return address.is_global and not (address.is_multicast or address.is_reserved or special)


def fetch(url: str, *, allowed: Allowed = is_public, seconds: float = WHOLE, most: int = LARGEST) -> Fetched:
    """What a http or https link names.

    Args:
        url: the link; one with a user name or password is refused.
        allowed: says to which addresses a connection may be made.
        seconds: the time for all of it.
        most: the most bytes, before and after they are decompressed.

    Raises:
        FetchRefusedError: the link, or what it redirects to, is not http or https, holds a user name, or leads to
            an address that is not allowed. Nothing was sent there.
        FetchFailedError: the site is not there, gives no page, or not in time, or one that is too large.
    """
    asked = _USER.sub("", url.strip())
    network = _Network(asked, allowed, time.monotonic() + seconds)
    place = _place(url, asked)
    for _ in range(MOST_REDIRECTS + 1):
        try:
            answer = _request(place, asked, network, most)
        except httpcore2.TimeoutException as error:
            raise FetchFailedError(asked, f"it took longer than {seconds:g} s") from error
        except (httpcore2.NetworkError, httpcore2.ProtocolError, httpx2.DecodingError) as error:
            raise FetchFailedError(asked, _problem(error)) from error
        if isinstance(answer, Fetched):
            return answer
        try:
            joined = str(place.join(answer))
        except httpx2.InvalidURL as error:
            raise FetchFailedError(asked, "the site redirects to what is no link") from error
        place = _place(joined, asked)
    raise FetchFailedError(asked, f"the site redirects more than {MOST_REDIRECTS} times")


def _translated(address: IPv6Address) -> IPv4Address | None:
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _TRANSLATED else None


def _place(url: str, asked: str) -> httpx2.URL:
    """A link that may be followed, as far as can be told from the link itself."""
    try:
        place = httpx2.URL(url.strip())
    except httpx2.InvalidURL as error:
        raise FetchRefusedError(asked, "it is not a valid link") from error
    if place.scheme not in {"http", "https"}:
        leads = f"it leads to {place.scheme}:, and " if place.scheme else ""
        raise FetchRefusedError(asked, f"{leads}only http and https links are followed")
    if not place.host or (place.port is not None and not 0 < place.port < _PORTS):
        raise FetchRefusedError(asked, "it names no site")
    if place.userinfo:
        raise FetchRefusedError(asked, "it holds a user name or a password")
    return place.copy_with(fragment=None)


def _request(place: httpx2.URL, asked: str, network: _Network, most: int) -> Fetched | str:
    """What lies in a place, or where the site redirects to."""
    wanted = httpcore2.URL(scheme=place.raw_scheme, host=place.raw_host, port=place.port, target=place.raw_path)
    timeout = {"connect": CONNECTING}  # all else ends with the time for all
    with (
        httpcore2.ConnectionPool(network_backend=network) as pool,
        pool.stream("GET", wanted, headers=_headers(place), extensions={"timeout": timeout}) as received,
    ):
        answer = httpx2.Response(received.status, headers=received.headers, content=received.iter_stream())
        location = answer.headers.get("location")
        if answer.status_code in _REDIRECTS and location:
            return str(location)
        if answer.status_code != _OK:
            raise FetchFailedError(asked, f"the site answered {answer.status_code} {answer.reason_phrase}".rstrip())
        if (
            not {each.strip().casefold() for each in answer.headers.get("content-encoding", "").split(",")}
            <= _ENCODINGS
        ):
            raise FetchFailedError(asked, "it is compressed in a way that was not asked for")
        data = _body(answer, asked, most)
    content_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return Fetched(str(place), content_type, answer.charset_encoding, data)


def _headers(place: httpx2.URL) -> list[tuple[bytes, bytes]]:
    try:
        version = f"/{metadata.version('clippings')}"
    except metadata.PackageNotFoundError:  # a checkout that is not installed
        version = ""
    return [
        (b"Host", place.netloc),
        (b"User-Agent", f"Clippings{version}".encode()),
        (b"Accept", b"text/html, application/xhtml+xml, application/pdf;q=0.9, */*;q=0.8"),
        (b"Accept-Encoding", b"gzip, deflate"),
        (b"Connection", b"close"),
    ]


def _body(answer: httpx2.Response, asked: str, most: int) -> bytes:
    """The bytes of an answer, decompressed piece by piece, so that what is too large is never held."""
    pieces: list[bytes] = []
    size = 0
    stated = answer.headers.get("content-length", "")
    if not (stated.isdecimal() and int(stated) > most):
        for piece in answer.iter_bytes():
            pieces.append(piece)
            size += len(piece)
            if max(size, answer.num_bytes_downloaded) > most:
                break
        else:
            if not size:
                raise FetchFailedError(asked, "the site gave an empty page")
            return b"".join(pieces)
    raise FetchFailedError(asked, f"it has more than {most / 1e6:,.0f} MB")


def _problem(error: Exception) -> str:
    """What went wrong with a connection, in plain words."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, OSError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate does not hold: {cause.verify_message.rstrip('.')}"
    if isinstance(cause, ssl.SSLError):
        return "no secure connection could be made"
    if isinstance(error, httpcore2.ConnectError):
        return f"no connection could be made: {cause.strerror or cause if cause else error}"
    if isinstance(error, httpx2.DecodingError):
        return "what the site sent cannot be decompressed"
    return "the site broke off, or did not answer as a site does"


class _Network(httpcore2.NetworkBackend):
    """Connections to allowed addresses only, all within one span of time."""

    def __init__(self, asked: str, allowed: Allowed, end: float) -> None:
        self._asked = asked
        self._allowed = allowed
        self._clock = _Clock(end)
        self._plain = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """A connection to the first of the host's addresses that takes one."""
        addresses = list(dict.fromkeys(self._look_up(host, port)))
        for address in addresses:
            if not self._allowed(address):
                raise FetchRefusedError(self._asked, f"it leads to {address}, which is not a public address")
        failure: Exception = httpcore2.ConnectError("the name has no address")
        for address in addresses:
            try:
                left = self._clock.left(timeout)
                stream = self._plain.connect_tcp(str(address), port, left, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
            else:
                return _Stream(stream, self._clock)
        raise failure

    def _look_up(self, host: str, port: int) -> Iterator[Address]:
        """The addresses of a host, in a thread of its own, for the system sets itself no short limit of time."""
        answers: SimpleQueue[list[str] | Exception] = SimpleQueue()

        def look_up() -> None:
            try:
                answers.put([str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)])
            except (OSError, UnicodeError) as error:
                answers.put(error)

        threading.Thread(target=look_up, daemon=True).start()
        try:
            found = answers.get(timeout=self._clock.left(CONNECTING))
        except Empty:
            raise httpcore2.ConnectTimeout from None
        if isinstance(found, Exception):
            raise FetchFailedError(self._asked, f"there is no site {host!r}") from found
        return map(ip_address, found)


class _Stream(httpcore2.NetworkStream):
    """A connection whose every wait ends when the time for all of it is over."""

    def __init__(self, stream: httpcore2.NetworkStream, clock: _Clock) -> None:
        self._stream = stream
        self._clock = clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """At most so many bytes; none where the other side has ended."""
        return self._stream.read(max_bytes, self._clock.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send bytes."""
        self._stream.write(buffer, self._clock.left(timeout))

    def close(self) -> None:
        """End the connection."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> _Stream:
        """The same connection, encrypted."""
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, self._clock.left(timeout)), self._clock)

    def get_extra_info(self, info: str) -> object:
        """What is known of the connection."""
        return self._stream.get_extra_info(info)


@dataclass(frozen=True, slots=True)
class _Clock:
    """When the time is over, in seconds of the monotonic clock."""

    end: float

    def left(self, most: float | None) -> float:
        """The seconds that are left, or ``most`` where that is less."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout
        return left if most is None else min(left, most)
