"""Makes a model package of an autoencoder with PyTorch: python3 pytorch.py RECORDING.csv FOLDER"""
import hashlib, json, pathlib, sys, time, numpy, torch

CHANNELS = {"flow": "L/min", "pressure": "bar", "vibration": "mm/s"}  # columns of the recording, and their units
OUTPUTS, ROWS, COUNT = ["score", "value", "baseline", "spread", "share"], 15, len(CHANNELS)

class Autoencoder(torch.nn.Module):
    def __init__(self, means):
        super().__init__()
        self.normal, self.width, self.limit = means.nanmean(0), means[means.isfinite().all(1)].std(0) + 1e-6, 1
        self.layers = torch.nn.Sequential(torch.nn.Linear(COUNT, 2), torch.nn.Tanh(), torch.nn.Linear(2, COUNT))
    def forward(self, window):  # float32 [..., rows, channels] as measured; NaN is a gap
        count = (~window.isnan()).sum(-2).clamp(min=1)
        mean = ((window - self.normal) / self.width).masked_fill(window.isnan(), 0).sum(-2) / count
        square = (self.layers(mean) - mean).square() + 1e-9
        score, share = square.mean(-1, keepdim=True).sqrt() / self.limit, square / square.sum(-1, keepdim=True)
        return score, mean * self.width + self.normal, self.normal * 1, self.width * 1, share

torch.manual_seed(1)
table = numpy.genfromtxt(sys.argv[1], delimiter=",", names=True)
rows = torch.tensor(numpy.column_stack([table[name] for name in CHANNELS]), dtype=torch.float32)
windows = rows.unfold(0, ROWS, 1).transpose(1, 2)
model, seen = Autoencoder(windows.nanmean(1)), windows[: len(windows) * 4 // 5]
optimizer = torch.optim.Adam(model.parameters(), 0.01)
for _ in range(300):
    optimizer.zero_grad()
    model(seen)[0].mean().backward()
    optimizer.step()
model.limit = 1.5 * model(windows)[0].max().item()  # half as far again as the worst; a fifth of them it has not seen
golden = [each.tolist() for each in model(model.normal + model.width * torch.arange(ROWS * COUNT).sin().view(ROWS, -1))]
(folder := pathlib.Path(sys.argv[2])).mkdir(parents=True, exist_ok=True)
torch.onnx.utils.export(model, windows[0], folder / "model.onnx", input_names=["window"], output_names=OUTPUTS)
(folder / "model.json").write_text(json.dumps({
    "format": 1, "name": "autoencoder", "version": "1", "licence": "Apache-2.0", "coverageMin": 0.5,
    "sha256": hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest(), "toleratesMissing": True,
    "channels": [{"name": name, "unit": unit} for name, unit in CHANNELS.items()],
    "window": {"rateHz": 1, "rows": ROWS, "stepMs": 1000}, "outputs": {"deviations": True, "labels": []},
    "golden": {"center": model.normal.tolist(), "swing": model.width.tolist(), "outputs": dict(zip(OUTPUTS, golden))},
    "provenance": {"recipe": "pytorch.py", "data": sys.argv[1], "trainedAt": time.strftime("%F"), "figures": {}}}))
