import { readFileSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { sharedPath } from './needs.ts';

/** The recordings have one row a second; they are played a hundred times as fast. */
export const PLAY_RATE_HZ = 100;

const BURST_MS = 10;

/** Columns of the recordings with what a configuration would call them. */
export const PUMP_CHANNELS = {
  vibration_de: { from: 'mcu.Accelerometer1RMS', unit: 'g', name: 'drive-end vibration' },
  vibration_nde: { from: 'mcu.Accelerometer2RMS', unit: 'g', name: 'non-drive-end vibration' },
  current: { from: 'mcu.Current', unit: 'A', name: 'motor current' },
  pressure: { from: 'mcu.Pressure', unit: 'bar', name: 'discharge pressure' },
  temperature: { from: 'mcu.Temperature', unit: '°C', name: 'motor temperature' },
  water: { from: 'mcu.Thermocouple', unit: '°C', name: 'water temperature' },
  voltage: { from: 'mcu.Voltage', unit: 'V', name: 'supply voltage' },
  flow: { from: 'mcu.Volume Flow RateRMS', unit: 'L/min', name: 'flow' },
} as const;

export type PumpChannel = keyof typeof PUMP_CHANNELS;

/** One recording: a row of named readings for each second, and where the fault is. */
export interface PumpRecording {
  readonly rows: readonly Readonly<Record<string, number>>[];
  /** First row of the fault, and the first one after it. */
  readonly faultRows: readonly [number, number];
}

/** Reads a file of the SKAB data set, by its name; one without labels has no fault. */
export function readPumpRecording(name: string): PumpRecording {
  const [header = '', ...lines] = readFileSync(sharedPath(`skab/${name}`), 'utf8')
    .trim()
    .split(/\r?\n/);
  const names = header.split(';');
  const table = lines.map((line) => line.split(';').map(Number));
  const anomaly = table.map((values) => values[names.indexOf('anomaly')] === 1);
  const rows = table.map((values) =>
    Object.fromEntries(names.map((column, at) => [column, values[at] ?? Number.NaN]).slice(1, 9)),
  );
  return { rows, faultRows: [anomaly.indexOf(true), anomaly.lastIndexOf(true) + 1] };
}

/**
 * A pump that speaks over a byte stream: lines of JSON with its own time in milliseconds, 100 a second. Time passes without
 * a reader too. Like a serial port it waits for nobody: what finds no room is lost.
 */
export class PumpPlayer implements Disposable {
  readonly #rowAt: (index: number) => Readonly<Record<string, number>>;
  #startedMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #port: Writable | undefined;
  #count = 0;

  /** @param rowAt which row comes at which place */
  constructor(rowAt: (index: number) => Readonly<Record<string, number>>) {
    this.#rowAt = rowAt;
  }

  /** Rows so far. */
  get count(): number {
    return this.#count;
  }

  begin(): void {
    this.#startedMs = performance.now();
    this.#timer = setInterval(() => this.#burst(), BURST_MS);
  }

  plugInto(port: Writable | undefined): void {
    this.#port = port;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #burst(): void {
    const due = Math.floor(((performance.now() - this.#startedMs) / 1000) * PLAY_RATE_HZ);
    let text = '';
    for (; this.#count < due; this.#count++) {
      const ms = (this.#count * 1000) / PLAY_RATE_HZ;
      text += `${JSON.stringify({ ms, ...this.#rowAt(this.#count) })}\n`;
    }
    if (text !== '' && this.#port?.writable && !this.#port.writableNeedDrain) this.#port.write(text);
  }
}
