import { closeSync, writeSync } from 'node:fs';
import { toFrame } from '../../src/isolate/frames.ts';
import { CHANNEL_FD, serve } from '../../src/isolate/serve.ts';

/** A child process that does what it is told, most of it wrong. */
const ACTIONS = {
  echo: (value: unknown) => value,
  environment: () => Object.keys(process.env),
  throw: (value: unknown) => {
    throw new Error(String(value));
  },
  crash: () => {
    process.kill(process.pid, 'SIGSEGV');
    return never();
  },
  abort: () => process.abort(),
  exit: (value: unknown) => {
    console.error(value);
    process.exit(3);
  },
  hang: () => never(),
  block: () => {
    for (;;);
  },
  'eat memory': () => {
    for (const eaten: unknown[] = []; ; ) eaten.push(Array(1000).fill(eaten.length));
  },
  garbage: () => raw(Buffer.from('10000000ffffffffffffffffffffffffffffffff', 'hex')),
  'endless frame': () => raw(Buffer.from('ffffffff00', 'hex')),
  'unknown id': () => raw(toFrame({ id: -1, answer: 'to nobody' })),
  'no object': () => raw(toFrame(null)),
  flood: () => {
    for (;;) writeSync(CHANNEL_FD, toFrame({ id: -1, answer: 'x'.repeat(1000) }));
  },
  'close channel': () => {
    closeSync(CHANNEL_FD);
    return never();
  },
  'large answer': () => Buffer.alloc(2 * 1024 * 1024),
  'no value': () => () => 'functions cannot be sent',
} as const;

export interface OddRequest {
  readonly action: keyof typeof ACTIONS;
  readonly value?: unknown;
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}

function raw(bytes: Buffer): Promise<never> {
  writeSync(CHANNEL_FD, bytes);
  return never();
}

serve<OddRequest, unknown>(({ action, value }) => ACTIONS[action](value));
