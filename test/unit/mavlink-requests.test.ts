import { describe, expect, test } from 'vitest';
import { MavlinkDecoder } from '../../src/decode/mavlink/decoder.ts';
import { Framer } from '../../src/decode/mavlink/framer.ts';
import type { MavlinkOptions } from '../../src/decode/mavlink/options.ts';
import { reader } from '../../src/decode/mavlink/read-field.ts';
import { MavlinkVehicle } from '../support/mavlink-vehicle.ts';

const HEARTBEAT = 0;
const COMMAND_LONG = 76;
const command = { id: reader('COMMAND_LONG', 'param1'), intervalUs: reader('COMMAND_LONG', 'param2') };

interface Said {
  readonly id: number;
  readonly from: string;
  readonly wantedId: number;
  readonly intervalUs: number;
  readonly isSigned: boolean;
}

/** A vehicle and the agent that listens to it, on a made-up time. */
function rig(mavlink: MavlinkOptions = { request: true }) {
  const said: Said[] = [];
  const ignore = () => undefined;
  const framer = new Framer({
    onPacket: ({ id, system, component, payload, isSigned }) =>
      said.push({
        ...{ id, from: `${system}.${component}`, isSigned },
        ...{ wantedId: command.id(payload), intervalUs: command.intervalUs(payload) },
      }),
    onUnknown: ignore,
    onSkipped: ignore,
  });
  const decoder = new MavlinkDecoder({ source: 'fc', mavlink, send: (bytes) => framer.push(bytes) });
  const key = mavlink.signingKey;
  const vehicle = new MavlinkVehicle({ system: 7, ...(key && { key }) });
  let nowMs = 0;
  const hear = (packet: Uint8Array) => decoder.decode(packet, nowMs);
  const asked = () => said.filter(({ id }) => id === COMMAND_LONG);
  return {
    ...{ said, vehicle, hear, asked, decoder },
    /** @param answer MAV_RESULT to each question, or none */
    run(seconds: number, answer?: (wantedId: number) => number | undefined, isAlive = true) {
      for (let tick = 0; tick < seconds * 4; tick++) {
        nowMs += 250;
        if (isAlive && tick % 4 === 0) hear(vehicle.heartbeat());
        const before = asked().length;
        decoder.tick(nowMs);
        for (const { wantedId } of asked().slice(before)) {
          const result = answer?.(wantedId);
          if (result !== undefined) hear(vehicle.say('COMMAND_ACK', { command: 511, result }));
        }
      }
    },
  };
}

const ACCEPTED = () => 0;
const countOf = (items: readonly Said[], wantedId: number) =>
  items.filter((item) => item.wantedId === wantedId).length;

describe('what is said to a vehicle', () => {
  test('is nothing unless the configuration asks for it', () => {
    for (const options of [{}, { request: false }, { signingKey: new Uint8Array(32) }]) {
      const { said, run } = rig(options);
      run(60, ACCEPTED);
      expect(said).toEqual([]);
    }
  });

  test('is nothing before its heartbeat is heard', () => {
    const { said, run } = rig();
    run(10, ACCEPTED, false);
    expect(said).toEqual([]);
    run(1, ACCEPTED);
    expect(said.length).toBeGreaterThan(0);
  });

  test('is a heartbeat each second, as a component of that vehicle, and questions, and no more', () => {
    const { said, run } = rig();
    run(30, ACCEPTED);
    expect(said.filter(({ id }) => id === HEARTBEAT).length).toBe(30);
    expect(new Set(said.map(({ id }) => id))).toEqual(new Set([HEARTBEAT, COMMAND_LONG]));
    expect(new Set(said.map(({ from }) => from))).toEqual(new Set(['7.191']));
  });

  test('asks for each message once when it is granted and comes', () => {
    const { asked, run, hear, vehicle } = rig();
    for (let second = 0; second < 60; second++) {
      run(1, ACCEPTED);
      for (const { wantedId } of asked()) if (wantedId === 30) hear(vehicle.attitude(second * 1000));
    }
    expect(countOf(asked(), 30)).toBe(1);
    expect(asked().find(({ wantedId }) => wantedId === 30)?.intervalUs).toBe(100_000);
  });

  test('asks again for what was granted and does not come, a few times', () => {
    const { asked, run } = rig();
    run(600, ACCEPTED);
    expect(countOf(asked(), 241)).toBe(5);
  });

  test('asks no more for what was refused', () => {
    const { asked, run } = rig();
    run(600, (id) => (id === 241 ? 3 : 0));
    expect(countOf(asked(), 241)).toBe(1);
  });

  test('asks a few times where nothing answers, one question after the other', () => {
    const { asked, run } = rig();
    run(3);
    expect(asked().length).toBe(2);
    run(600);
    const counts = new Set(asked().map(({ wantedId }) => countOf(asked(), wantedId)));
    expect(counts).toEqual(new Set([5]));
  });

  test('begins anew when the autopilot was restarted', () => {
    const { asked, run, hear, vehicle } = rig();
    hear(vehicle.heartbeat());
    hear(vehicle.attitude(90_000));
    run(600, () => 3);
    expect(countOf(asked(), 241)).toBe(1);
    hear(vehicle.attitude(100));
    run(600, () => 3);
    expect(countOf(asked(), 241)).toBe(2);
  });

  test('asks nothing while the vehicle is away', () => {
    const { asked, run } = rig();
    run(1);
    const before = asked().length;
    run(5, undefined, false);
    const within = asked().length;
    run(60, undefined, false);
    expect(within).toBeGreaterThanOrEqual(before);
    expect(asked().length).toBe(within);
  });

  test('is nothing after the link was closed, until a vehicle is heard', () => {
    const { said, run, decoder } = rig();
    run(5, ACCEPTED);
    decoder.reset(5000);
    const before = said.length;
    run(5, ACCEPTED, false);
    expect(said.length).toBe(before);
  });

  test('is signed where a key is configured', () => {
    const { said, run } = rig({ request: true, signingKey: new Uint8Array(32).fill(9) });
    run(5, ACCEPTED);
    expect(said.length).toBeGreaterThan(5);
    expect(said.every(({ isSigned }) => isSigned)).toBe(true);
  });
});
