import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createDecoder } from '../../src/decode/decoder.ts';

const dataDir = fileURLToPath(new URL('../../../shared/data/', import.meta.url));

/** Decodes a recording in serial-sized chunks. */
function decodeFile(path: string) {
  const bytes = readFileSync(dataDir + path);
  const decoder = createDecoder({ source: 'recording', protocol: 'text' });
  const chunks = Array.from({ length: Math.ceil(bytes.length / 97) }, (_, at) =>
    bytes.subarray(at * 97, (at + 1) * 97),
  );
  return chunks.flatMap((chunk) => decoder.decode(chunk, 0));
}

test.skipIf(!existsSync(`${dataDir}skab`))(
  'reads every row of a pump recording (needs ../shared/data/skab)',
  () => {
    const decoded = decodeFile('skab/anomaly-free.csv');
    expect(decoded.length).toBe(9405);
    expect(decoded[0]).toMatchObject({ kind: 'sample', deviceMs: Date.UTC(2020, 1, 8, 13, 30, 47) });
    expect(decoded.every((item) => item.kind === 'sample' && item.values.every(Number.isFinite))).toBe(true);
  },
);

test.skipIf(!existsSync(`${dataDir}batadal`))(
  'reads every row of a water network (needs ../shared/data/batadal)',
  () => {
    const decoded = decodeFile('batadal/dataset04.csv');
    expect(decoded.length).toBe(4177);
    expect(decoded[0]).toMatchObject({ kind: 'sample', deviceMs: Date.UTC(2016, 6, 4, 0) });
    expect(decoded.every((item) => item.kind === 'sample' && item.values.length === 44)).toBe(true);
  },
);

test.skipIf(!existsSync(`${dataDir}mavlink`))(
  'reads every packet of a flight that a ground station recorded (needs ../shared/data/mavlink)',
  () => {
    const bytes = readFileSync(`${dataDir}mavlink/uavlogviewer_vtol.tlog`);
    const decoder = createDecoder({ source: 'recording', protocol: 'auto' });
    const decoded = [...decoder.decode(bytes, 0), ...decoder.finish(0)];
    const samples = decoded.filter((item) => item.kind === 'sample');
    expect(samples.length).toBe(9925);
    expect(decoded.filter((item) => item.kind === 'noise')).toEqual([]);
    const lastMs = samples.at(-1)?.deviceMs ?? 0;
    expect(lastMs - (samples[0]?.deviceMs ?? 0)).toBeGreaterThan(200_000);
  },
);
