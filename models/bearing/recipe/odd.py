"""How often the package takes a sound but odd machine for damaged: machines that it was not trained on.

    build/recipe/bin/python -B models/bearing/recipe/odd.py
"""

import numpy as np
import onnxruntime
from graph import feed
from simulate import HEALTHY, path, rms, simulate, sine, through, unit
from train import PACKAGE, ROWS

COUNT = 60


def centred(burst):
    return burst.samples - burst.samples.mean()


def clipped(quantile):
    def change(rng, burst):
        samples = burst.samples - np.median(burst.samples)
        most = np.quantile(abs(samples), quantile)
        return np.clip(samples, -most, most)

    return change


def knocks(rng, burst, times):
    samples, train = centred(burst), np.zeros(ROWS)
    train[times.astype(int)] = 1
    ringing = through(train, path(rng, np.fft.rfftfreq(ROWS, 1 / burst.rate_hz), burst.rate_hz))
    return samples + unit(ringing) * rms(samples) * 2


def knocks_at_odd_order(rng, burst):
    _, outer, inner, spin = burst.bearing.orders()
    own = [multiple * line for line in (outer, inner, 2 * spin, spin) for multiple in (0.5, 1, 2, 3)]
    while True:
        order = rng.uniform(1.5, 12)
        if all(abs(order / line - 1) > 0.06 for line in own) and abs(order - round(order)) > 0.1:
            return knocks(rng, burst, np.arange(0, ROWS, burst.rate_hz / (order * burst.shaft_hz)))


def knocks_of_the_supply(rng, burst):
    return knocks(rng, burst, np.arange(0, ROWS, burst.rate_hz / 100))


def knock_once_a_turn(rng, burst):
    return knocks(rng, burst, np.arange(rng.integers(0, 50), ROWS, burst.rate_hz / burst.shaft_hz))


def partly_silent(rng, burst):
    samples = centred(burst)
    samples[: rng.integers(500, 3500)] = 0
    return samples


def growing(rng, burst):
    return centred(burst) * (0.2 + 2 * np.linspace(0, 1, ROWS))


def one_tone(low, high):
    def change(rng, burst):
        tone = sine(rng, np.arange(ROWS) / burst.rate_hz, rng.uniform(200, 0.45 * burst.rate_hz))
        return unit(centred(burst)) + tone * rng.uniform(low, high)

    return change


def three_spikes(rng, burst):
    samples = centred(burst)
    samples[rng.integers(0, ROWS, 3)] += 30 * rms(samples)
    return samples


def eccentric_gear(rng, burst):
    samples, time = unit(centred(burst)), np.arange(ROWS) / burst.rate_hz
    mesh = rng.integers(15, 60) * burst.shaft_hz
    tones = [sine(rng, time, h * mesh) / h for h in (1, 2, 3) if h * mesh < 0.45 * burst.rate_hz]
    return samples + rng.uniform(2, 20) * sum(tones) * (1 + 0.5 * sine(rng, time, burst.shaft_hz))


ODD = {
    "as simulated": lambda rng, burst: burst.samples,
    "clipped": clipped(0.9),
    "knocks at an odd order": knocks_at_odd_order,
    "knocks at 100 Hz": knocks_of_the_supply,
    "a knock once a turn": knock_once_a_turn,
    "partly silent": partly_silent,
    "growing": growing,
    "one tone 12 to 23 dB above": one_tone(4, 14),
    "one tone 33 dB above": one_tone(40, 50),
    "one tone 53 dB above": one_tone(400, 500),
    "one tone 73 dB above": one_tone(4000, 5000),
    "three spikes": three_spikes,
    "a strong eccentric gear": eccentric_gear,
}


def main():
    session = onnxruntime.InferenceSession(PACKAGE / "model.onnx")
    for name, change in ODD.items():
        alarms = 0
        for seed in range(COUNT):
            rng = np.random.default_rng(1000 + seed)
            burst = simulate(rng, ROWS, HEALTHY)
            given = feed(change(rng, burst), burst.rate_hz, burst.shaft_hz, burst.bearing)
            alarms += session.run(["score"], given)[0][0] >= 1
        print(f"{name:28} alarms {alarms} of {COUNT}", flush=True)


if __name__ == "__main__":
    main()
