import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DataflashDecoder } from '../../src/decode/dataflash/decoder.ts';
import { numberIn, textIn } from '../../src/decode/dataflash/layout.ts';
import { RecordReader } from '../../src/decode/dataflash/records.ts';
import { LimitWatch } from '../../src/judge/flight/limit-watch.ts';
import { MotorFailureDetector } from '../../src/judge/flight/motor-failure.ts';
import type { FlightFinding, FlightSample } from '../../src/values/flight-finding.ts';
import { FRAMES } from '../../src/values/frame.ts';

const drones = join(import.meta.dirname, '../../../shared/data/drones');
const files = (folder: string) =>
  existsSync(drones) ? readdirSync(join(drones, folder)).map((name) => join(drones, folder, name)) : [];

function flightOf(bytes: Buffer): FlightSample[] {
  const decoder = new DataflashDecoder('log');
  const found = [...decoder.decode(bytes, 0), ...decoder.finish(0)];
  return found.flatMap((item) => (item.kind === 'sample' ? [{ ...item, timeMs: item.deviceMs ?? 0 }] : []));
}

/** When the simulation stopped a motor, which one, and when the vehicle hit the ground: only to score with. */
function truthOf(bytes: Buffer) {
  const functions = new Map<string, number>();
  const truth = { onsetMs: Number.NaN, motor: 0, impactMs: Number.POSITIVE_INFINITY };
  new RecordReader().push(bytes, {
    onNoise() {},
    onRecord(record, layout) {
      const timeMs = numberIn(record, layout, 'TimeUS') / 1000;
      if (layout.name === 'MSG' && textIn(record, layout, 'Message').includes('Hit ground'))
        truth.impactMs = Math.min(truth.impactMs, timeMs);
      const name = layout.name === 'PARM' ? textIn(record, layout, 'Name') : '';
      if (!/^SERVO\d+_FUNCTION$/.test(name)) return;
      const [before, value] = [functions.get(name), numberIn(record, layout, 'Value')];
      functions.set(name, value);
      if (before === undefined || before === value || !Number.isNaN(truth.onsetMs)) return;
      Object.assign(truth, { onsetMs: timeMs, motor: before - 32 });
    },
  });
  return truth;
}

describe.skipIf(!existsSync(drones))('recorded flights (needs ../shared/data/drones)', () => {
  test('of simulated failures: each is found before the impact, within half a second, by its motor', () => {
    const delays = files('sitl').map((path) => {
      const bytes = readFileSync(path);
      const truth = truthOf(bytes);
      const detector = new MotorFailureDetector(FRAMES[path.includes('plus') ? 'quad-plus' : 'quad-x']);
      const found = flightOf(bytes).flatMap((sample) => detector.push(sample));
      expect(found[0]?.timeMs, path).toBeLessThan(truth.impactMs);
      expect(found[0]?.motor, path).toBe(truth.motor);
      return (found[0]?.timeMs ?? 0) - truth.onsetMs;
    });
    // An alarm in the healthy part would be a negative delay.
    expect(Math.min(...delays)).toBeGreaterThan(0);
    expect(Math.max(...delays)).toBeLessThan(500);
    expect(delays.toSorted((a, b) => a - b)[delays.length / 2]).toBeLessThan(300);
  });

  test('with good propellers raise nothing', () => {
    for (const path of files('real').filter((name) => name.includes('good'))) {
      const rules = [new MotorFailureDetector(FRAMES['quad-x']), new LimitWatch()];
      const found = flightOf(readFileSync(path)).flatMap((sample) =>
        rules.flatMap((rule): readonly FlightFinding[] => rule.push(sample)),
      );
      expect(found, path).toEqual([]);
    }
  });
});
