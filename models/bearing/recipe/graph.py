"""The ONNX graph: from a raw burst and the constants of the machine to features, and from features to probabilities.

1. Spectrum of the burst (Hann window); sharp tones are clipped to three times the noise around them.
2. Four bands of it, each as it is and with its hills levelled, are moved to zero frequency and back to time: the
   squared envelope of each, and the spectrum of that, in modulation depth (0 to 1).
3. The envelope spectrum is read at the orders of the bearing, allowing for slip: as height above its neighbourhood
   and as depth.
4. Beside these: how impulsive each band is, and where the burst has its power.
5. A small network on the standardised features; softmax; `score` is the probability of any fault over its limit.

Nothing depends on the gain or the offset of the sensor.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CONSTANTS = ("rateHz", "shaftHz", "balls", "ballDiameterMm", "pitchDiameterMm", "contactAngleDeg")

# Lines of the envelope spectrum, each a sum of multiples of (cage, outer race, inner race, ball spin, shaft).
FAMILIES = {
    "outer": [(0, h, 0, 0, 0) for h in (1, 2, 3, 4)],
    "inner": [(0, 0, h, 0, 0) for h in (1, 2, 3)],
    "inner sidebands": [(0, 0, h, 0, side) for h in (1, 2) for side in (-1, 1)],
    "ball": [(0, 0, 0, 2 * h, 0) for h in (1, 2, 3)],
    "ball sidebands": [(side, 0, 0, 2 * h, 0) for h in (1, 2) for side in (-1, 1)] + [(0, 0, 0, 1, 0)],
    "cage": [(h, 0, 0, 0, 0) for h in (1, 2)],
    "shaft": [(0, 0, 0, 0, h) for h in (1, 2, 3, 4)],
}
LINES = [line for family in FAMILIES.values() for line in family]
GROUPS = [[name] for name in FAMILIES] + [["inner", "inner sidebands"], ["ball", "ball sidebands"]]

SLIPS = np.linspace(-0.02, 0.02, 7)
BANDS = 4
BAND_FIRST, BAND_WIDTH = 0.04, 0.1075  # of the sampling rate
TONE_EXCESS = np.log(3)
SMOOTHING_BINS = 128
NEIGHBOURS = 12
DC_BINS = 6  # where the Hann window spreads the mean of the envelope
SHAPE_BANDS = 12
LEAST = 1e-5


class Graph:
    """Nodes and constants of an ONNX graph; calling it adds an operator and gives the name of its output."""

    def __init__(self):
        self.nodes, self.constants = [], []

    def constant(self, values, kind=np.float32):
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def ints(self, *values):
        return self.constant(values, np.int64)

    def __call__(self, operator, *inputs, output=None, **attributes):
        names = [item if isinstance(item, str) else self.constant(item) for item in inputs]
        output = output or f"{operator}{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, names, [output], name=output, **attributes))
        return output

    def slice(self, value, start, stop, axis):
        return self("Slice", value, self.ints(start), self.ints(stop), self.ints(axis))

    def pool(self, value, **attributes):
        """Means over neighbours in the last axis of [a, b]."""
        pooled = self("AveragePool", self("Unsqueeze", value, self.ints(1)), count_include_pad=0, **attributes)
        return self("Squeeze", pooled, self.ints(1))

    def model(self, rows, outputs):
        def value(name, shape):
            return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

        inputs = [value("window", [rows, 1])] + [value(name, [1]) for name in CONSTANTS]
        graph = helper.make_graph(
            self.nodes, "bearing", inputs, [value(*output) for output in outputs], self.constants
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="fieldnote"
        )
        onnx.checker.check_model(model, full_check=True)
        return model.SerializeToString()


def feature_model(rows):
    """Graph that ends at the features, for training."""
    graph = Graph()
    graph("Identity", add_features(graph, rows), output="features")
    return graph.model(rows, [("features", ["features"])])


def classifier_model(rows, layers, mean, deviation, alarm_limit):
    """The whole graph. `layers` are (weights, bias) pairs; the last one gives the logits of the labels."""
    graph = Graph()
    hidden = graph("Unsqueeze", add_features(graph, rows), graph.ints(0))
    hidden = graph("Div", graph("Sub", hidden, mean), deviation)
    for number, (weights, bias) in enumerate(layers):
        hidden = graph("Gemm", hidden, weights, bias)
        if number < len(layers) - 1:
            hidden = graph("Relu", hidden)
    labels = graph("Squeeze", graph("Softmax", hidden, axis=1), graph.ints(0), output="labels")
    sound = graph.slice(labels, 0, 1, 0)
    graph("Mul", graph("Sub", [1.0], sound), [1 / alarm_limit], output="score")
    return graph.model(rows, [("score", [1]), ("labels", [len(layers[-1][1])])])


def add_features(graph, rows):
    power, log_power, bands = add_bands(graph, rows)
    spectra, energy, impulsiveness = add_envelope_spectra(graph, bands, rows)
    per_shaft = graph("Mul", graph("Div", "shaftHz", "rateHz"), [float(rows)])
    lines = add_lines(graph, spectra, energy, per_shaft, rows)
    shape = add_shape(graph, power, log_power, rows)
    context = [graph("Log", per_shaft), graph("Log", "rateHz")]
    return graph("Concat", *lines, impulsiveness, *shape, *context, axis=0)


def add_bands(graph, rows):
    """Power and log power [1, bins], and the bands [2 · BANDS, width, 2] as they are and levelled."""
    burst = graph("Reshape", "window", graph.ints(1, rows))
    offset = graph("ReduceMean", burst, axes=[1])
    burst = graph("Sub", burst, offset)
    burst = graph("Sub", burst, graph("ReduceMean", burst, axes=[1]))  # what rounding left of the offset
    burst = graph("Mul", burst, np.hanning(rows + 1)[None, :-1])
    energy = graph("ReduceMean", graph("Mul", burst, burst), axes=[1])
    # A sensor that stands still gives nothing but rounding, which must not be taken for vibration.
    rounding = graph("Mul", graph("Mul", offset, offset), [1e-10])
    scale = graph("Sqrt", graph("Add", graph("Add", energy, rounding), [1e-20]))
    burst = graph("Div", burst, scale)
    spectrum = graph("DFT", graph("Unsqueeze", burst, graph.ints(2)), axis=1, onesided=1)
    first, width = round(rows * BAND_FIRST), round(rows * BAND_WIDTH)
    used = 2 * SMOOTHING_BINS * ((first + BANDS * width) // (2 * SMOOTHING_BINS) + 1)
    spectrum = graph.slice(spectrum, 0, used, 1)
    power = graph("Add", graph("ReduceSumSquare", spectrum, axes=[2], keepdims=0), [1e-6])
    log_power = graph("Log", power)
    hills = add_hills(graph, log_power, used)
    excess = graph("Mul", graph("Sub", log_power, hills), [0.5])
    clip = graph("Min", graph("Sub", [TONE_EXCESS], excess), [0.0])
    levelled = graph("Sub", clip, graph("Mul", hills, [0.5]))
    gains = graph("Exp", graph("Concat", clip, levelled, axis=0))
    whole = graph("Mul", spectrum, graph("Unsqueeze", gains, graph.ints(2)))
    bands = graph.slice(whole, first, first + BANDS * width, 1)
    return power, log_power, graph("Reshape", bands, graph.ints(2 * BANDS, width, 2))


def add_hills(graph, log_power, used):
    """Smooth course of the log spectrum: means over overlapping stretches, drawn through linearly."""
    step = SMOOTHING_BINS
    means = graph.pool(log_power, kernel_shape=[2 * step], strides=[step], pads=[step // 2, step // 2])
    return graph("MatMul", means, interpolation(used // step, step))


def interpolation(points, step):
    position = (np.arange(points * step) + 0.5) / step - 0.5
    return np.array([np.interp(position, np.arange(points), row) for row in np.eye(points)])


def add_envelope_spectra(graph, bands, rows):
    """Complex envelope spectra [2 · BANDS, bins, 2], energies of the bands, and log kurtosis of each."""
    length = rows // 4
    bands = graph("Pad", bands, graph.ints(0, 0, 0, 0, length - round(rows * BAND_WIDTH), 0))
    envelope = graph("ReduceSumSquare", graph("DFT", bands, axis=1, inverse=1), axes=[2], keepdims=0)
    energy = graph("Add", graph("ReduceMean", envelope, axes=[1]), [1e-12])  # of silence, too
    envelope = graph("Div", envelope, energy)
    fourth = graph("ReduceMean", graph("Mul", envelope, envelope), axes=[1], keepdims=0)
    fourth = graph("Add", fourth, [1e-9])
    envelope = graph.pool(envelope, kernel_shape=[2], strides=[2])
    spectra = graph("DFT", graph("Unsqueeze", envelope, graph.ints(2)), axis=1, onesided=1)
    return graph("Mul", spectra, [2 / length]), energy, graph("Log", fourth)


def add_lines(graph, spectra, energy, per_shaft, rows):
    """Height and depth of the lines, over the bands and in the envelope of all bands together."""
    bins = rows // 16 + 1
    share = graph("Reshape", energy, graph.ints(2, BANDS, 1, 1))
    share = graph("Div", share, graph("ReduceSum", share, graph.ints(1)))
    by_kind = graph("Reshape", spectra, graph.ints(2, BANDS, bins, 2))
    together = graph("ReduceSum", graph("Mul", by_kind, share), graph.ints(1), keepdims=0)
    every = graph("Concat", spectra, together, axis=0)
    depth = graph("Sqrt", graph("ReduceSumSquare", every, axes=[2], keepdims=0))
    depth = graph("Add", graph("Mul", depth, (np.arange(bins) >= DC_BINS)[None]), [LEAST])
    around = graph.pool(depth, kernel_shape=[2 * NEIGHBOURS + 1], pads=[NEIGHBOURS, NEIGHBOURS])
    maps = graph("Log", graph("Concat", graph("Div", depth, around), depth, axis=0))
    at, valid = add_positions(graph, per_shaft, bins)
    # Outside of the spectrum a line is as if it were not there: height 1, depth that of noise.
    absent = np.repeat([0.0, -3.0], 2 * BANDS + 2)[:, None, None]
    read = graph("Sub", graph("Gather", maps, at, axis=1), absent)
    read = graph("Add", graph("Mul", read, valid), absent)
    groups = graph("ReduceMax", graph("MatMul", group_means(), read), axes=[2], keepdims=0)
    single = graph("ReduceMax", read, axes=[2], keepdims=0)
    half = 2 * BANDS + 2
    features = []
    for value in (groups, single):
        height, deep = graph.slice(value, 0, half, 0), graph.slice(value, half, 2 * half, 0)
        features += [graph("ReduceMax", height, axes=[0], keepdims=0), graph("ReduceMax", deep, axes=[0], keepdims=0)]
    height = graph.slice(groups, 0, half, 0)
    features.append(graph("ReduceMean", height, axes=[0], keepdims=0))
    features.append(graph("Reshape", graph.slice(height, 2 * BANDS, half, 0), graph.ints(-1)))
    return features


def add_positions(graph, per_shaft, bins):
    """Bins [lines, slips] of the envelope spectrum, and which lines lie inside of it [lines, 1]."""
    angle = graph("Cos", graph("Mul", "contactAngleDeg", [np.pi / 180]))
    ratio = graph("Mul", graph("Div", "ballDiameterMm", "pitchDiameterMm"), angle)
    cage = graph("Mul", graph("Sub", [1.0], ratio), [0.5])
    outer = graph("Mul", "balls", cage)
    inner = graph("Sub", "balls", outer)
    squared = graph("Sub", [1.0], graph("Mul", ratio, ratio))
    spin = graph("Mul", graph("Div", "pitchDiameterMm", "ballDiameterMm"), graph("Mul", squared, [0.5]))
    orders = graph("Unsqueeze", graph("Concat", cage, outer, inner, spin, [1.0], axis=0), graph.ints(1))
    position = graph("Mul", graph("MatMul", np.array(LINES), orders), per_shaft)
    valid = graph("Cast", graph("Less", position, [0.97 * bins]), to=TensorProto.FLOAT)
    at = graph("Round", graph("Mul", position, 1 + SLIPS[None]))
    return graph("Cast", graph("Clip", at, np.float32(0), np.float32(bins - 1)), to=TensorProto.INT64), valid


def group_means():
    """Matrix [groups, lines] that means the lines of a group at one slip."""
    means = np.zeros((len(GROUPS), len(LINES)))
    for row, names in zip(means, GROUPS):
        members = [LINES.index(line) for name in names for line in FAMILIES[name]]
        row[members] = 1 / len(members)
    return means


def add_shape(graph, power, log_power, rows):
    """Log of the mean power and mean of the log power in equal bands, against the whole."""
    width = round(rows * 0.47 / SHAPE_BANDS)
    whole = graph("Log", graph("ReduceMean", power, axes=[0, 1], keepdims=0))

    def pooled(value):
        used = graph.slice(value, 4, 4 + width * SHAPE_BANDS, 1)
        return graph("Reshape", graph.pool(used, kernel_shape=[width], strides=[width]), graph.ints(-1))

    levels, log_levels = graph("Log", pooled(power)), pooled(log_power)
    return [graph("Sub", levels, whole), graph("Sub", log_levels, whole)]


def feed(samples, rate_hz, shaft_hz, bearing):
    """Inputs of the graph for one burst."""
    geometry = (bearing.balls, bearing.ball_diameter, bearing.pitch_diameter, bearing.contact_angle_deg)
    constants = zip(CONSTANTS, (rate_hz, shaft_hz, *geometry))
    values = {name: np.array([value], np.float32) for name, value in constants}
    return {"window": np.asarray(samples, np.float32).reshape(-1, 1), **values}
