#!/usr/bin/env python3
"""Writes bridge.json, the vectors that the C library and the TypeScript decoder have to agree with.

    generate.py             writes it
    generate.py --check     fails when it is stale
    generate.py --c FILE    writes it as a C header, for the tests in test/host
    generate.py --seeds DIR writes each frame and stream to a file, to begin fuzzing with
"""

import json
import struct
import sys
from pathlib import Path

import bridge as b

JSON_PATH = Path(__file__).with_name("bridge.json")

MOTION = ["ax", "ay", "az", "gx", "gy", "gz"]
DESCRIPTION = {
    "schema": 1,
    "board": "test bench",
    "streams": [
        {
            "id": 1,
            "name": "motion",
            "rate": 100,
            "fields": [{"name": n, "type": "i16", "unit": "m/s2", "scale": 0.5, "min": -100, "max": 100} for n in MOTION],
        },
        {"id": 2, "name": "wave", "rate": 12800, "burst": 2048, "fields": [{"name": "a", "type": "i16", "unit": "m/s2", "scale": 0.01}]},
        {"id": 3, "name": "door", "fields": [{"name": "open", "type": "u8", "unit": "1", "kind": "state"}, {"name": "t", "type": "f32", "unit": "°C", "offset": -273.15}]},
    ],
}
DESCRIPTOR = b.cbor(DESCRIPTION)
UID = bytes(range(0xA0, 0xAC))
WAVEFORM = b.sine_waveform(2048, 12800, 49, 2000)


def motion_samples(count: int) -> bytes:
    return b"".join(struct.pack("<6h", *[1000 * axis + k for axis in range(6)]) for k in range(count))


def entry(name, direction, kind, stream, sequence, body, values):
    data = b.frame(kind, stream, sequence, body)
    head = {"name": name, "direction": direction, "type": kind, "stream": stream, "sequence": sequence}
    return {**head, "body": body.hex(), "wire": b.wire(data).hex(), "values": values}


def frames():
    """Every type in both directions, with its values; then the limits."""
    schema = b.crc32c(DESCRIPTOR)
    hello = b.hello(1, 32, 0x12345678, 1_000_000, schema, 0xFFFFFFF0, UID, "bench 1.0.0")
    least = b.hello(0, 0, 1, 1000, 0, 0, b"", "")
    most = b.hello(6, 254, 0xFFFFFFFF, 50_000_000, 0xFFFFFFFF, 0xFFFFFFFF, bytes(16), "x" * 32)
    pump = motion_samples(16)
    yield entry("hello", "toHost", b.HELLO, 0, 0, hello, b.read_hello(hello))
    yield entry("hello, least", "toHost", b.HELLO, 0, 255, least, b.read_hello(least))
    yield entry("hello, most", "toHost", b.HELLO, 0, 1, most, b.read_hello(most))
    yield entry("hello request", "toDevice", b.HELLO, 0, 0, b"", {})
    desc = struct.pack("<HH", 0, len(DESCRIPTOR)) + DESCRIPTOR[:245]
    yield entry("desc, first chunk", "toHost", b.DESC, 0, 1, desc, {"offset": 0, "total": len(DESCRIPTOR), "chunk": DESCRIPTOR[:245].hex()})
    rest = len(DESCRIPTOR) // 245 * 245
    last = struct.pack("<HH", rest, len(DESCRIPTOR)) + DESCRIPTOR[rest:]
    yield entry("desc, last chunk", "toHost", b.DESC, 0, 2, last, {"offset": rest, "total": len(DESCRIPTOR), "chunk": DESCRIPTOR[rest:].hex()})
    yield entry("desc request", "toDevice", b.DESC, 0, 1, struct.pack("<H", rest), {"offset": rest})
    yield entry("data, one sample", "toHost", b.DATA, 1, 0, struct.pack("<I", 5000) + motion_samples(1), {"t0": 5000, "samples": motion_samples(1).hex()})
    yield entry("data, 16 samples", "toHost", b.DATA, 1, 1, struct.pack("<I", 0xFFFFFF00) + pump, {"t0": 0xFFFFFF00, "samples": pump.hex()})
    door = struct.pack("<Bf", 1, 294.65)
    yield entry("data, mixed types", "toHost", b.DATA, 3, 7, struct.pack("<I", 1) + door, {"t0": 1, "samples": door.hex()})
    arguments = b.cbor({"pin": 3, "why": "low", "mv": -12})
    yield entry("event", "toHost", b.EVENT, 0, 3, struct.pack("<IH", 123456, 42) + arguments, {"tick": 123456, "code": 42, "arguments": arguments.hex()})
    yield entry("event without arguments", "toHost", b.EVENT, 0, 4, struct.pack("<IH", 7, 65535), {"tick": 7, "code": 65535, "arguments": ""})
    text = "lüfter steht"
    yield entry("log", "toHost", b.LOG, 0, 5, bytes([1]) + text.encode(), {"level": 1, "text": text})
    stats = struct.pack("<B3i", 0, 2, 32, 1)
    yield entry("stats", "toHost", b.STATS, 0, 6, stats, {"key": 0, "values": stats[1:].hex(), "numbers": [2, 32, 1]})
    figures = struct.pack("<B2i", 5, 4980, -1234)
    yield entry("stats of the application", "toHost", b.STATS, 0, 7, figures, {"key": 5, "values": figures[1:].hex(), "numbers": [4980, -1234]})
    t1 = 0x0102030405060708
    yield entry("sync request", "toDevice", b.SYNC, 0, 2, struct.pack("<Q", t1), {"t1": str(t1)})
    yield entry("sync", "toHost", b.SYNC, 0, 8, struct.pack("<QI", t1, 777), {"t1": str(t1), "tick": 777})
    yield entry("cmd ping", "toDevice", b.CMD, 0, 3, bytes([9, 0]), {"id": 9, "code": 0, "arguments": ""})
    yield entry("cmd of the application", "toDevice", b.CMD, 0, 4, bytes([10, 128, 1, 0, 2]), {"id": 10, "code": 128, "arguments": "010002"})
    yield entry("ack", "toHost", b.ACK, 0, 9, bytes([9, 0]), {"id": 9, "status": 0})
    for sequence, offset in enumerate(range(0, len(WAVEFORM), 235)):
        body = b.burst(1, offset, 9000, WAVEFORM, 235)
        values = {"id": 1, "offset": offset, "total": 4096, "t0": 9000, "crc32c": b.crc32c(WAVEFORM), "chunk": body[14:].hex()}
        yield entry(f"burst, chunk {sequence}", "toHost", b.BURST, 2, sequence, body, values)
    yield entry("empty body", "toHost", 63, 255, 255, b"", {})
    yield entry("largest body, no zero", "toHost", b.LOG, 1, 1, b"\1" * 249, {"level": 1, "text": "\1" * 248})
    yield entry("largest body, all zero", "toHost", b.DATA, 0, 0, bytes(249), {"t0": 0, "samples": bytes(245).hex()})


def streams():
    """Stretches of bytes with the frames that a receiver finds in them, and the runs that it has to count as errors."""
    good = b.wire(b.frame(b.LOG, 0, 1, b"\2good"))
    other = b.wire(b.frame(b.LOG, 0, 2, b"\2other"))
    block = b.frame(b.LOG, 1, 1, b"\1" * 249)
    wrong_crc = bytearray(b.frame(b.LOG, 0, 3, b"\2wrong"))
    wrong_crc[-1] ^= 0x40
    no_frame = b.cobs_encode(b"\1\2\3\4") + b"\0"
    cases = {
        "two frames back to back": good + other,
        "empty runs between frames": b"\0\0" + good + b"\0\0\0" + other + b"\0",
        "noise before the first delimiter": b"\x55\xaa\xff\0" + good,
        "a frame whose head is missing": good[3:] + other,
        "a frame whose delimiter is missing": good[:-1] + other + good,
        "a wrong checksum": b.wire(bytes(wrong_crc)) + good,
        "another version": b.wire(b.frame(b.LOG, 0, 1, b"\2v2", version=2)) + good,
        "four bytes are no frame": no_frame + good,
        "a code that points past the end": b"\x09\1\2\3\0" + good,
        "a run of 256 bytes": bytes([255]) + block + b"\1\0" + good,
        "a long run of noise": b"\x7f" * 5000 + b"\0" + good,
        "a frame of 255 bytes": b.wire(b.frame(b.DATA, 0, 0, bytes(250))) + good,
        "the end is still missing": good + other[:-1],
        "a delimiter flipped to 0x01 before an idle line": good[:-1] + b"\1" + b"\0" + other,
        "an unknown type is a frame": b.wire(b.frame(40, 0, 9, b"later")) + good,
    }
    for name, data in cases.items():
        found, errors = b.read_stream(data)
        yield {"name": name, "wire": data.hex(), "frames": [item.hex() for item in found], "errors": errors}


def damaged(name, wires):
    """Every one of these must give no frame; the reference decoder has been asked."""
    for data in wires:
        found, _ = b.read_stream(data)
        assert found == [], (name, data.hex())
    return {"name": name, "wires": [data.hex() for data in wires]}


def damages():
    base = b.wire(b.frame(b.SYNC, 0, 8, struct.pack("<QI", 0x0102030405060708, 777)))
    cut = [base[:size] + b"\0" for size in range(1, len(base) - 1)]
    flipped = [bytes(byte ^ (1 << bit if at == k else 0) for k, byte in enumerate(base)) for at in range(len(base)) for bit in range(8)]
    yield damaged("every truncation of one frame", cut)
    yield damaged("every single bit of one frame flipped", [data + b"\0" for data in flipped])


def build():
    checks = ["", "123456789", "\x00\x00\x00\x00"]
    return {
        "about": "Made by generate.py from the reference page alone. Bytes are hexadecimal, t1 is decimal text.",
        "crc16": [{"bytes": text.encode().hex(), "crc": b.crc16(text.encode())} for text in checks],
        "crc32c": [{"bytes": text.encode().hex(), "crc": b.crc32c(text.encode())} for text in checks],
        "frames": list(frames()),
        "streams": list(streams()),
        "damages": list(damages()),
        "descriptor": {"value": DESCRIPTION, "cbor": DESCRIPTOR.hex(), "crc32c": b.crc32c(DESCRIPTOR)},
        "waveform": {"samples": WAVEFORM.hex(), "crc32c": b.crc32c(WAVEFORM)},
    }


def pretty(value, indent: int = 0, used: int = 0) -> str:
    """JSON as the formatter of this repository wants it: arrays of plain values on one line where they fit."""
    inner = "\n" + " " * (indent + 2)
    if isinstance(value, dict) and value:
        items = [f"{json.dumps(key)}: {pretty(item, indent + 2, len(key) + 4)}" for key, item in value.items()]
        return "{" + inner + ("," + inner).join(items) + "\n" + " " * indent + "}"
    if isinstance(value, list) and value:
        line = json.dumps(value, ensure_ascii=False)
        is_plain = not any(isinstance(item, (dict, list)) for item in value)
        if is_plain and indent + used + len(line) < 110:
            return line
        return "[" + inner + ("," + inner).join(pretty(item, indent + 2) for item in value) + "\n" + " " * indent + "]"
    return json.dumps(value, ensure_ascii=False)


def c_bytes(data: str) -> str:
    return "{" + ", ".join(f"0x{byte:02x}" for byte in bytes.fromhex(data) or b"\0") + "}"


def c_header(vectors) -> str:
    """Byte strings become {size, bytes}; an empty one keeps a byte that nobody reads."""
    lines = ["/* Generated from bridge.json by generate.py. */", '#include "vector.h"', ""]
    pool = []

    def put(data: str) -> str:
        pool.append(f"static const uint8_t bytes_{len(pool)}[] = {c_bytes(data)};")
        return f"{{bytes_{len(pool) - 1}, {len(data) // 2}}}"

    def table(kind, name, rows):
        return [f"static const {kind} {name}[] = {{", *[f"    {{{row}}}," for row in rows], "};", ""]

    text = json.dumps
    body = table("crc_vector", "CRC16", [f"{put(c['bytes'])}, {c['crc']}u" for c in vectors["crc16"]])
    body += table("crc_vector", "CRC32C", [f"{put(c['bytes'])}, {c['crc']}u" for c in vectors["crc32c"]])
    rows = [f"{text(f['name'])}, {f['type']}, {f['stream']}, {f['sequence']}, {put(f['body'])}, {put(f['wire'])}" for f in vectors["frames"]]
    body += table("frame_vector", "FRAMES", rows)
    rows = [f"{text(s['name'])}, {put(s['wire'])}, {put(''.join(s['frames']))}, {len(s['frames'])}, {s['errors']}" for s in vectors["streams"]]
    body += table("stream_vector", "STREAMS", rows)
    wires = [wire for damage in vectors["damages"] for wire in damage["wires"]]
    body += table("vector_bytes", "DAMAGES", [put(wire)[1:-1] for wire in wires])
    body += [f"static const vector_bytes DESCRIPTOR = {put(vectors['descriptor']['cbor'])};"]
    body += [f"#define DESCRIPTOR_CRC32C {vectors['descriptor']['crc32c']}u"]
    body += [f"static const vector_bytes WAVEFORM = {put(vectors['waveform']['samples'])};", ""]
    return "\n".join(lines + pool + [""] + body)


def main(arguments) -> int:
    vectors = build()
    text = pretty(vectors) + "\n"
    if arguments[:1] == ["--c"]:
        Path(arguments[1]).write_text(c_header(vectors))
    elif arguments[:1] == ["--seeds"]:
        for number, item in enumerate(vectors["frames"] + vectors["streams"]):
            (Path(arguments[1]) / f"vector-{number}").write_bytes(b"\1" + bytes.fromhex(item["wire"]))
    elif arguments == ["--check"]:
        if JSON_PATH.read_text() != text:
            print("bridge.json is stale: run generate.py", file=sys.stderr)
            return 1
        print(f"vectors {len(vectors['frames'])} frames")
        print(f"vector_streams {len(vectors['streams'])} streams")
        print(f"vector_damages {sum(len(d['wires']) for d in vectors['damages'])} frames")
    else:
        JSON_PATH.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
