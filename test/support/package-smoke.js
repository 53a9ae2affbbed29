// Runs inside a packaged program, on the Node that is in it: loads every native part and uses it once. Plain JavaScript,
// because it imports what was made of the sources. Prints one line of JSON; anything that fails ends it with a stack.
// Arguments: folder of the program, folder to write to.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [app, folder] = process.argv.slice(2);
const packaged = createRequire(join(app, 'package.json'));
const ours = (path) => import(pathToFileURL(join(app, 'dist', path)).href);
const theirs = (name) => import(pathToFileURL(packaged.resolve(name)).href);

const { Store } = await ours('store/store.js');
const store = await Store.open({ dataDir: folder, sizeMaxMiB: 16, bootId: 'boot', onDead: () => undefined });
const { pending } = await store.totals();
const { boot } = store;
await store.close();

const { readModelPackage } = await ours('models/read-package.js');
const { goldenDifferences, trialInput } = await ours('judge/trial-window.js');
const { manifest, onnxPath } = await readModelPackage(join(app, 'models/bearing'));
const { InferenceSession, Tensor } = packaged('onnxruntime-node');
const session = await InferenceSession.create(onnxPath);
const { data, constants } = trialInput(manifest);
const feeds = { window: new Tensor('float32', data, [manifest.window.rows, manifest.channels.length]) };
for (const [name, value] of Object.entries(constants))
  feeds[name] = new Tensor('float32', Float32Array.of(value), [1]);
const results = await session.run(feeds);
const outputs = Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, tensor.data]));

const { SerialPort } = packaged('serialport');
const opened = await SerialPort.binding.open({ path: '/dev/null', baudRate: 9600 }).then(
  () => 'opened',
  (error) => error.message,
);
const { connect } = await theirs('mqtt');
const { notify } = packaged(join(app, 'dist/system/notify.node'));

const said = {
  ...{ node: process.version, arch: process.arch, boot, pending },
  differences: goldenDifferences(manifest, outputs),
  // The binding is loaded and asks the kernel, to which this is no terminal.
  serial: opened,
  mqtt: typeof connect,
  notified: notify('READY=1'),
};
process.stdout.write(`${JSON.stringify(said)}\n`);
