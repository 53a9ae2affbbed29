#!/usr/bin/env python3
"""Runs real firmware on emulated boards, and reads what it sends with the reference decoder of test/vectors.

    check_devices.py FOLDER     with UnoPump.elf, CortexM3.elf, simavr_board and fieldnote-device in it

Prints figures as `name value unit`; exits 1 when a device sends anything but whole frames without a gap.
"""

import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "vectors"))
import bridge as b  # noqa: E402


class Recording:
    """What a device has sent, checked as a host would: frames, sequences, the descriptor, the bursts."""

    def __init__(self, data: bytes):
        self.size = len(data)
        self.frames, self.errors = b.read_stream(data)
        if not self.frames:
            raise AssertionError("not one frame")
        self.hellos = [b.read_hello(body) for body in self.bodies(b.HELLO)]

    def bodies(self, kind: int, stream: int | None = None) -> list[bytes]:
        return [f[3:-2] for f in self.frames if f[0] & 0x3F == kind and stream in (None, f[1])]

    def sequence_gaps(self) -> int:
        expected, gaps = {}, 0
        for data in self.frames:
            gaps += data[2] != expected.get(data[1], data[2])
            expected[data[1]] = (data[2] + 1) % 256
        return gaps

    def descriptor(self) -> dict:
        chunks, total = {}, 0
        for body in self.bodies(b.DESC):
            offset, total = struct.unpack("<HH", body[:4])
            chunks[offset] = body[4:]
        data = b"".join(chunks[offset] for offset in sorted(chunks))
        check(len(data) == total, f"{len(data)} of {total} bytes of the descriptor")
        check(b.crc32c(data) == self.hellos[0]["schemaCrc32c"], "the descriptor is not the one of HELLO")
        return b.read_cbor(data)

    def samples(self, stream: int, layout: str) -> list[tuple]:
        """(t0, values) of each batch."""
        size = struct.calcsize("<" + layout)
        batches = []
        for body in self.bodies(b.DATA, stream):
            check((len(body) - 4) % size == 0, "a batch that is no whole number of samples")
            batches.append((struct.unpack("<I", body[:4])[0], list(struct.iter_unpack("<" + layout, body[4:]))))
        return batches

    def bursts(self) -> list[bytes]:
        found = {}
        for body in self.bodies(b.BURST):
            number, offset, total, _, crc = struct.unpack("<HHHII", body[:14])
            found.setdefault((number, total, crc), {})[offset] = body[14:]
        waves = [(total, crc, b"".join(chunks[o] for o in sorted(chunks))) for (_, total, crc), chunks in found.items()]
        return [wave for total, crc, wave in waves if len(wave) == total and b.crc32c(wave) == crc]

    def stat(self, wanted: int) -> int | None:
        value = None
        for body in self.bodies(b.STATS):
            values = struct.unpack(f"<{(len(body) - 1) // 4}i", body[1:])
            if body[0] <= wanted < body[0] + len(values):
                value = values[wanted - body[0]]
        return value


def check(condition: bool, otherwise: str) -> None:
    if not condition:
        raise AssertionError(otherwise)


def record(command: list[str], seconds: float | None = None) -> Recording:
    """Standard output of a program that ends by itself, or after so many seconds."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=seconds or 60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        output.seek(0)
        return Recording(output.read())


def check_clean(recording: Recording) -> None:
    check(recording.errors == 0, f"{recording.errors} runs that are no frame")
    check(recording.sequence_gaps() == 0, f"{recording.sequence_gaps()} gaps in the sequences")
    check(recording.stat(0) == 0, f"{recording.stat(0)} frames dropped in the device")


def check_uno(folder: Path) -> None:
    eeprom, seconds = folder / "eeprom", 20
    eeprom.unlink(missing_ok=True)
    options = ["--unpaced", "--seconds", str(seconds), "--eeprom", str(eeprom), "--adc", "1000,2000,3000,4000,5000,100"]
    command = [str(folder / "simavr_board"), str(folder / "UnoPump.elf"), *options]
    started = time.monotonic()
    first, second = record(command), record(command)
    print(f"uno_simulated_speed {2 * seconds / (time.monotonic() - started):.1f} x")
    for recording in (first, second):
        check_clean(recording)
        descriptor = recording.descriptor()
        names = [field["name"] for field in descriptor["streams"][0]["fields"]]
        check(names[0] == "vibration_de" and len(names) == 6, f"other fields: {names}")
        batches = recording.samples(1, "6H")
        steps = {later - earlier for (earlier, _), (later, _) in zip(batches, batches[1:])}
        check(steps == {8 * 5000}, f"batches are {steps} ticks apart")
        values = batches[0][1][0]
        check(all(abs(v - mv * 4096 / 5000) < 8 for v, mv in zip(values, (1000, 2000, 3000, 4000, 5000, 100))), f"{values}")
        check(abs(len(batches) * 8 - 50 * seconds) <= 8, f"{len(batches)} batches")
        check(recording.stat(3) == 0, "missed samples")
        check(abs(recording.stat(5) - 5000) < 50, "the supply")
    check(second.hellos[0]["bootId"] == first.hellos[0]["bootId"] + 1, "the boot id did not change")
    print(f"uno_samples {len(first.samples(1, '6H')) * 8} samples")
    print(f"uno_stack_free {first.stat(4)} bytes")


def check_cortex_m3(folder: Path) -> None:
    board = ["qemu-system-arm", "-M", "lm3s6965evb", "-kernel", str(folder / "CortexM3.elf"), "-display", "none"]
    command = [*board, "-monitor", "none", "-serial", "stdio", "-device", "tmp105,id=bearing,address=0x48"]
    first, second = record(command, 9), record(command, 2)
    check_clean(first)
    check(len(first.descriptor()["streams"]) == 2, "the descriptor")
    waves = first.bursts()
    check(len(waves) >= 1 and len(waves[0]) == 4096, f"{len(waves)} whole bursts")
    check(max(struct.unpack("<2048h", waves[0])) > 1000, "the waveform is flat")
    check(len(first.samples(1, "h")) > 40, "too few temperatures")
    check(first.hellos[0]["bootId"] != second.hellos[0]["bootId"], "the boot id did not change")
    print(f"cortex_m3_temperatures {len(first.samples(1, 'h'))} samples")
    print(f"cortex_m3_bursts {len(waves)} bursts")
    missing = record(command[:-2], 3)
    check(len(missing.bodies(b.EVENT)) == 1 and missing.stat(3) > 5, "a missing sensor is not reported")


def check_posix(folder: Path) -> None:
    recording = record([str(folder / "fieldnote-device")], 7)
    check_clean(recording)
    batches = recording.samples(1, "6h")
    samples = [values for _, batch in batches for values in batch]
    expected = [p * 10 - 1000 if p < 200 else 3000 - p * 10 for p in (k % 400 for k in range(len(samples)))]
    check([values[0] for values in samples] == expected, "values that the device did not have")
    check(len(recording.bursts()) == 1 and len(recording.bodies(b.EVENT)) == 1, "the burst")
    print(f"posix_samples {len(samples)} samples")


def main(folder: Path) -> int:
    failed = 0
    for run in (check_uno, check_cortex_m3, check_posix):
        try:
            run(folder)
        except AssertionError as fault:
            print(f"{run.__name__}: {fault}", file=sys.stderr)
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
