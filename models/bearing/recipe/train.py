"""Makes ../model.onnx and ../model.json: simulate, train, calibrate, measure on bursts that were not used for either.

    python3 -m venv build/recipe && build/recipe/bin/pip install -r models/bearing/recipe/requirements.txt
    build/recipe/bin/python -B models/bearing/recipe/train.py

To try a change before it takes minutes: `train.py --bursts 2000 --into build/bearing`.
"""

import argparse
import hashlib
import json
from datetime import date
from pathlib import Path

import numpy as np
import onnxruntime
from graph import classifier_model, feature_model, feed
from simulate import HEALTHY, LABELS, simulate

ROWS = 4096
RATE_HZ = 12_000
BURSTS = 60_000
SEEDS = {"train": 1, "calibrate": 2, "test": 3}
# For calibration, and again for the figures, so many bursts against one of training.
HELD_OUT = 2 / 15
NETWORKS, HIDDEN, EPOCHS, BATCH = 4, 32, 40, 256
INPUT_NOISE = 0.1
WEIGHT_DECAY = 3e-4
# Most bursts come from sound bearings: the probabilities assume three of four.
PRIOR = np.array([0.75, 0.25 / 3, 0.25 / 3, 0.25 / 3])
UNSURE_BELOW = 0.5
FALSE_ALARMS_MAX = 0.005
# What simulate() covers; outside of it nothing is known.
CONSTANTS = [
    {"name": "rateHz", "unit": "Hz", "min": 10_000, "max": 27_000},
    {"name": "shaftHz", "unit": "Hz", "min": 10, "max": 65},
    {"name": "balls", "unit": "1", "min": 7, "max": 16},
    {"name": "ballDiameterMm", "unit": "mm", "min": 3, "max": 38},
    {"name": "pitchDiameterMm", "unit": "mm", "min": 25, "max": 120},
    {"name": "contactAngleDeg", "unit": "°", "min": 0, "max": 40},
]
PACKAGE = Path(__file__).resolve().parent.parent


def main():
    options = parse_arguments()
    extract = session(feature_model(ROWS))
    held_out = round(options.bursts * HELD_OUT)
    counts = {"train": options.bursts, "calibrate": held_out, "test": held_out}
    bursts = {name: simulated(extract, counts[name], seed) for name, seed in SEEDS.items()}
    features, labels, _ = bursts["train"]
    mean, deviation = features.mean(0), features.std(0) + 1e-6
    networks = [train((features - mean) / deviation, labels, seed) for seed in range(NETWORKS)]
    layers = side_by_side(networks)
    layers, alarm_limit = calibrate(layers, mean, deviation, *bursts["calibrate"][:2])
    model = classifier_model(ROWS, layers, mean, deviation, alarm_limit)
    options.into.mkdir(parents=True, exist_ok=True)
    (options.into / "model.onnx").write_bytes(model)
    figures = measure(layers, mean, deviation, alarm_limit, *bursts["test"])
    write_manifest(options.into / "model.json", hashlib.sha256(model).hexdigest(), figures)


def parse_arguments():
    parser = argparse.ArgumentParser(description="Makes the package of the bearing classifier.")
    parser.add_argument("--bursts", type=int, default=BURSTS, help="bursts to train on (default: %(default)s)")
    parser.add_argument("--into", type=Path, default=PACKAGE, help="folder for model.onnx and model.json")
    return parser.parse_args()


def session(model):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options)


def simulated(extract, count, seed):
    """Features, labels and severities of bursts, as many of each label."""
    rng = np.random.default_rng(seed)
    rows, labels, severities = [], np.arange(count) % len(LABELS), []
    for number, label in enumerate(labels):
        if number % 5000 == 0:
            print(f"simulating, seed {seed}: {number} of {count}", flush=True)
        burst = simulate(rng, ROWS, int(label))
        rows.append(extract.run(None, feed(burst.samples, burst.rate_hz, burst.shaft_hz, burst.bearing))[0])
        severities.append(burst.severity_db)
    return np.array(rows, np.float64), labels, np.array(severities)


# --- network --------------------------------------------------------------------------------------------------------


def train(inputs, labels, seed):
    """One hidden layer, cross entropy, Adam with a cosine schedule, noise on the inputs. Gives (weights, bias)."""
    rng = np.random.default_rng(seed)
    wanted = np.eye(len(LABELS))[labels]
    sizes = (inputs.shape[1], HIDDEN, len(LABELS))
    weights = [rng.standard_normal(pair) * np.sqrt(2 / pair[0]) for pair in zip(sizes, sizes[1:])]
    parameters = [weights[0], np.zeros(HIDDEN), weights[1] * 0.1, np.zeros(len(LABELS))]
    moments = [[np.zeros_like(each), np.zeros_like(each)] for each in parameters]
    steps = EPOCHS * (len(labels) // BATCH)
    for step in range(steps):
        if step % (steps // EPOCHS) == 0:
            order = rng.permutation(len(labels))
        at = order[step % (steps // EPOCHS) * BATCH :][:BATCH]
        noisy = inputs[at] + INPUT_NOISE * rng.standard_normal((BATCH, inputs.shape[1]))
        rate = 1e-3 * (1 + np.cos(np.pi * step / steps))
        for value, slope, moment in zip(parameters, slopes(parameters, noisy, wanted[at]), moments):
            adam(value, slope, moment, step + 1, rate)
    return [(parameters[0], parameters[1]), (parameters[2], parameters[3])]


def slopes(parameters, inputs, wanted):
    first, first_bias, second, second_bias = parameters
    hidden = np.maximum(0, inputs @ first + first_bias)
    error = (softmax(hidden @ second + second_bias) - wanted) / len(wanted)
    back = (error @ second.T) * (hidden > 0)
    return (
        inputs.T @ back + WEIGHT_DECAY * first,
        back.sum(0),
        hidden.T @ error + WEIGHT_DECAY * second,
        error.sum(0),
    )


def adam(value, slope, moment, step, rate):
    moment[0] = 0.9 * moment[0] + 0.1 * slope
    moment[1] = 0.999 * moment[1] + 0.001 * slope**2
    value -= rate * (moment[0] / (1 - 0.9**step)) / (np.sqrt(moment[1] / (1 - 0.999**step)) + 1e-8)


def side_by_side(networks):
    """One network whose logits are the means of those of several."""
    hidden = [network[0] for network in networks]
    last = [network[1] for network in networks]
    return [
        (np.concatenate([w for w, _ in hidden], axis=1), np.concatenate([b for _, b in hidden])),
        (np.concatenate([w for w, _ in last]) / len(last), np.mean([b for _, b in last], axis=0)),
    ]


def logits(layers, inputs):
    (first, first_bias), (second, second_bias) = layers
    return np.maximum(0, inputs @ first + first_bias) @ second + second_bias


def softmax(values):
    powers = np.exp(values - values.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


# --- calibration and figures ----------------------------------------------------------------------------------------


def calibrate(layers, mean, deviation, features, labels):
    """Temperature and prior go into the last layer; the alarm limit is what few sound bursts exceed."""
    values = logits(layers, (features - mean) / deviation)
    temperatures = np.linspace(0.5, 3, 101)
    losses = [-np.log(softmax(values / t)[np.arange(len(labels)), labels]).mean() for t in temperatures]
    temperature = temperatures[np.argmin(losses)]
    weights, bias = layers[1]
    prior = np.log(PRIOR * len(PRIOR))
    layers = [layers[0], (weights / temperature, bias / temperature + prior)]
    fault = 1 - softmax(values[labels == HEALTHY] / temperature + prior)[:, HEALTHY]
    limit = float(np.clip(np.quantile(fault, 1 - FALSE_ALARMS_MAX), 0.5, 0.99))
    print(f"temperature {temperature:.3f}, alarm limit {limit:.3f}")
    return layers, round(limit, 3)


def measure(layers, mean, deviation, alarm_limit, features, labels, severities):
    probability = softmax(logits(layers, (features - mean) / deviation))
    best = np.where(probability.max(1) < UNSURE_BELOW, -1, probability.argmax(1))
    healthy, clear = labels == HEALTHY, severities >= 0
    weight = (PRIOR * len(PRIOR))[labels]
    alarm = 1 - probability[:, HEALTHY] >= alarm_limit
    figures = {
        "simulatedMacroF1": macro_f1(labels, best),
        "simulatedMacroF1SeverityFrom0Db": macro_f1(labels[clear | healthy], best[clear | healthy]),
        "simulatedHealthyCalledFaultyShare": np.mean(best[healthy] > HEALTHY),
        "simulatedHealthyAlarmShare": np.mean(alarm[healthy]),
        "simulatedFaultyAlarmShareSeverityFrom0Db": np.mean(alarm[clear]),
        "simulatedUnsureShare": np.average(best < 0, weights=weight),
        "simulatedCalibrationError": calibration_error(probability, labels, weight),
        "alarmLimit": alarm_limit,
    }
    return {name: round(float(value), 4) for name, value in figures.items()}


def macro_f1(labels, best):
    scores = []
    for label in range(len(LABELS)):
        hits = np.sum((labels == label) & (best == label))
        scores.append(2 * hits / (np.sum(labels == label) + np.sum(best == label)))
    return np.mean(scores)


def calibration_error(probability, labels, weight):
    """Mean distance of the stated probability of the best label from how often it is right, in ten bins."""
    stated, right = probability.max(1), probability.argmax(1) == labels
    group = np.minimum((stated * 10).astype(int), 9)
    gaps = [
        weight[group == g].sum() * abs(np.average((stated - right)[group == g], weights=weight[group == g]))
        for g in np.unique(group)
    ]
    return sum(gaps) / weight.sum()


# --- package --------------------------------------------------------------------------------------------------------


def write_manifest(path, sha256, figures):
    before = json.loads(path.read_text()) if path.exists() else {"sha256": None}
    # Figures measured elsewhere (recordings, cost) hold only as long as the model is the same.
    known = before["provenance"] if before["sha256"] == sha256 else {"trainedAt": str(date.today()), "figures": {}}
    manifest = {
        "format": 1,
        "name": "bearing",
        "version": "1.0.0",
        "licence": "Apache-2.0",
        "sha256": sha256,
        "channels": [{"name": "acceleration", "unit": "m/s²"}],
        "window": {"rateHz": RATE_HZ, "rows": ROWS, "stepMs": round(1000 * ROWS / RATE_HZ, 3)},
        "coverageMin": 1,
        "constants": CONSTANTS,
        "outputs": {"deviations": False, "labels": list(LABELS), "unsureBelow": UNSURE_BELOW},
        "provenance": {
            "recipe": "models/bearing/recipe/train.py",
            "data": "Simulated bursts only, made by models/bearing/recipe/simulate.py (Apache-2.0)",
            "trainedAt": known["trainedAt"],
            "figures": {**known["figures"], **figures},
        },
    }
    path.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
    print(json.dumps(figures, indent=2), sha256, sep="\n")


if __name__ == "__main__":
    main()
