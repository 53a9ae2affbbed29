import { parseArgs } from 'node:util';
import { flightWindows, PROPELLER_WINDOW, readFlight } from '../../src/eval/flight-windows.ts';
import { fitPropellerModel, type LabelledWindow } from '../../src/learn/propeller/model.ts';
import { writePropellerPackage } from '../../src/learn/propeller/package.ts';

/**
 * Trains the propeller classifier on flights of your own:
 *
 *   node models/propeller/train.ts --out build/propeller 0=good.BIN 0=good2.BIN 20=cut.BIN …
 *
 * Each argument is the damage in millimetres, `=`, and a DataFlash log that was flown with it. With good
 * flights alone the model says only that the propellers turn faster than they used to.
 */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string', default: 'build/propeller' },
    'alarm-from': { type: 'string', default: '20' },
  },
});

interface LabelledFlight {
  readonly damageMm: number;
  readonly path: string;
}

function parseFlight(argument: string): LabelledFlight {
  const [, damage, path] = /^(\d{1,3})=(.+)$/.exec(argument) ?? [];
  if (damage === undefined || path === undefined)
    fail(`${argument} is not MILLIMETRES=FLIGHT, such as 20=cut.BIN`);
  return { damageMm: Number(damage), path };
}

async function windowsOf({ damageMm, path }: LabelledFlight): Promise<readonly LabelledWindow[]> {
  const windows = flightWindows(await readFlight(path)).map(({ data }) => ({ data, damageMm }));
  console.error(`${path}: ${damageMm} mm, ${windows.length} windows`);
  return windows;
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

const alarmFromMm = Number(values['alarm-from']);
if (!(alarmFromMm > 0)) fail(`--alarm-from ${values['alarm-from']} is not a number of millimetres`);
const flights = positionals.map(parseFlight);
const windows: LabelledWindow[] = [];
for (const flight of flights) windows.push(...(await windowsOf(flight)));
const model = fitPropellerModel(windows, alarmFromMm);
if (model === undefined)
  fail(`it takes flights of 20 s and more, at least one of them with less damage than ${alarmFromMm} mm`);
await writePropellerPackage({
  directory: values.out,
  model,
  window: PROPELLER_WINDOW,
  data: `${flights.length} flights of one airframe: ${[...new Set(flights.map(({ damageMm }) => damageMm))].join(', ')} mm`,
  trainedAt: new Date().toISOString(),
});
console.error(`${values.out}: ${model.windows} windows of ${flights.length} flights`);
