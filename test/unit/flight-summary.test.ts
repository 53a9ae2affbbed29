import { describe, expect, test } from 'vitest';
import { FlightSummary } from '../../src/flight-summary.ts';

/** The digest of a flight in which the battery said so much. */
function toldOf(...volts: readonly number[]) {
  const summary = new FlightSummary();
  for (const [at, value] of volts.entries()) {
    const battery = { names: ['battery.voltage', 'battery.remaining'], values: [value, 80] };
    summary.push({ kind: 'sample', source: 'fc', monoMs: at, deviceMs: at, ...battery }, 'hover', at);
  }
  return summary.facts({ key: 'drone', name: 'Quad 1' }, 'disarmed');
}

describe('the battery in the digest of a flight', () => {
  test('is told by the least voltage that was measured', () => {
    expect(toldOf(12.4, 11.8, 12.1).batteryLeastV).toBe(11.8);
  });

  test('is unknown where the autopilot has no sensor of it and says 0 V', () => {
    expect(toldOf(0, 0).batteryLeastV).toBeNull();
    expect(toldOf(12.4, 0).batteryLeastV).toBe(12.4);
  });

  test('has still told something when only its voltage is missing', () => {
    expect(toldOf(0).notTold).not.toContain('battery');
  });
});
