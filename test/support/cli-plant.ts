import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newFolder, runFieldnote, writeConfig } from './daemon.ts';

/** A configuration whose asset the made models fit, and the command line on it; no daemon and no machine. */
export interface CliPlant extends AsyncDisposable {
  readonly folder: string;
  readonly dataDir: string;
  /** Folder of the pump's packages. */
  readonly models: string;
  /** Runs a command with the configuration, unless it names another one. */
  fieldnote(...commandLine: string[]): ReturnType<typeof runFieldnote>;
  /** Runs a command with `--json` and gives what it printed. */
  json(...commandLine: string[]): Promise<Json>;
  /** Writes a recording of the pump, one row a second, and gives its path. */
  record(rows: readonly (readonly [flow: number, pressure: number])[], name?: string): string;
}

/** Parsed output of a command; a test looks at parts of it. */
type Json = ReturnType<typeof JSON.parse>;

/** The asset of the made models: two channels, windows of eight rows. */
export const MADE_ASSET = {
  name: 'Feed pump 7',
  channels: {
    flow: { from: 'mcu.flow', unit: 'L/min' },
    pressure: { from: 'mcu.bar', unit: 'bar' },
  },
  window: { rateHz: 1, length: '8s', step: '1s' },
  learn: { for: '100s' },
};

/** Sets up a plant. `assets` replace its one asset, the pump. */
export async function setUpCliPlant(assets: object = { pump: MADE_ASSET }): Promise<CliPlant> {
  const { path: folder, [Symbol.asyncDispose]: end } = await newFolder();
  const dataDir = join(folder, 'data');
  const sources = { mcu: { link: { type: 'unix', path: join(folder, 'mcu.sock') }, protocol: 'text' } };
  const config = writeConfig(folder, { site: 'plant', node: 'pump7', dataDir, sources, assets });
  const fieldnote = (...commandLine: string[]) =>
    runFieldnote(...commandLine, ...(commandLine.includes('--config') ? [] : ['--config', config]));
  return {
    ...{ folder, dataDir, models: join(dataDir, 'models', 'pump'), fieldnote, [Symbol.asyncDispose]: end },
    async json(...commandLine) {
      const { stdout, stderr } = await fieldnote(...commandLine, '--json');
      if (stdout === '') throw new Error(stderr);
      return JSON.parse(stdout);
    },
    record(rows, name = 'recording.csv') {
      const lines = rows.map((values, second) => [rowTime(second), ...values].join(','));
      const path = join(folder, name);
      writeFileSync(path, ['time,flow,bar', ...lines, ''].join('\n'));
      return path;
    },
  };
}

/** Rows of a healthy pump as the model `good` knows it: both channels wobble about 1.5. */
export function healthyRows(count: number): [number, number][] {
  return Array.from({ length: count }, (_, row) => [
    1.5 + Math.sin(row * 2.4) / 5,
    1.5 + Math.cos(row * 1.7) / 5,
  ]);
}

function rowTime(second: number): string {
  return new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString();
}
