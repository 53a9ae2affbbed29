"""Makes a model package of a Gaussian mixture with scikit-learn: python3 scikit_learn.py RECORDING.csv FOLDER"""
import hashlib, json, pathlib, sys, time, numpy as np, onnx.parser, skl2onnx, sklearn.mixture

CHANNELS, ROWS = {"flow": "L/min", "pressure": "bar", "vibration": "mm/s"}, 15  # columns, their units; rows of a window

table = np.genfromtxt(sys.argv[1], delimiter=",", names=True)
rows = np.column_stack([table[name] for name in CHANNELS])
means = np.nanmean(np.lib.stride_tricks.sliding_window_view(rows, ROWS, axis=0), axis=2)
baseline, spread = np.nanmean(means, 0), np.nanstd(means, 0) + 1e-6
usual = ((means - baseline) / spread)[np.isfinite(means).all(1)].astype(np.float32)
model = sklearn.mixture.GaussianMixture(2, reg_covar=0.1, random_state=1).fit(usual[: len(usual) * 4 // 5])
best, worst = model.score_samples(usual).max(), model.score_samples(usual).min()  # a fifth of them it has not seen
room = 1.5 * (best - worst)  # score 0 is the best, 1 is half as far again as the worst
golden = max(0, best - model.score_samples(np.sin(np.arange(rows[:ROWS].size)).reshape(1, ROWS, -1).mean(1))[0]) / room

before = onnx.parser.parse_graph("""before (float[rows, channels] window) => (float[channels] value) {
    isGap = IsNaN(window)  raw = Sub(window, baseline)  offset = Where(isGap, zero, raw)  held = Where(isGap, zero, one)
    time = Constant<value_ints = [0]>()  sum = ReduceSum(offset, time)  cells = ReduceSum(held, time)
    count = Max(cells, one)  mean = Div(sum, count)  level = Add(mean, baseline)  value = Squeeze(level, time)
    X = Div(mean, spread)  far = Mul(X, X)  all = ReduceSum(far)  part = Div(far, all)  share = Squeeze(part, time)
}""")
middle = skl2onnx.to_onnx(model, usual, options={"score_samples": True}, target_opset=18).graph
after = onnx.parser.parse_graph("""after () => (float[1] score, float[n] baseline, float[n] spread, float[n] share) {
    lost = Sub(best, score_samples)  ratio = Div(lost, room)  positive = Relu(ratio)  score = Squeeze(positive, time)
}""")
numbers = {"baseline": baseline, "spread": spread, "best": best, "room": room, "zero": 0, "one": 1}
constants = [onnx.numpy_helper.from_array(np.float32(value), name) for name, value in numbers.items()]
graph = onnx.helper.make_graph([*before.node, *middle.node, *after.node], "mixture", before.input,
                               [*before.output, *after.output], [*constants, *middle.initializer])
file = onnx.helper.make_model(graph, ir_version=8, opset_imports=[onnx.helper.make_opsetid("", 18)]).SerializeToString()
(folder := pathlib.Path(sys.argv[2])).mkdir(parents=True, exist_ok=True)
(folder / "model.onnx").write_bytes(file)
(folder / "model.json").write_text(json.dumps({
    "format": 1, "name": "mixture", "version": "1", "licence": "Apache-2.0", "sha256": hashlib.sha256(file).hexdigest(),
    "channels": [{"name": name, "unit": unit} for name, unit in CHANNELS.items()], "coverageMin": 0.5,
    "window": {"rateHz": 1, "rows": ROWS, "stepMs": 1000}, "toleratesMissing": True,
    "outputs": {"deviations": True, "labels": []},
    "golden": {"center": baseline.tolist(), "swing": spread.tolist(), "outputs": {"score": [golden]}},
    "provenance": {"recipe": "scikit_learn.py", "data": sys.argv[1], "trainedAt": time.strftime("%F"), "figures": {}}}))
