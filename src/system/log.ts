import { type DestinationStream, type Logger, pino } from 'pino';

/**
 * The log: one JSON object per line on stdout, which journald keeps. Levels by consequence: `warn` when nothing
 * was lost, `error` when data was lost or a person is needed. Secrets never get here: they are read where they
 * are used and no object that holds one is logged.
 */
export function createLog(level: string, destination?: DestinationStream): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return destination === undefined ? pino(options) : pino(options, destination);
}

export type { Logger };
