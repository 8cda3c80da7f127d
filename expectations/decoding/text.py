"""From a file's bytes to UTF-8, by the agreement's order of trial (section 6). Nothing is ever replaced."""

from __future__ import annotations

import codecs

import pyarrow as pa
import pyarrow.compute as pc

from core.errors import AgreementBroken

_REFUSED = (
    "the bytes are neither UTF-8 (with or without BOM), GB18030, nor UTF-16LE with BOM; save the file in one of these and send it again"
)

_VERTICAL_FORMS = zip(range(0xE78D, 0xE797), (0xFE10, 0xFE12, 0xFE11, 0xFE13, 0xFE14, 0xFE15, 0xFE16, 0xFE17, 0xFE18, 0xFE19), strict=True)
_COMPONENTS = {
    0xE81E: 0x9FB4,
    0xE826: 0x9FB5,
    0xE82B: 0x9FB6,
    0xE82C: 0x9FB7,
    0xE832: 0x9FB8,
    0xE843: 0x9FB9,
    0xE854: 0x9FBA,
    0xE864: 0x9FBB,
}
_EXTENSION_B = {0xE816: 0x20087, 0xE817: 0x20089, 0xE818: 0x200CC, 0xE831: 0x215D7, 0xE83B: 0x2298F, 0xE855: 0x241FE}
PRIVATE_USE = {chr(old): chr(new) for old, new in {**dict(_VERTICAL_FORMS), **_COMPONENTS, **_EXTENSION_B}.items()}
"""The 24 characters that GB 18030-2005 (or its mapping before) kept in the private-use area, and where GB 18030-2022 puts them."""

_TRANSLATION = str.maketrans(PRIVATE_USE)
_PRIVATE_USE_BYTE = b"\xee"
"""In UTF-8 exactly U+E000-U+EFFF starts with this byte, so most files have none to translate."""


def to_utf8(content: bytes) -> tuple[bytes, str]:
    """The file's text as UTF-8 without BOM, private-use characters by the fixed table, and the name of the encoding found.

    Raises:
        AgreementBroken: E_ENCODING where no agreed encoding fits every byte.
    """
    try:
        utf8, encoding = _transcode(content)
    except UnicodeDecodeError as error:
        # The codec's own message repeats received bytes.
        raise AgreementBroken("E_ENCODING", f"{_REFUSED} (first trouble at byte {error.start})") from None
    if _PRIVATE_USE_BYTE in utf8:
        for old, new in PRIVATE_USE.items():
            utf8 = utf8.replace(old.encode(), new.encode())
    return utf8, encoding


def may_be_gb18030(content: bytes) -> bool:
    """True where only GB18030 is left in the order of trial."""
    try:
        _checked_utf8(content)
    except UnicodeDecodeError:
        return not content.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE))
    return False


def column_from_gb18030(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of GB18030 bytes as text, private-use characters by the fixed table. Each different cell is decoded once.

    Raises:
        UnicodeDecodeError: a cell is no GB18030.
    """
    if all(pc.all(pc.string_is_ascii(chunk.view(pa.string()))).as_py() is not False for chunk in column.chunks):
        return column.cast(pa.string())
    coded = pc.dictionary_encode(column.combine_chunks())
    words = pa.array([word.decode("gb18030") for word in coded.dictionary.to_pylist()], pa.string())
    if any(_PRIVATE_USE_BYTE in buffer.to_pybytes() for buffer in words.buffers()[2:]):
        words = pa.array([word.translate(_TRANSLATION) for word in words.to_pylist()], pa.string())
    return pa.chunked_array([words.take(coded.indices)])


def _transcode(content: bytes) -> tuple[bytes, str]:
    if content.startswith(codecs.BOM_UTF32_LE):
        raise AgreementBroken("E_ENCODING", _REFUSED)
    if content.startswith(codecs.BOM_UTF8):
        return _checked_utf8(content[3:]), "utf-8-sig"
    if content.startswith(codecs.BOM_UTF16_LE):
        return content[2:].decode("utf-16-le").encode(), "utf-16-le"
    try:
        return _checked_utf8(content), "utf-8"
    except UnicodeDecodeError:
        return content.decode("gb18030").removeprefix("\ufeff").encode(), "gb18030"


def _checked_utf8(content: bytes) -> bytes:
    content.decode("utf-8")
    return content
