import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { replay } from '../../src/replay.ts';
import { createLog } from '../../src/system/log.ts';
import type { DigestFlight } from '../../src/values/digest.ts';
import { Daemon, eventually, newFolder, writeConfig } from '../support/daemon.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { needsCommand, needsShared, sharedPath } from '../support/needs.ts';
import { playDevice, startPty } from '../support/pty.ts';
import { subscribeTo } from '../support/report-subscriber.ts';
import { playAtItsRate, readTelemetryLog } from '../support/telemetry-log.ts';

const LOG = 'mavlink/uavlogviewer_vtol.tlog';
/** What the daemon may miss at the start, and what it rounds. */
const TOLERANCE_MS = 4000;

function configOf({ path, dataDir, port }: { path: string; dataDir: string; port: number }) {
  return {
    ...{ site: 'field', node: 'wing', dataDir, logLevel: 'info' },
    sources: { fc: { link: { type: 'serial', path, baudRate: 57_600 }, protocol: 'auto' } },
    assets: {
      wing: {
        name: 'Wing 1',
        vehicle: { source: 'fc', frame: 'other', motors: [5, 6, 7, 8] },
        window: { rateHz: 4, length: '5s', step: '1s' },
        learn: { for: '5min' },
      },
    },
    mqtt: { url: `mqtt://127.0.0.1:${port}`, pause: { whileChannel: { from: 'fc.vehicle.armed' } } },
  };
}

/** What the same log is told as when it is replayed. */
async function replayed(recording: string) {
  const parsed = parseConfig(JSON.stringify(configOf({ path: '/dev/null', dataDir: '/nowhere', port: 1 })));
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults));
  const flights: DigestFlight[] = [];
  const found: (string | undefined)[] = [];
  await replay({
    ...{ config: parsed.config, source: 'fc', recording, speed: Number.POSITIVE_INFINITY },
    log: createLog('silent'),
    on: {
      flight: (flight) => flights.push(flight),
      incident: ({ event, incident }) => {
        if (event === 'opened') found.push(incident.flight?.channel ?? incident.kind);
      },
    },
  });
  const [flight] = flights;
  if (flight === undefined) throw new Error('a replay finds no flight');
  return { flight, found };
}

const phasesOf = ({ phases }: DigestFlight) => phases.map(({ phase }) => phase);
const secondsOf = ({ phases }: DigestFlight) =>
  phases.map(({ phase, ms }) => `${phase} ${(ms / 1000).toFixed(1)} s`).join(', ');

const isPossible = ['mosquitto', 'socat'].map((name) => needsCommand(name)).every(Boolean);

describe.runIf(isPossible && needsShared(LOG))(
  'a flight over a telemetry port, as fast as it was flown',
  () => {
    test('is told to a subscriber when it is over', { timeout: 600_000 }, async () => {
      const recording = sharedPath(LOG);
      const expected = await replayed(recording);
      await using parts = new AsyncDisposableStack();
      const { path: folder } = parts.use(await newFolder());
      const { port } = parts.use(await startMosquitto());
      const subscriber = parts.use(await subscribeTo(port, 'fieldnote/field/wing'));
      const pty = await startPty();
      parts.defer(() => pty.kill());
      const autopilot = playDevice(pty);
      parts.defer(() => void autopilot.destroy());
      autopilot.resume();
      const config = configOf({ path: realpathSync(pty.portPath), dataDir: join(folder, 'data'), port });
      const daemon = parts.use(new Daemon(writeConfig(folder, config)));
      await daemon.logged(/^source fc is open/);

      const told = new AbortController();
      let disarmedMs: number | undefined;
      let wasArmed = false;
      const playing = playAtItsRate(
        readTelemetryLog(recording),
        ({ bytes, isArmed }) => {
          autopilot.write(bytes);
          if (isArmed === false && wasArmed) disarmedMs ??= performance.now();
          wasArmed = isArmed ?? wasArmed;
        },
        told.signal,
      );
      const event = await eventually(() => {
        const [digest] = subscriber.digests;
        if (digest === undefined) throw new Error('no digest has come');
        return digest;
      }, 500_000).finally(() => told.abort());
      const toldMs = performance.now();
      const lateMs = await playing;

      const { data, lane, type } = event;
      const { flight } = data;
      if (flight === undefined || disarmedMs === undefined) throw new Error('it is a digest of no flight');
      console.log(`live:   ${secondsOf(flight)}; played at most ${lateMs.toFixed(0)} ms late`);
      console.log(`replay: ${secondsOf(expected.flight)}`);
      console.log(`incidents ${data.counts.incidents}: ${expected.found.join(', ') || 'none'}`);
      console.log(`from the heartbeat "disarmed" to the subscriber: ${(toldMs - disarmedMs).toFixed(0)} ms`);
      console.log(data.text);

      expect({ lane, type }).toEqual({ lane: 'evidence', type: 'fieldnote.digest.flight' });
      expect(flight).toMatchObject({
        ended: 'disarmed',
        asset: { key: 'wing' },
        notTold: ['battery', 'esc'],
      });
      expect(phasesOf(flight)).toEqual(phasesOf(expected.flight));
      for (const [at, { ms }] of flight.phases.entries())
        expect(Math.abs(ms - (expected.flight.phases[at]?.ms ?? 0))).toBeLessThan(TOLERANCE_MS + lateMs);
      expect(flight.vibration).toEqual(expected.flight.vibration);
      // This vehicle has no sensor of its battery and says 0 V.
      expect(flight.batteryLeastV).toBeNull();
      expect(data.counts).toMatchObject({ incidents: expected.found.length, critical: 0 });
      expect(data.text).toMatch(/^Flight of .* told nothing of: battery, esc/);
    });
  },
);
