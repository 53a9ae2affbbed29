"""Makes learn-golden.json: python3 learn-golden.py > learn-golden.json (numpy 2), then npm run format.

Made readings of four channels (a noisy one, one that follows it, a drifting one with a large offset, one that never
changes) with gaps, and what learning and judging must give for them, in double precision and by other means than the
program: means by np.nanmean over slices, the inverse square root by np.linalg.eigh, absent channels by solving for them.
The steps are those at the head of src/learn/fit.ts.
"""

import json

import numpy as np

WINDOW = 12
MEMORY = 15
ROWS = 360
NEAR = 10

random = np.random.default_rng(20261123)
time = np.arange(ROWS + 120)
flow = 32 + random.normal(0, 0.4, len(time))
current = 1.3 + 0.2 * (flow - 32) + random.normal(0, 0.05, len(time))
temperature = 101325 + 3 * np.sin(time / 90) + random.normal(0, 0.2, len(time))
state = np.full(len(time), 4.0)
readings = np.stack([flow, current, temperature, state], axis=1)
readings[random.random(readings.shape) < 0.05] = np.nan
readings[ROWS + 20 : ROWS + 60, 0] -= 1.5  # a leak
readings[ROWS + 70 : ROWS + 90, 1] = np.nan  # a sensor that is silent
readings[ROWS + 90 :, 3] = 5.0  # a state never seen
readings = readings.astype(np.float32)

learned = readings[:ROWS].astype(np.float64)
baseline = np.nanmean(learned, axis=0).astype(np.float32).astype(np.float64)
deviation = np.sqrt(np.nanmean((learned - baseline) ** 2, axis=0))
deviation[3] = 0.01 * baseline[3]
least = np.array([1 / WINDOW] * 3 + [1])
n = ROWS / WINDOW


def standardised(rows):
    return (rows.astype(np.float64) - baseline) / deviation


def mean_of(rows):
    """Means over one window and which channels hold enough of it; what holds too little counts towards 0."""
    held = (~np.isnan(rows)).mean(axis=0)
    return np.nansum(standardised(rows), axis=0) / len(rows) / np.maximum(held, 0.5), held >= 0.5


parts = np.array([np.nanmean(part, axis=0) for part in np.split(standardised(learned), 5)])
between = np.maximum(0, (parts**2).mean(axis=0) - 5 / ROWS)
ratio = between / np.maximum(1e-3, 1 - between)
drift = np.minimum(1 - 2 ** -((ratio / 0.5) ** 2), 0.99)
drift[3] = 0


def contrast_of(end, healthy=None):
    """The window that ends there against the 15 before it, of which some may be unhealthy, and those that count."""
    ends = [end - WINDOW * lag for lag in range(MEMORY + 1) if end - WINDOW * lag >= WINDOW]
    windows = [mean_of(readings[at - WINDOW : at]) for at in ends]
    teaching = [mean for lag, (mean, _) in enumerate(windows) if healthy is None or healthy[lag]]
    far = sum(teaching, np.zeros(4)) / (n + 1 + MEMORY)
    newest, present = windows[0]
    near, is_near = windows[NEAR]
    return newest - drift * np.where(is_near, near, newest) - (1 - drift) * far, present, [m for m, _ in windows]


def whitening_of(vectors):
    S = vectors.T @ vectors / len(vectors)
    np.fill_diagonal(S, np.maximum(np.diag(S), least))
    S = 0.9 * S + 0.1 * np.diag(S).mean() * np.eye(4)
    widths = np.sqrt(np.diag(S))
    values, vectors = np.linalg.eigh(S / np.outer(widths, widths))
    return vectors @ np.diag(values**-0.5) @ vectors.T @ np.diag(1 / widths)


def usable(end):
    return mean_of(readings[end - WINDOW : end])[1].all()


ends = [end for end in range((NEAR + 1) * WINDOW, ROWS + 1) if usable(end)]
assert all(usable(end - NEAR * WINDOW) for end in ends)
contrasts = np.array([contrast_of(end)[0] for end in ends])
edges = [len(contrasts) * fold // 10 for fold in range(11)]
lengths = []
for start, stop in zip(edges, edges[1:]):
    others = np.delete(contrasts, np.s_[start:stop], axis=0)
    lengths.extend(np.linalg.norm(contrasts[start:stop] @ whitening_of(others).T, axis=1))
limit = (1.25 + 11 / n) * max(lengths)
whitening = whitening_of(contrasts) / limit
means = np.array([mean_of(readings[end - WINDOW : end])[0] for end in range(WINDOW, ROWS + 1) if usable(end)])
spread = np.sqrt(np.maximum((means**2).mean(axis=0), least)) / np.sqrt(1 - drift) * deviation


def judge(end):
    _, _, windows = contrast_of(end)
    levels = np.array([np.linalg.norm(whitening @ ((1 - drift) * mean)) for mean in windows])
    contrast, present, _ = contrast_of(end, healthy=levels < 0.8)
    doubt = np.clip(0.1 * np.sqrt((levels**2).mean()), 1, 10)
    precision = whitening.T @ whitening
    if not present.all():  # the rest of T² that is least over what the absent ones could be
        absent = ~present
        contrast[absent] = -np.linalg.solve(
            precision[np.ix_(absent, absent)], precision[np.ix_(absent, present)] @ contrast[present]
        )
    score = np.sqrt(contrast @ precision @ contrast) / doubt
    parts = np.where(present, whitening @ contrast, 0) ** 2
    seen = readings[end - WINDOW : end].astype(np.float64)
    held = (~np.isnan(seen)).any(axis=0)
    return {
        "end": end,
        "score": float(score),
        "value": [float(np.nanmean(seen[:, i])) if held[i] else float(baseline[i]) for i in range(4)],
        "share": (parts / parts.sum()).tolist(),
    }


def numbers(array):
    return [None if np.isnan(value) else float(value) for value in array.ravel()]


ends = [ROWS, ROWS + 18, ROWS + 36, ROWS + 58, ROWS + 66, ROWS + 86, ROWS + 100, ROWS + 120]
print(
    json.dumps(
        {
            "windowRows": WINDOW,
            "channels": ["flow", "current", "temperature", "state"],
            "learnedRows": ROWS,
            "readings": numbers(readings),
            "baseline": baseline.tolist(),
            "drift": drift.tolist(),
            "spread": spread.tolist(),
            "judged": [judge(end) for end in ends],
        }
    )
)
