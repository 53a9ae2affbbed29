/**
 * Loaded before a program (`node --import`): lets its clocks and its intervals run FIELDNOTE_TEST_SPEED times as fast, so
 * that a day passes in half a minute. Deadlines (`setTimeout`) stay as they are: a machine works no faster by it.
 */
const speed = Number(process.env['FIELDNOTE_TEST_SPEED'] ?? 1);

const hrtimeNs = process.hrtime.bigint;
const beginNs = hrtimeNs();
process.hrtime.bigint = () => beginNs + (hrtimeNs() - beginNs) * BigInt(speed);

const wallMs = Date.now;
const beginMs = wallMs();
Date.now = () => beginMs + (wallMs() - beginMs) * speed;

const { setInterval: slowInterval } = globalThis;
globalThis.setInterval = ((work: () => void, ms: number, ...rest: []) =>
  slowInterval(work, ms / speed, ...rest)) as typeof setInterval;
