import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Answer, Bus } from '../../src/modbus/bus.ts';
import { rtu } from '../../src/modbus/framing.ts';
import { recordingClock } from '../../src/system/clock.ts';
import { type Conduct, OddSlave, registerOf } from '../support/odd-slave.ts';

const ANSWER_MS = 200;
const LATE_MS = 250;

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

interface RigOptions {
  readonly conduct?: (count: number, unit: number) => Conduct;
  readonly units?: readonly number[];
  readonly hasQuarantine?: boolean;
  readonly pauseMs?: number;
}

/** A bus and its slaves, in time that passes at once. */
function rigOf({
  conduct = () => 'right',
  units = [1, 2],
  hasQuarantine = true,
  pauseMs = 2,
}: RigOptions = {}) {
  const clock = { ...recordingClock(), monoMs: () => Date.now() };
  const late: number[] = [];
  const slave = new OddSlave({ units, conduct, send: (bytes) => bus.hear(bytes, clock.monoMs()) });
  const bus = new Bus({
    ...{ framing: rtu, clock, hasQuarantine, onLate: (_, ms) => late.push(ms) },
    timing: { characterMs: 1, pauseMs, settleMs: 50 },
    send: (frame) => slave.hear(frame),
  });
  bus.open();
  const read = (address: number, { unit = 1, count = 2, isProbe = false } = {}) =>
    bus.ask({ unit, function: 3, address, count }, { answerMs: ANSWER_MS, isProbe });
  return { bus, slave, read, late };
}

/** Lets time pass until the answer is there. */
async function settled<T>(work: Promise<T>): Promise<T> {
  let isDone = false;
  void work.then(() => {
    isDone = true;
  });
  while (!isDone) await vi.advanceTimersToNextTimerAsync();
  return work;
}

function isRight(answer: Answer, address: number, unit = 1): boolean {
  return (
    answer.kind === 'data' && new DataView(answer.data.buffer).getUint16(0) === registerOf(unit, address)
  );
}

async function manyReads(rig: ReturnType<typeof rigOf>, count: number) {
  const seen = { right: 0, wrong: 0, failed: 0 };
  for (let index = 0; index < count; index += 1) {
    const address = (index % 5) * 100;
    const answer = await settled(rig.read(address));
    if (answer.kind !== 'data') seen.failed += 1;
    else if (isRight(answer, address)) seen.right += 1;
    else seen.wrong += 1;
  }
  return seen;
}

describe('a Modbus bus', () => {
  test('gives what is in the registers that were asked for', async () => {
    const answer = await settled(rigOf().read(40, { unit: 2 }));
    expect(isRight(answer, 40, 2)).toBe(true);
  });

  test('asks one thing at a time, in order', async () => {
    const rig = rigOf({ conduct: () => ({ lateMs: 10 }) });
    const answers = await settled(Promise.all([rig.read(0), rig.read(100, { unit: 2 }), rig.read(200)]));
    expect(answers.map((answer, at) => isRight(answer, at * 100, at === 1 ? 2 : 1))).toEqual([
      true,
      true,
      true,
    ]);
  });

  test('takes no late reply for the answer to the next request', async () => {
    const rig = rigOf({ conduct: (count) => (count % 7 === 0 ? { lateMs: LATE_MS } : 'right') });
    expect(await manyReads(rig, 300)).toMatchObject({ wrong: 0 });
    expect(rig.late.length).toBeGreaterThan(30);
  });

  test('would take late replies for answers without its quarantine', async () => {
    const conduct = (count: number): Conduct => (count % 7 === 0 ? { lateMs: LATE_MS } : 'right');
    const { wrong } = await manyReads(rigOf({ conduct, hasQuarantine: false }), 300);
    expect(wrong).toBeGreaterThan(20);
  });

  test('takes no late reply for an answer even when it comes after the quarantine', async () => {
    const rig = rigOf({ conduct: (count) => (count % 7 === 0 ? { lateMs: 900 } : 'right') });
    const { right, wrong } = await manyReads(rig, 300);
    expect(wrong).toBe(0);
    expect(right).toBeGreaterThan(200);
    expect(rig.bus.latestMs).toBeGreaterThan(890);
  });

  test('is wrong about nothing at a slave that is always later than any quarantine', async () => {
    const rig = rigOf({ conduct: () => ({ lateMs: 700 }) });
    expect(await manyReads(rig, 50)).toMatchObject({ wrong: 0 });
  });

  test.each<[Conduct, Answer['kind']]>([
    ['silent', 'silent'],
    ['truncated', 'damaged'],
    ['damaged', 'damaged'],
    ['wrong-unit', 'foreign'],
    ['wrong-function', 'foreign'],
    ['wrong-length', 'foreign'],
    ['exception', 'exception'],
    ['noise', 'data'],
    ['echo', 'data'],
  ])('says of a reply that is %s: %s, and reads rightly after it', async (conduct, kind) => {
    const rig = rigOf({ conduct: (count) => (count === 1 ? conduct : 'right') });
    expect((await settled(rig.read(0))).kind).toBe(kind);
    expect(isRight(await settled(rig.read(300)), 300)).toBe(true);
  });

  test('reads a single register again after a lost reply, also where its neighbour is refused', async () => {
    const rig = rigOf({
      conduct: (count) => (count === 1 ? 'silent' : count === 2 ? 'exception' : 'right'),
    });
    await settled(rig.read(0, { count: 1 }));
    expect(isRight(await settled(rig.read(300, { count: 1 })), 300)).toBe(true);
  });

  test('waits little after a probe: a unit that is dead costs the others one wait', async () => {
    const rig = rigOf({ units: [1] });
    await settled(rig.read(0, { unit: 9, isProbe: true }));
    const beganMs = Date.now();
    expect(isRight(await settled(rig.read(100)), 100)).toBe(true);
    expect(Date.now() - beganMs).toBeLessThanOrEqual(52);
  });

  test('lets units that are away take a twentieth of the line together', () => {
    const { bus } = rigOf();
    expect(bus.reserveProbe(ANSWER_MS)).toBe(0);
    expect(bus.reserveProbe(ANSWER_MS)).toBe(5000);
    vi.advanceTimersByTime(5000);
    expect(bus.reserveProbe(ANSWER_MS)).toBe(0);
  });

  test('fails at once what is asked over a link that is closed', async () => {
    const rig = rigOf({ conduct: () => 'silent' });
    const asked = rig.read(0);
    await vi.advanceTimersByTimeAsync(10);
    rig.bus.close();
    expect((await asked).kind).toBe('closed');
    expect((await rig.read(0)).kind).toBe('closed');
  });

  test('is not stuck while nothing is asked, and while units that do not answer are asked one after the other', async () => {
    const { bus, read } = rigOf({ conduct: () => 'silent' });
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(bus.stuck).toBeUndefined();
    let isDone = false;
    const asked = Promise.all(Array.from({ length: 300 }, () => read(0))).then(() => {
      isDone = true;
    });
    const beganMs = Date.now();
    while (!isDone) {
      await vi.advanceTimersByTimeAsync(1000);
      expect(bus.stuck).toBeUndefined();
    }
    await asked;
    expect(Date.now() - beganMs).toBeGreaterThan(120_000);
  });

  test('is not stuck while a request waits for a line full of noise', async () => {
    const { bus, read } = rigOf({ pauseMs: 500 });
    bus.hear(Buffer.from([1]), Date.now());
    const asked = read(0);
    for (let heard = 0; heard < 500; heard++) {
      expect(bus.stuck).toBeUndefined();
      await vi.advanceTimersByTimeAsync(400);
      bus.hear(Buffer.from([1]), Date.now());
    }
    expect(isRight(await settled(asked), 0)).toBe(true);
  });

  test('is stuck when a request does not end, and says for how long', async () => {
    const { bus, read } = rigOf({ conduct: () => 'silent' });
    const asked = read(0);
    await vi.advanceTimersByTimeAsync(10);
    // Time passes, and no timer comes.
    vi.setSystemTime(Date.now() + 55_000);
    expect(bus.stuck).toBeUndefined();
    vi.setSystemTime(Date.now() + 10_000);
    expect(bus.stuck).toBe('has not gone on with its requests for 65 s');
    await settled(asked);
    expect(bus.stuck).toBeUndefined();
  });
});
