"""Makes learn-golden.json: python3 learn-golden.py > learn-golden.json (numpy 2), then npm run format.

Made readings of four channels (a noisy one, one that follows it, a drifting one with a large offset, one that never
changes) with gaps, and what learning and judging must give for them, in double precision and by other means than the
program: means by np.nanmean over slices, the inverse square root by np.linalg.eigh.
"""

import json

import numpy as np

WINDOW_ROWS = 12
ROWS = 300

random = np.random.default_rng(20261101)
time = np.arange(ROWS + 60)
flow = 32 + random.normal(0, 0.4, len(time))
current = 1.3 + 0.2 * (flow - 32) + random.normal(0, 0.05, len(time))
temperature = 101325 + 3 * np.sin(time / 90) + random.normal(0, 0.2, len(time))
state = np.full(len(time), 4.0)
readings = np.stack([flow, current, temperature, state], axis=1)
readings[random.random(readings.shape) < 0.05] = np.nan
readings[ROWS + 20 : ROWS + 40, 0] -= 1.5  # a leak
readings[ROWS + 40 :, 3] = 5.0  # a state never seen
readings = readings.astype(np.float32)

learned = readings[:ROWS].astype(np.float64)
baseline = np.nanmean(learned, axis=0)
deviation = np.nanstd(learned, axis=0)
deviation[3] = 0.01 * baseline[3]


def means_of(rows):
    return np.nanmean((rows.astype(np.float64) - baseline) / deviation, axis=0)


slices = [learned[end - WINDOW_ROWS : end] for end in range(WINDOW_ROWS, ROWS + 1)]
assert all((~np.isnan(rows)).mean(axis=0).min() >= 0.5 for rows in slices)
means = np.array([means_of(rows) for rows in slices])
S = means.T @ means / len(means)
np.fill_diagonal(S, np.maximum(np.diag(S), [1 / WINDOW_ROWS] * 3 + [1]))
variances = np.diag(S).copy()
slow = (variances[:3] - 1 / WINDOW_ROWS) / np.maximum(1e-3, 1 - variances[:3])
factors = np.sqrt(np.append(np.minimum(1 + (slow / 0.5) ** 2, 100), 1))
allowed = 0.9 * S * np.outer(factors, factors) + 0.1 * variances.mean() * np.eye(4)
widths = np.sqrt(np.diag(allowed))
values, vectors = np.linalg.eigh(allowed / np.outer(widths, widths))
whitening = vectors @ np.diag(values**-0.5) @ vectors.T @ np.diag(1 / widths)
limit = 1.75 * max(2, np.linalg.norm(means @ whitening.T, axis=1).max())


def judge(end):
    rows = readings[end - WINDOW_ROWS : end]
    mean = means_of(rows)
    parts = (whitening @ mean / limit) ** 2
    return {
        "window": numbers(rows),
        "score": float(np.sqrt(parts.sum())),
        "value": (mean * deviation + baseline).tolist(),
        "share": (parts / parts.sum()).tolist(),
    }


def numbers(array):
    return [None if np.isnan(value) else float(value) for value in array.ravel()]


print(
    json.dumps(
        {
            "windowRows": WINDOW_ROWS,
            "channels": ["flow", "current", "temperature", "state"],
            "learned": numbers(readings[:ROWS]),
            "baseline": baseline.tolist(),
            "spread": (widths * deviation).tolist(),
            "judged": [judge(ROWS), judge(ROWS + 18), judge(ROWS + 36), judge(ROWS + 60)],
        }
    )
)
