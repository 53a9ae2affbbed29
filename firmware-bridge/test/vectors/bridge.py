"""The wire protocol, written once more from docs/reference/wire-protocol.md and nothing else: what the C library and the
TypeScript decoder are measured against. Plain and slow on purpose."""

import math
import struct

VERSION = 1
HELLO, DESC, DATA, EVENT, LOG, STATS, SYNC, CMD, ACK, BURST = range(10)


def crc16(data: bytes) -> int:
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0x8408 if crc & 1 else crc >> 1
    return crc


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0x82F63B78 if crc & 1 else crc >> 1
    return crc ^ 0xFFFFFFFF


def cobs_encode(data: bytes) -> bytes:
    """Of at most 254 bytes."""
    return b"".join(bytes([len(block) + 1]) + block for block in data.split(b"\0"))


def cobs_decode(run: bytes) -> bytes | None:
    data, at = b"", 0
    while at < len(run):
        code = run[at]
        block = run[at + 1 : at + code]
        if len(block) != code - 1:
            return None
        data += block
        at += code
        if at < len(run) and code < 255:
            data += b"\0"
    return data


def frame(kind: int, stream: int, sequence: int, body: bytes, version: int = VERSION) -> bytes:
    head = bytes([version << 6 | kind, stream, sequence]) + body
    return head + struct.pack("<H", crc16(head) ^ 0xFFFF)


def wire(data: bytes) -> bytes:
    return cobs_encode(data) + b"\0"


def read_run(run: bytes) -> bytes | None:
    """The frame in the bytes between two delimiters, or None."""
    if len(run) > 255:
        return None
    data = cobs_decode(run)
    if data is None or not 5 <= len(data) <= 254:
        return None
    if struct.unpack("<H", data[-2:])[0] != crc16(data[:-2]) ^ 0xFFFF or data[0] >> 6 != VERSION:
        return None
    return data


def read_stream(data: bytes) -> tuple[list[bytes], int]:
    """All frames in a stretch of bytes, and how many runs were none. What comes after the last delimiter is not over."""
    runs = [run for run in data.split(b"\0")[:-1] if run]
    frames = [read_run(run) for run in runs]
    return [data for data in frames if data is not None], frames.count(None)


def cbor(value) -> bytes:
    """Deterministic encoding, RFC 8949 section 4.2.1; a number without a fraction is an integer."""
    if isinstance(value, float) and value.is_integer() and abs(value) <= 2**53 - 1:
        value = int(value)
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return _head(4, len(value)) + b"".join(map(cbor, value))
    pairs = sorted((cbor(key), cbor(item)) for key, item in value.items())
    return _head(5, len(pairs)) + b"".join(key + item for key, item in pairs)


def _head(major: int, argument: int) -> bytes:
    if argument < 24:
        return bytes([major << 5 | argument])
    for extra, code, top in ((24, "B", 8), (25, "H", 16), (26, "I", 32), (27, "Q", 64)):
        if argument < 1 << top:
            return bytes([major << 5 | extra]) + struct.pack(">" + code, argument)
    raise ValueError(argument)


def _float(value: float) -> bytes:
    for first, code in ((0xF9, "e"), (0xFA, "f")):
        try:
            packed = struct.pack(">" + code, value)
        except OverflowError:
            continue
        if struct.unpack(">" + code, packed)[0] == value:
            return bytes([first]) + packed
    return b"\xfb" + struct.pack(">d", value)


def read_cbor(data: bytes):
    """The one item that the bytes hold."""
    value, rest = _read_item(data)
    if rest:
        raise ValueError("bytes behind the item")
    return value


def _read_item(data: bytes):
    major, low, rest = data[0] >> 5, data[0] & 31, data[1:]
    size = {24: 1, 25: 2, 26: 4, 27: 8}.get(low, 0)
    if major == 7:
        return struct.unpack(">" + {2: "e", 4: "f", 8: "d"}[size], rest[:size])[0], rest[size:]
    argument = int.from_bytes(rest[:size], "big") if size else low
    rest = rest[size:]
    if major == 0:
        return argument, rest
    if major == 1:
        return -1 - argument, rest
    if major == 3:
        return rest[:argument].decode(), rest[argument:]
    items = []
    for _ in range(argument * (2 if major == 5 else 1)):
        item, rest = _read_item(rest)
        items.append(item)
    return (dict(zip(items[::2], items[1::2])) if major == 5 else items), rest


def hello(reset_cause, receive_window, boot_id, tick_hz, schema, tick, uid, firmware, revision=0) -> bytes:
    numbers = struct.pack("<BBHIIII", revision, reset_cause, receive_window, boot_id, tick_hz, schema, tick)
    return numbers + bytes([len(uid)]) + uid + firmware.encode()


def read_hello(body: bytes) -> dict:
    names = ("revision", "resetCause", "receiveWindow", "bootId", "tickHz", "schemaCrc32c", "tick", "uidSize")
    values = dict(zip(names, struct.unpack("<BBHIIIIB", body[:21])))
    size = values.pop("uidSize")
    return {**values, "uid": body[21 : 21 + size].hex(), "firmware": body[21 + size :].decode()}


def burst(number: int, offset: int, t0: int, waveform: bytes, size: int) -> bytes:
    head = struct.pack("<HHHII", number, offset, len(waveform), t0, crc32c(waveform))
    return head + waveform[offset : offset + size]


def sine_waveform(samples: int, rate_hz: float, tone_hz: float, amplitude: int) -> bytes:
    values = [round(amplitude * math.sin(2 * math.pi * tone_hz * k / rate_hz)) for k in range(samples)]
    return struct.pack(f"<{samples}h", *values)
