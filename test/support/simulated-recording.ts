import { createPump, type PumpReading } from '../../demo/pump.ts';
import { followTimeline, healthy, type Scenario } from '../../demo/scenario.ts';

/** Columns of a recording of the simulated pump. The pressure is there twice, as two gauges may show it. */
const COLUMNS: Readonly<Record<string, (reading: PumpReading) => number>> = {
  flow: ({ flow }) => flow,
  pressure: ({ pressure }) => pressure,
  pressure_kpa: ({ pressure }) => 100 * pressure,
  current: ({ current }) => current,
  vibration: ({ vibration_de }) => vibration_de,
};

/** In every column one of so many readings is missing. */
const GAP_ROWS = 37;

/** When the valve of the faulty pump begins to close, and where it stays; seconds. */
export const VALVE = { startS: 600, growS: 60, holdS: 240, healS: 1, openingLeft: 0.4 } as const;

const NO_DEPOSIT = { startS: 1e9, growS: 1, holdS: 1, healS: 1, unbalanceGmm: 0 } as const;

/** CSV of 20 minutes of the healthy pump, one row a second. */
export function healthyRecording(seed: number): string {
  return recording({ seed, scenario: healthy, seconds: 1200 });
}

/** CSV of 15 minutes, 10 of them healthy; then the discharge valve closes. */
export function closingRecording(seed: number): string {
  const scenario = followTimeline({ valve: VALVE, deposit: NO_DEPOSIT, endS: 900 });
  return recording({ seed, scenario, seconds: 900 });
}

function recording({ seed, scenario, seconds }: { seed: number; scenario: Scenario; seconds: number }) {
  const pump = createPump({ seed, scenario });
  const lines = Array.from({ length: seconds }, (_, row) => {
    const reading = pump.step(1);
    const cells = Object.values(COLUMNS).map((read, column) =>
      (row + 9 * column) % GAP_ROWS === 0 ? '' : read(reading).toFixed(3),
    );
    return [new Date(Date.UTC(2026, 0, 1) + row * 1000).toISOString(), ...cells].join(',');
  });
  return [['time', ...Object.keys(COLUMNS)].join(','), ...lines, ''].join('\n');
}
