"""Archives: every file in them is read or named with the reason, and none of them can do harm."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import os
import stat
import struct
import tarfile
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.articles import unpacking
from rag.articles.archives import open_tar, open_zip
from rag.articles.draft import Member, Metadata, Source
from rag.articles.formats import LARGEST
from rag.articles.warc import open_warc
from rag.errors import ArticleError, BrokenFileError, EncryptedFileError, UnsafeArchiveError
from rag.types import Failure

Opener = Callable[[Source], Iterator[Member | Failure]]
Files = Sequence[tuple[str, bytes]]

FERRY = b"The ferry left the island at noon."
STORM = "Der Sturm zog über den Hafen.".encode()
GOOD: Files = [("may/ferry.txt", FERRY), ("may/storm.md", STORM)]


def zipped(files: Files, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in files:
            info = zipfile.ZipInfo("place")
            info.filename = info.orig_filename = name  # whatever it is
            info.compress_type = method
            archive.writestr(info, data)
    return target.getvalue()


def tarred(files: Files, form: int = tarfile.PAX_FORMAT) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=form) as archive:
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return target.getvalue()


def with_entries(*entries: tarfile.TarInfo) -> bytes:
    """A tar archive of headers alone, with a good file after them."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for entry in entries:
            archive.addfile(entry)
        info = tarfile.TarInfo("ferry.txt")
        info.size = len(FERRY)
        archive.addfile(info, io.BytesIO(FERRY))
    return target.getvalue()


def entry(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = target
    return info


PACKERS: dict[str, tuple[Opener, Callable[[Files], bytes]]] = {
    "stored.zip": (open_zip, lambda files: zipped(files, zipfile.ZIP_STORED)),
    "deflated.zip": (open_zip, zipped),
    "bzip2.zip": (open_zip, lambda files: zipped(files, zipfile.ZIP_BZIP2)),
    "lzma.zip": (open_zip, lambda files: zipped(files, zipfile.ZIP_LZMA)),
    "pax.tar": (open_tar, tarred),
    "gnu.tar": (open_tar, lambda files: tarred(files, tarfile.GNU_FORMAT)),
    "ustar.tar": (open_tar, lambda files: tarred(files, tarfile.USTAR_FORMAT)),
    "a.tar.gz": (open_tar, lambda files: gzip.compress(tarred(files))),
    "a.tar.bz2": (open_tar, lambda files: bz2.compress(tarred(files))),
    "a.tar.xz": (open_tar, lambda files: lzma.compress(tarred(files))),
}
EVERY = pytest.mark.parametrize("kind", PACKERS)


def opened(opener: Opener, data: bytes, path: str = "press.zip") -> list[Member | Failure]:
    return list(opener(Source(data, path)))


def packed(kind: str, files: Files) -> list[Member | Failure]:
    opener, pack = PACKERS[kind]
    return opened(opener, pack(files), kind)


def problems(found: Iterable[Member | Failure]) -> dict[str, str]:
    return {each.path: each.reason for each in found if isinstance(each, Failure)}


def members(found: Iterable[Member | Failure]) -> Files:
    return [(each.path, each.data) for each in found if isinstance(each, Member)]


@EVERY
def test_the_files_come_in_their_order(kind: str) -> None:
    files = [("z.txt", FERRY), *GOOD, ("a/b/c/d.txt", b""), ("ü/ключ 日.md", STORM), ("n" * 90 + ".txt", FERRY)]
    assert packed(kind, files) == [Member(name, data) for name, data in files]


@EVERY
def test_folders_hidden_files_and_litter_are_no_files(kind: str) -> None:
    litter = [
        *("folder/", ".DS_Store", "__MACOSX/may/._ferry.txt", "may/._ferry.txt", ".git/config", "a.txt~", "b.part"),
        *("Thumbs.db", "a/.hidden/b.txt", "~$letter.docx"),
    ]
    assert members(packed(kind, [*((name, b"") for name in litter), *GOOD])) == GOOD
    assert not problems(packed(kind, [(name, b"") for name in litter]))


@EVERY
@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("../evil.txt", "climbs out of the archive"),
        ("may/../../evil.txt", "climbs out of the archive"),
        ("may/..", "climbs out of the archive"),
        ("/etc/passwd.txt", "not one within the archive"),
        ("C:/evil.txt", "not one within the archive"),
        ("c:evil.txt", "not one within the archive"),
        ("..\\evil.txt", "not one within the archive"),
        ("may\\ferry.txt", "not one within the archive"),
        ("bell\x07.txt", "no name of a file"),
        ("two\nlines.txt", "no name of a file"),
    ],
)
def test_a_path_that_leads_elsewhere_is_a_failure_and_the_others_are_read(kind: str, name: str, problem: str) -> None:
    found = packed(kind, [GOOD[0], (name, FERRY), GOOD[1]])
    assert members(found) == GOOD
    ((path, reason),) = problems(found).items()
    assert path == f"{kind}/{name}"
    assert problem in reason


@EVERY
def test_a_place_is_written_in_one_way(kind: str) -> None:
    assert members(packed(kind, [("./may//ferry.txt", FERRY)])) == [GOOD[0]]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@EVERY
def test_a_second_file_of_the_same_name_is_a_failure(kind: str) -> None:
    found = packed(kind, [("a.txt", FERRY), ("a.txt", STORM), ("./a.txt", STORM)])
    assert members(found) == [("a.txt", FERRY)]
    assert len(found) == 3
    assert "another file of this name" in problems(found)[f"{kind}/a.txt"]


@EVERY
def test_an_empty_archive_holds_nothing(kind: str) -> None:
    assert packed(kind, []) == []


@pytest.mark.parametrize("kind", ["stored.zip", "gnu.tar"])
def test_a_file_that_is_too_large_is_a_failure_and_the_others_are_read(kind: str) -> None:
    found = packed(kind, [GOOD[0], ("large.txt", bytes(LARGEST + 1)), GOOD[1]])
    assert members(found) == GOOD
    assert "at most 100 MB are read" in problems(found)[f"{kind}/large.txt"]


def test_every_kind_of_tar_entry_that_is_no_file_is_a_failure() -> None:
    kinds = {
        "symlink.txt": entry("symlink.txt", tarfile.SYMTYPE, "/etc/passwd"),
        "hardlink.txt": entry("hardlink.txt", tarfile.LNKTYPE, "ferry.txt"),
        "char.txt": entry("char.txt", tarfile.CHRTYPE),
        "block.txt": entry("block.txt", tarfile.BLKTYPE),
        "pipe.txt": entry("pipe.txt", tarfile.FIFOTYPE),
        "odd.txt": entry("odd.txt", b"Z"),
    }
    found = opened(open_tar, with_entries(entry("folder", tarfile.DIRTYPE), *kinds.values()), "a.tar")
    assert members(found) == [("ferry.txt", FERRY)]
    told = problems(found)
    assert set(told) == {f"a.tar/{name}" for name in kinds}
    assert {name for name, reason in told.items() if "it is a link" in reason} == {
        "a.tar/symlink.txt",
        "a.tar/hardlink.txt",
    }


def test_links_and_devices_in_a_zip_are_failures() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, kind in (("link.txt", stat.S_IFLNK), ("device.txt", stat.S_IFCHR), ("file.txt", stat.S_IFREG)):
            info = zipfile.ZipInfo(name)
            info.external_attr = (kind | 0o777) << 16
            archive.writestr(info, b"/etc/passwd")
    found = opened(open_zip, target.getvalue())
    assert members(found) == [("file.txt", b"/etc/passwd")]
    assert "it is a link" in problems(found)["press.zip/link.txt"]
    assert "it is no plain file" in problems(found)["press.zip/device.txt"]


def with_flag(data: bytes, flag: int, *, first: int = 0, last: int = 99) -> bytes:
    """A ZIP archive whose members from the first to the last have a flag."""
    changed = bytearray(data)
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = -1
        for number in range(data.count(mark)):
            start = data.index(mark, start + 1)
            if first <= number <= last:
                changed[start + place] |= flag & 0xFF
                changed[start + place + 1] |= flag >> 8
    return bytes(changed)


def test_a_locked_file_is_a_failure_and_a_locked_archive_is_told_so() -> None:
    found = opened(open_zip, with_flag(zipped([("locked.txt", STORM), *GOOD]), 1, last=0))
    assert members(found) == GOOD
    assert "locked with a password" in problems(found)["press.zip/locked.txt"]
    with pytest.raises(EncryptedFileError):
        opened(open_zip, with_flag(zipped(GOOD), 1))


def test_a_way_of_packing_that_is_not_known_is_told() -> None:
    data = bytearray(zipped([("a.txt", FERRY), *GOOD]))
    for mark, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        start = data.index(mark) + place
        data[start : start + 2] = struct.pack("<H", 9)  # Deflate64
    found = opened(open_zip, bytes(data))
    assert members(found) == GOOD
    assert "packed in a way that is not known" in problems(found)["press.zip/a.txt"]


def test_a_damaged_file_in_a_zip_is_a_failure_and_the_others_are_read() -> None:
    data = bytearray(zipped([("a.txt", FERRY), *GOOD], zipfile.ZIP_STORED))
    data[data.index(FERRY) + 3] ^= 1
    found = opened(open_zip, bytes(data))
    assert members(found) == GOOD
    assert "it is damaged" in problems(found)["press.zip/a.txt"]


def with_entry_name(data: bytes, name: bytes) -> bytes:
    return data.replace(b"x" * len(name), name)


def test_names_in_utf8_are_read_also_where_the_archive_does_not_say_so() -> None:
    name = "übung-日.txt"
    data = with_entry_name(zipped([("x" * len(name.encode()), FERRY)]), name.encode())
    assert members(opened(open_zip, data)) == [(name, FERRY)]
    old = with_entry_name(zipped([("x" * 9, FERRY)]), "über1.txt".encode("cp437"))
    assert members(opened(open_zip, old)) == [("über1.txt", FERRY)]


def test_a_name_that_is_cut_by_a_zero_is_refused() -> None:
    found = opened(open_zip, with_entry_name(zipped([("x" * 9, FERRY)]), b"a.txt\0.gz"))
    assert "no name of a file" in problems(found)["press.zip/a.txt\0.gz"]


def test_a_name_in_an_old_encoding_does_not_keep_a_tar_from_being_read() -> None:
    data = tarred([("xxxx.txt", FERRY)], tarfile.USTAR_FORMAT)
    header = bytearray(data[:512])
    header[:4] = b"caf\xe9"
    header[148:156] = b"        "
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    assert members(opened(open_tar, bytes(header) + data[512:])) == [("caf\ufffd.txt", FERRY)]


NO_ARCHIVE = [b"", b"x", b"The ferry left.", b"PK\x03\x04", b"\x1f\x8b", bytes(10), FERRY * 1000]


@pytest.mark.parametrize("data", NO_ARCHIVE, ids=repr)
@pytest.mark.parametrize("opener", [open_zip, open_tar, open_warc])
def test_what_is_no_archive_is_told_so(opener: Opener, data: bytes) -> None:
    if opener is open_warc and not data:
        return  # a WARC file without records
    with pytest.raises(BrokenFileError):
        opened(opener, data)


@pytest.mark.parametrize("kind", [kind for kind in PACKERS if ".tar" in kind])
def test_a_tar_that_is_cut_off_gives_the_files_before_and_a_failure(kind: str) -> None:
    opener, pack = PACKERS[kind]
    noise = b"".join(zlib.compress(bytes([n]) * 99) + n.to_bytes(2, "big") for n in range(256)) * 400
    whole = pack([*GOOD, ("long.txt", noise)])
    cut = whole[: len(whole) * 2 // 3]
    found = opened(opener, cut, kind)
    assert members(found) == GOOD
    assert list(problems(found)) == [kind]


def test_a_tar_that_is_damaged_in_the_middle_does_not_lose_files_silently() -> None:
    whole = bytearray(tarred([*GOOD, ("last.txt", FERRY)], tarfile.GNU_FORMAT))
    whole[2048 + 10] ^= 1  # in the third header
    found = opened(open_tar, bytes(whole), "a.tar")
    assert members(found) == GOOD
    assert "damaged" in problems(found)["a.tar"]


def test_a_tar_without_its_end_is_read_as_tar_programs_do() -> None:
    assert members(opened(open_tar, tarred(GOOD, tarfile.GNU_FORMAT)[:2048])) == GOOD


def test_a_zip_that_is_cut_off_is_told_so() -> None:
    with pytest.raises(BrokenFileError, match="cut off"):
        opened(open_zip, zipped(GOOD)[:-30])


def test_several_streams_of_compression_are_one_archive() -> None:
    data = tarred(GOOD)
    for pack in (gzip.compress, bz2.compress, lzma.compress):
        assert members(opened(open_tar, pack(data[:700]) + pack(data[700:]))) == GOOD
    assert (
        members(opened(open_tar, lzma.compress(data[:700]) + bytes(8) + lzma.compress(data[700:]) + bytes(4))) == GOOD
    )


def zip_bomb(method: int, size: int, count: int, piece: bytes = bytes(100_000)) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        archive.writestr("first.txt", FERRY)
        for number in range(count):
            with archive.open(f"{number}.txt", "w") as member:
                for _ in range(size // len(piece)):
                    member.write(piece)
    return target.getvalue()


def tar_bomb(packer: Packer, size: int, count: int, piece: bytes = bytes(102_400)) -> bytes:
    pieces = []
    for number in range(count):
        pieces.append(packer.compress(header(f"{number}.txt".encode(), size, b"0")))
        pieces += [packer.compress(piece) for _ in range(size // len(piece))]
    return b"".join([*pieces, packer.compress(bytes(1024)), packer.flush()])


class Packer(Protocol):
    """What compresses piece by piece."""

    def compress(self, data: bytes, /) -> bytes: ...

    def flush(self) -> bytes: ...


MIB_50 = 51_200_000
BOMBS: dict[str, tuple[Opener, Callable[[], bytes]]] = {
    "deflated.zip": (open_zip, lambda: zip_bomb(zipfile.ZIP_DEFLATED, 50_000_000, 1)),
    "bzip2.zip": (open_zip, lambda: zip_bomb(zipfile.ZIP_BZIP2, 50_000_000, 1)),
    "lzma.zip": (open_zip, lambda: zip_bomb(zipfile.ZIP_LZMA, 50_000_000, 1)),
    "a.tar.gz": (open_tar, lambda: tar_bomb(zlib.compressobj(wbits=31), MIB_50, 1)),
    "a.tar.bz2": (open_tar, lambda: tar_bomb(bz2.BZ2Compressor(), MIB_50, 1)),
    "a.tar.xz": (open_tar, lambda: tar_bomb(lzma.LZMACompressor(preset=0), MIB_50, 1)),
    "too-large.tar.gz": (open_tar, lambda: tar_bomb(zlib.compressobj(wbits=31), 3 * MIB_50, 1)),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_refused_and_never_held(kind: str) -> None:
    opener, make = BOMBS[kind]
    data = make()
    tracemalloc.start()
    try:
        with pytest.raises(UnsafeArchiveError, match="more than 200 times its size"):
            opened(opener, data, kind)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # zipfile unpacks what 4 kB of bzip2 or LZMA hold at once, and never more than a file may have.
    assert peak < (200_000_000 if kind in {"bzip2.zip", "lzma.zip"} else 30_000_000)


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_files_that_are_small_enough_each_are_a_bomb_where_together_they_are_so_much_larger(kind: str) -> None:
    opener, data = (
        (open_zip, zip_bomb(zipfile.ZIP_DEFLATED, 900_000, 20))
        if kind == "zip"
        else (open_tar, tar_bomb(zlib.compressobj(wbits=31), 9 * 102_400, 20))
    )
    with pytest.raises(UnsafeArchiveError, match="it unpacks to more than 200 times its size"):
        opened(opener, data, kind)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_many_files_that_are_small_enough_each_are_a_bomb_together(kind: str) -> None:
    piece = os.urandom(2_000) + bytes(97_000)  # fifty times its size when unpacked
    opener, data = (
        (open_zip, zip_bomb(zipfile.ZIP_DEFLATED, 9_900_000, 110, piece))
        if kind == "zip"
        else (open_tar, tar_bomb(zlib.compressobj(wbits=31), 101_376 * 96, 110, bytes(2_376) + piece))
    )
    seen: list[int] = []
    with pytest.raises(UnsafeArchiveError, match="more than 1 GB"):
        seen.extend(len(each.data) for each in opener(Source(data, kind)) if isinstance(each, Member))
    assert 900_000_000 < sum(seen) <= unpacking.MOST_BYTES


def many_zipped() -> bytes:
    data = zipped([("a.txt", FERRY)])
    start, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    return data[:start] + data[start:end] * 100_001 + data[end:]


@pytest.mark.parametrize(
    ("opener", "make"),
    [
        (open_zip, many_zipped),
        pytest.param(
            open_tar, lambda: tarred([("a.txt", b"")], tarfile.USTAR_FORMAT)[:512] * 100_001, marks=pytest.mark.slow
        ),
    ],
    ids=["zip", "tar"],
)
def test_more_than_a_hundred_thousand_files_are_too_many(opener: Opener, make: Callable[[], bytes]) -> None:
    with pytest.raises(UnsafeArchiveError, match="more than 100,000 files"):
        for _ in opener(Source(make(), "many")):
            pass


def test_sizes_that_lie_do_not_matter() -> None:
    data = bytearray(zipped([("a.txt", bytes(1_000_000)), *GOOD]))
    for mark, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = data.index(mark) + place
        data[start : start + 4] = struct.pack("<I", 10)  # unpacked, it says
    found = opened(open_zip, bytes(data))
    assert members(found) == GOOD
    assert "press.zip/a.txt" in problems(found)


def header(name: bytes, size: int, kind: bytes) -> bytes:
    """A tar header with any size, as GNU tar writes large and negative ones."""
    number = b"\x80" + size.to_bytes(11, "big") if size >= 0 else (256**12 + size).to_bytes(12, "big")
    block = bytearray(512)
    block[: len(name)] = name
    block[124:136] = number if not 0 <= size < 8**11 else f"{size:011o}\0".encode()
    block[156:157] = kind
    block[257:265] = b"ustar\x0000"
    block[148:156] = b"        "
    block[148:156] = f"{sum(block):06o}\0 ".encode()
    return bytes(block)


@pytest.mark.parametrize("size", [2**62, -512, -1, 10**10])
@pytest.mark.parametrize("kind", [b"0", b"x", b"g", b"L", b"S", b"5", b"V"])
def test_sizes_that_make_no_sense_end_at_once(size: int, kind: bytes) -> None:
    data = tarred(GOOD, tarfile.GNU_FORMAT)[:2048] + header(b"odd.txt", size, kind) + tarred(GOOD)
    began = time.monotonic()
    found = opened(open_tar, data, "a.tar")
    assert time.monotonic() - began < 5
    assert members(found)[:2] == GOOD


def test_a_pax_size_that_leads_back_does_not_go_round_in_circles() -> None:
    record = b"18 size=-99999999\n"
    pax = header(b"pax", len(record), b"x") + record.ljust(512, b"\0")
    data = tarred(GOOD, tarfile.GNU_FORMAT)[:2048] + pax + header(b"odd.txt", 0, b"0") + bytes(1024)
    found = opened(open_tar, data, "a.tar")
    assert members(found) == GOOD
    assert list(problems(found)) == ["a.tar"]


def test_headers_that_are_endless_are_refused() -> None:
    long = header(b"long", 50_000_000, b"L") + bytes(50_000_000)
    nested = (header(b"pax", 512, b"x") + b"11 a=aaaaa\n".ljust(512, b"\0")) * 30_000
    for data in (long, nested):
        with pytest.raises(BrokenFileError):
            opened(open_tar, gzip.compress(data, 1), "a.tar.gz")


def test_an_xz_file_that_asks_for_much_memory_is_refused() -> None:
    asked = bytearray(lzma.compress(tarred(GOOD)))
    # The size of the dictionary is a byte of the first block's header, which ends with a checksum.
    block = 12
    end = block + (asked[block] + 1) * 4 - 4
    asked[asked.index(0x21, block) + 2] = 39  # 3 GB
    asked[end : end + 4] = struct.pack("<I", zlib.crc32(asked[block:end]))
    with pytest.raises(BrokenFileError) as caught:
        opened(open_tar, bytes(asked))
    assert "Memory usage limit" in str(caught.value.__cause__)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_damage_gives_files_failures_or_an_error_of_ours(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(PACKERS)))
    opener, pack = PACKERS[kind]
    whole = bytearray(pack([*GOOD, ("ü.txt", FERRY * 30)]))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    whole = whole[: data.draw(st.integers(0, len(whole)))] if data.draw(st.booleans()) else whole
    with contextlib.suppress(ArticleError):
        for each in opener(Source(bytes(whole), kind)):
            assert isinstance(each, Member | Failure)
            assert ".." not in each.path.split("/") or isinstance(each, Failure)


@given(st.lists(st.tuples(st.text(st.characters(codec="utf-8"), min_size=1, max_size=30), st.binary(max_size=99))))
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_no_file_is_lost_whatever_its_name(files: list[tuple[str, bytes]]) -> None:
    for kind in ("deflated.zip", "pax.tar"):
        found = packed(kind, files)
        given = {each.path for each in found if isinstance(each, Member)}
        for path in given:
            parts = path.split("/")
            assert all(parts)
            assert not {".", ".."} & set(parts)
            assert not any(ord(each) < 32 or each == "\\" for each in path)
        assert sum(isinstance(each, Member) for each in found) == len(given)


# Web archives.

PAGE = "<html><title>The ferry</title><p>The ferry left at noon. Übermut.</p></html>".encode()
URL = "https://www.example.org/2019/05/23/the-ferry.html"


def warc(
    *records: tuple[str, str, list[tuple[str, str]], bytes], gzipped: bool = True, kind: str = "response"
) -> bytes:
    """A WARC file of records, each a URL, a status, headers and a body; each is compressed by itself, as is usual."""
    whole = b""
    for url, status, headers, body in (("", "", [], b"software: a test\r\n"), *records):
        kind_of = kind if url else "warcinfo"
        http = "".join(f"{name}: {value}\r\n" for name, value in headers)
        block = (f"HTTP/1.1 {status}\r\n{http}\r\n".encode() if kind_of == "response" else b"") + body
        content_type = "application/http; msgtype=response" if kind_of == "response" else "text/html"
        head = (
            f"WARC/1.1\r\nWARC-Type: {kind_of}\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2024-06-01T00:00:00Z\r\n"
            f"WARC-Record-ID: <urn:uuid:5eed>\r\nContent-Type: {content_type}\r\nContent-Length: {len(block)}\r\n\r\n"
        )
        record = head.encode() + block + b"\r\n\r\n"
        whole += gzip.compress(record) if gzipped else record
    return whole


HTML = [("Content-Type", "text/html; charset=utf-8")]


@pytest.mark.parametrize("gzipped", [True, False])
def test_each_page_of_a_warc_is_a_file_with_its_address(gzipped: bool) -> None:  # noqa: FBT001  as pytest gives it
    data = warc(
        (URL, "200 OK", HTML, PAGE),
        ("https://example.org/style.css", "200 OK", [("Content-Type", "text/css")], b"p { }"),
        ("https://example.org/gone", "404 Not Found", HTML, PAGE),
        ("https://example.org/moved", "301 Moved", [*HTML, ("Location", "/")], PAGE),
        ("https://example.org/", "200 OK", [("content-type", "TEXT/HTML")], PAGE),
        ("https://example.org/x?id=3", "200 OK", [("Content-Type", "application/xhtml+xml")], PAGE),
        gzipped=gzipped,
    )
    assert opened(open_warc, data) == [
        Member("example.org/2019/05/23/the-ferry.html", PAGE, Metadata(url=URL)),
        Member("example.org.html", PAGE, Metadata(url="https://example.org/")),
        Member("example.org/x-id-3.html", PAGE, Metadata(url="https://example.org/x?id=3")),
    ]


def test_resources_are_pages_too_and_other_records_are_not() -> None:
    assert opened(open_warc, warc((URL, "", [], PAGE), kind="resource"))[0] == Member(
        "example.org/2019/05/23/the-ferry.html", PAGE, Metadata(url=URL)
    )
    for kind in ("request", "metadata", "revisit", "conversion"):
        assert opened(open_warc, warc((URL, "200 OK", HTML, PAGE), kind=kind)) == []


def test_another_capture_of_a_page_has_a_number() -> None:
    data = warc((URL, "200 OK", HTML, PAGE), (URL, "200 OK", HTML, PAGE + b" "))
    assert [name for name, _ in members(opened(open_warc, data))] == [
        "example.org/2019/05/23/the-ferry.html",
        "example.org/2019/05/23/the-ferry-2.html",
    ]


CHUNKED = b"".join(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in (PAGE[:20], PAGE[20:], b""))


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ([("Content-Encoding", "gzip")], gzip.compress(PAGE, mtime=0)),
        ([("Content-Encoding", "GZIP")], gzip.compress(PAGE, mtime=0)),
        ([("Content-Encoding", "deflate")], zlib.compress(PAGE)),
        ([("Content-Encoding", "deflate")], zlib.compress(PAGE)[2:-4]),
        ([("Content-Encoding", "br")], brotli.compress(PAGE)),
        ([("Transfer-Encoding", "chunked")], CHUNKED),
        ([("Transfer-Encoding", "chunked")], PAGE),  # taken off by the program that saved it
        ([("Content-Encoding", "gzip")], PAGE),
        ([("Content-Encoding", "br")], PAGE),
        ([("Content-Encoding", "identity")], PAGE),
    ],
)
def test_encodings_are_taken_off(encoding: list[tuple[str, str]], body: bytes) -> None:
    assert members(opened(open_warc, warc((URL, "200 OK", HTML + encoding, body))))[0][1] == PAGE


def test_an_encoding_that_is_not_known_is_a_failure() -> None:
    data = warc((URL, "200 OK", [*HTML, ("Content-Encoding", "zstd")], PAGE), (URL, "200 OK", HTML, PAGE))
    found = opened(open_warc, data, "a.warc.gz")
    assert "compressed as 'zstd'" in problems(found)["a.warc.gz/example.org/2019/05/23/the-ferry.html"]
    assert len(members(found)) == 1


def test_what_the_site_says_of_the_encoding_counts() -> None:
    page = "<p>Zażółć gęślą jaźń</p>"
    headers = [("Content-Type", 'text/html; Charset="ISO-8859-2"')]
    ((_, data),) = members(opened(open_warc, warc((URL, "200 OK", headers, page.encode("iso8859-2")))))
    assert data.decode("utf-8-sig") == page


@pytest.mark.parametrize("gzipped", [True, False])
@pytest.mark.parametrize("end", [-1, -40, -400])
def test_a_warc_that_is_cut_off_gives_the_pages_before_and_a_failure(gzipped: bool, end: int) -> None:  # noqa: FBT001
    noise = b"".join(zlib.compress(bytes([n]) * 99) for n in range(256))
    data = warc((URL, "200 OK", HTML, PAGE), ("https://b.org/", "200 OK", HTML, noise), gzipped=gzipped)
    found = opened(open_warc, data.rstrip(b"\r\n")[:end], "a.warc")
    assert members(found)[0][1] == PAGE
    assert list(problems(found)) == ["a.warc"]
    assert len(found) == 2 or gzipped  # the end of the compression alone was missing


def test_warc_bombs_are_refused() -> None:
    inner = warc((URL, "200 OK", [*HTML, ("Content-Encoding", "gzip")], gzip.compress(bytes(50_000_000))))
    found = opened(open_warc, inner, "a.warc.gz")
    assert "200 times its size" in problems(found)["a.warc.gz/example.org/2019/05/23/the-ferry.html"]
    outer = warc((URL, "200 OK", HTML, bytes(50_000_000)))
    with pytest.raises(UnsafeArchiveError, match="200 times its size"):
        opened(open_warc, outer)
    brotlied = brotli.compress(bytes(LARGEST + 10), quality=5)
    found = opened(open_warc, warc((URL, "200 OK", [*HTML, ("Content-Encoding", "br")], brotlied)))
    assert "at most 100 MB" in next(iter(problems(found).values()))


def test_a_warc_header_without_an_end_is_refused() -> None:
    for start in (b"WARC/1.0\r\nWARC-Type: response\r\nX: ", b"WARC/1.0\r\n" + b"X: y\r\n" * 2_000_000):
        with pytest.raises(BrokenFileError):
            opened(open_warc, start + b"x" * 20_000_000)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_damage_of_a_warc_gives_pages_failures_or_an_error_of_ours(data: st.DataObject) -> None:
    chunked = [*HTML, ("Transfer-Encoding", "chunked")]
    gzipped = data.draw(st.booleans())
    whole = bytearray(
        warc((URL, "200 OK", HTML, PAGE), (URL, "200 OK", chunked, CHUNKED), (URL, "200", [], PAGE), gzipped=gzipped)
    )
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ArticleError):
        for each in open_warc(Source(bytes(whole), "a.warc")):
            assert isinstance(each, Member | Failure)
