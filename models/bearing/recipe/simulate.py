"""Simulated vibration of one rolling bearing in a machine: the only data that the bearing classifier learns from.

A burst is background plus, when the bearing is faulty, the ringing of resonances that are struck at one of the
bearing's characteristic orders. Everything that a machine can change is drawn anew for each burst, over ranges wider
than one test rig: the geometry, the speed, the sampling rate, the slip, the load zone, the resonances and their
damping, the way to the sensor, the noise, the tones of shaft, gears and supply, and how severe the fault is.
"""

from dataclasses import dataclass

import numpy as np

LABELS = ("healthy", "inner race", "outer race", "ball")
HEALTHY, INNER, OUTER, BALL = range(4)


@dataclass(frozen=True)
class Bearing:
    """Geometry: diameters in one unit, the contact angle in degrees."""

    balls: int
    ball_diameter: float
    pitch_diameter: float
    contact_angle_deg: float

    def orders(self):
        """Cage, outer race, inner race and ball-spin frequency, as multiples of the shaft speed."""
        ratio = self.ball_diameter / self.pitch_diameter * np.cos(np.radians(self.contact_angle_deg))
        cage = (1 - ratio) / 2
        spin = self.pitch_diameter / self.ball_diameter / 2 * (1 - ratio**2)
        return cage, self.balls * cage, self.balls * (1 - cage), spin


@dataclass(frozen=True)
class Burst:
    samples: np.ndarray  # float32 [rows]
    label: int
    rate_hz: float
    shaft_hz: float  # as the machine reports it, not as it turns
    bearing: Bearing
    severity_db: float  # of the fault against the background, NaN when healthy


def simulate(rng: np.random.Generator, rows: int, label: int) -> Burst:
    """One burst of one machine that was never seen before."""
    rate = 12_000.0 if rng.random() < 0.5 else log_uniform(rng, 10_000, 27_000)
    shaft = log_uniform(rng, max(10, 7 * rate / rows), 65)
    bearing = draw_bearing(rng)
    frequency = np.fft.rfftfreq(rows, 1 / rate)
    noise = coloured(rng, background_shape(rng, frequency))
    noise *= slow_modulation(rng, rows, rate, shaft)
    noise *= race_marks(rng, rows, rate, shaft, bearing, rng.choice([0, 0, 0.02, 0.06]))
    signal = unit(noise) + tones(rng, rows, rate, shaft)
    if rng.random() < 0.08:
        signal += stray_shocks(rng, rows, rate, frequency)
    severity_db = float("nan")
    if label != HEALTHY:
        severity_db = rng.uniform(-8, 20)
        fault = fault_signal(rng, rows, rate, shaft, bearing, label, frequency)
        signal += fault * rms(signal) * 10 ** (severity_db / 20)
    signal = sensor(rng, signal, frequency, rate)
    reported = shaft * (1 + 0.003 * rng.standard_normal())
    return Burst(signal.astype(np.float32), label, rate, reported, bearing, severity_db)


def draw_bearing(rng) -> Bearing:
    while True:
        balls, ratio = int(rng.integers(7, 17)), rng.uniform(0.13, 0.31)
        if balls * np.arcsin(ratio) < 0.97 * np.pi:
            pitch = rng.uniform(25, 120)
            return Bearing(balls, ratio * pitch, pitch, rng.choice([0, 0, 0, 15, 25, 40]))


# --- background -----------------------------------------------------------------------------------------------------


def background_shape(rng, frequency):
    """Amplitude over frequency of the noise of a sound machine: humps of its structure anywhere, low ones stronger."""
    highest = frequency[-1]
    tilt, scatter = rng.uniform(-0.6, 1.2), rng.uniform(0.3, 1.4)
    shape = np.zeros(len(frequency))
    for _ in range(rng.integers(2, 10)):
        natural = log_uniform(rng, 80, highest)
        size = np.exp(scatter * rng.standard_normal()) * (natural / 1000) ** -tilt
        shape += size * abs(resonance(frequency, natural, log_uniform(rng, 0.01, 0.4)))
    knee = log_uniform(rng, 100, 5000)
    shape += shape.max() * log_uniform(rng, 0.01, 1) * (1 + (frequency / knee) ** 2) ** (-rng.uniform(0, 1))
    return shape + shape.max() * log_uniform(rng, 0.0003, 0.1)


def slow_modulation(rng, rows, rate, shaft):
    """Unbalance, looseness and misalignment: everything breathes with the shaft, in some machines much."""
    turn = 2 * np.pi * shaft * np.arange(rows) / rate
    out = np.ones(rows)
    if rng.random() < 0.6:
        for order in range(1, 5):
            out += rng.uniform(0, 0.4) / order ** rng.uniform(0, 1) * np.cos(order * turn + rng.uniform(0, 6.3))
    return np.maximum(out, 0.05)


def tones(rng, rows, rate, shaft):
    """Harmonics of the shaft, a gear or blade tone with sidebands, the supply and its converter."""
    time = np.arange(rows) / rate
    out = np.zeros(rows)
    level = log_uniform(rng, 0.05, 2)
    for order in range(1, rng.integers(2, 15)):
        out += sine(rng, time, order * shaft) * level * rng.exponential() / order ** rng.uniform(0, 1)
    for _ in range(rng.integers(0, 4)):
        carrier = sine(rng, time, shaft * rng.integers(8, 80)) * log_uniform(rng, 0.02, 1)
        out += carrier * (1 + rng.uniform(0, 0.8) * sine(rng, time, shaft))
    supply = rng.choice([50, 60])
    for order in (1, 2, 6):
        out += sine(rng, time, order * supply) * rng.exponential() * 0.1
    if rng.random() < 0.2:
        out += sine(rng, time, rng.uniform(2000, 0.45 * rate)) * log_uniform(rng, 0.02, 0.5)
    return out


def stray_shocks(rng, rows, rate, frequency):
    """Knocks from elsewhere, at no order of the bearing."""
    train = np.zeros(rows)
    train[rng.integers(0, rows, rng.integers(1, 6))] = rng.exponential(size=1)
    ringing = through(train, path(rng, frequency, rate))
    return ringing / (abs(ringing).max() + 1e-12) * log_uniform(rng, 1, 8)


# --- fault ----------------------------------------------------------------------------------------------------------


def fault_signal(rng, rows, rate, shaft, bearing, label, frequency):
    """Impacts at the order of the defect and the roughness of its edges, through the way to the sensor."""
    cage, outer, inner, spin = bearing.orders()
    order = {INNER: inner, OUTER: outer, BALL: 2 * spin}[label]
    ways = path(rng, frequency, rate)
    times = impact_times(rng, rows / rate, shaft * order, label)
    train = place(times, impact_strengths(rng, times, shaft, shaft * cage, label), rows, rate)
    # A spall has a length: while the ball rolls through it, its rough floor is heard.
    width = rng.uniform(0.03, 0.4) / (shaft * order)
    rough = spread(train, width, rate) * rng.standard_normal(rows)
    share = rng.beta(1, 1) if label == BALL else rng.beta(0.6, 1.2)
    out = unit(through(train, ways)) * (1 - share) + unit(through(rough, ways)) * share
    if label == BALL:
        # What breaks off a ball is rolled into both races, and the ball is rough on its whole way around.
        marks = race_marks(rng, rows, rate, shaft, bearing, rng.uniform(0, 0.8))
        debris = through(rng.standard_normal(rows) * marks, ways)
        out = unit(out) + unit(debris) * log_uniform(rng, 0.2, 5)
    return unit(out * slow_modulation(rng, rows, rate, shaft))


def race_marks(rng, rows, rate, shaft, bearing, depth):
    """The weak lines of races that are not quite smooth: at the orders of both races, and of the cage."""
    cage, outer, inner, _ = bearing.orders()
    turn = 2 * np.pi * shaft * np.arange(rows) / rate * (1 + rng.normal(0, 0.005))
    out = np.ones(rows)
    for order, sides in ((outer, (-cage, 0, cage)), (inner, (-1, 0, 1)), (cage, (0,))):
        strength = depth * rng.beta(0.7, 1.0)
        for harmonic in range(1, 4):
            for shift in sides:
                size = strength * rng.uniform(0.2, 1) / harmonic
                out += size * np.cos((harmonic * order + shift) * turn + rng.uniform(0, 6.3))
    return np.maximum(out, 0.05)


def impact_times(rng, duration, rate_of_impacts, label):
    slip = rng.normal(0, 0.012 if label == BALL else 0.006)
    period = 1 / (rate_of_impacts * (1 + slip))
    count = int(duration / period) + 4
    jitter = log_uniform(rng, 0.001, 0.01 if label != BALL else 0.02)
    steps = period * (1 + jitter * rng.standard_normal(count))
    return np.cumsum(steps) - rng.uniform(1, 3) * period


def impact_strengths(rng, times, shaft, cage, label):
    """How hard each impact strikes: the load zone, the turn of the ball, and chance."""
    scatter = np.exp(rng.uniform(0.05, 0.6) * rng.standard_normal(len(times)))
    phase = rng.uniform(0, 2 * np.pi)
    if label == OUTER:
        return scatter * (1 + rng.uniform(0, 0.4) * np.cos(2 * np.pi * shaft * times + phase))
    turn = shaft if label == INNER else cage
    zone = load_zone(rng, 2 * np.pi * turn * times + phase)
    if label == INNER:
        return scatter * zone
    alternate = np.where(np.arange(len(times)) % 2 == 0, 1, rng.uniform(0.1, 1))
    return scatter * zone * alternate * wander(rng, times, cage)


def load_zone(rng, angle):
    """From fully loaded all around to a narrow zone (Stribeck's distribution)."""
    extent = log_uniform(rng, 0.3, 4)
    zone = np.maximum(0, 1 - (1 - np.cos(angle)) / (2 * extent)) ** 1.5
    return zone + rng.uniform(0, 0.3)


def wander(rng, times, cage):
    """The axis that a ball spins about drifts, so that its defect meets the races only at times."""
    coherence = rng.uniform(0.3, 5) / cage
    steps = np.diff(times, prepend=times[0])
    keep = np.exp(-steps / coherence)
    state, out = rng.standard_normal(), np.empty(len(times))
    for i, k in enumerate(keep):
        state = k * state + np.sqrt(1 - k * k) * rng.standard_normal()
        out[i] = state
    return np.clip(0.7 + rng.uniform(0, 1) * out, 0.02, None)


def place(times, strength, rows, rate):
    """Impacts between two samples are shared by both."""
    at = times * rate
    low = np.floor(at).astype(int)
    kept = (low >= 0) & (low < rows - 1)
    low, part, strength = low[kept], (at - low)[kept], strength[kept]
    train = np.zeros(rows)
    np.add.at(train, low, strength * (1 - part))
    np.add.at(train, low + 1, strength * part)
    return train


def spread(train, width_s, rate):
    length = max(1, round(width_s * rate))
    return np.convolve(train, np.hanning(length + 2)[1:-1])[: len(train)]


# --- way to the sensor ----------------------------------------------------------------------------------------------


def path(rng, frequency, rate):
    """Resonances that impacts excite, anywhere from 700 Hz to the edge of what is sampled."""
    highest = min(9000, 0.47 * rate)
    total = np.full(len(frequency), log_uniform(rng, 0.003, 0.1), complex)
    for _ in range(rng.integers(1, 5)):
        mode = resonance(frequency, log_uniform(rng, 700, highest), log_uniform(rng, 0.008, 0.12))
        total += mode * rng.exponential() * rng.choice([-1, 1])
    return total


def sensor(rng, signal, frequency, rate):
    """Anti-alias filter, noise and steps of the converter, gain and offset."""
    corner = rng.uniform(0.40, 0.60) * rate
    low_pass = 1 / np.sqrt(1 + (frequency / corner) ** (2 * rng.integers(2, 20)))
    signal = through(signal, low_pass)
    size = rms(signal)
    signal = signal + size * log_uniform(rng, 1e-4, 0.03) * rng.standard_normal(len(signal))
    step = size * log_uniform(rng, 1e-4, 0.05)
    return (np.round(signal / step) * step + rng.normal() * size) * log_uniform(rng, 0.01, 100) / size


# --- arithmetic -----------------------------------------------------------------------------------------------------


def resonance(frequency, natural, damping):
    """Acceleration response of a mode, 1 at its peak."""
    ratio = frequency / natural
    return 2j * damping * ratio / (1 - ratio**2 + 2j * damping * ratio) * np.minimum(1, ratio)


def coloured(rng, shape):
    bins = len(shape)
    return np.fft.irfft(shape * (rng.standard_normal(bins) + 1j * rng.standard_normal(bins)))


def through(signal, response):
    return np.fft.irfft(np.fft.rfft(signal) * response, len(signal))


def sine(rng, time, frequency):
    return np.sin(2 * np.pi * frequency * time + rng.uniform(0, 2 * np.pi))


def rms(signal):
    return np.sqrt(np.mean(signal**2)) + 1e-12


def unit(signal):
    return signal / rms(signal)


def log_uniform(rng, low, high):
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
