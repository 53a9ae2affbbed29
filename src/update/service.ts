import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { FieldnoteError, messageOf } from '../system/errors.ts';

const UNIT = 'fieldnote.service';
const CALL_TIMEOUT_MS = 30_000;

export interface ServiceState {
  /** active, activating, deactivating, failed, inactive */
  readonly active: string;
  /** Of its present start; another one after each restart. */
  readonly invocation: string;
  /** How often systemd has started it again by itself. */
  readonly restarts: number;
}

/** The agent, as systemd sees it. */
export interface Service {
  /** Asks for it and does not wait. */
  restart(): Promise<void>;
  state(): Promise<ServiceState>;
}

/** @param systemctl path of the program */
export function systemdService(systemctl = 'systemctl'): Service {
  const call = async (...args: string[]) => {
    try {
      return (await promisify(execFile)(systemctl, args, { timeout: CALL_TIMEOUT_MS })).stdout;
    } catch (error) {
      throw new FieldnoteError(
        'UPDATE_FAILED',
        `systemctl ${args.join(' ')}: ${messageOf(error)}`,
        {},
        error,
      );
    }
  };
  return {
    async restart() {
      await call('reset-failed', UNIT).catch(() => undefined);
      await call('restart', '--no-block', UNIT);
    },
    async state() {
      const text = await call('show', UNIT, '--property=ActiveState,InvocationID,NRestarts');
      const value = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1] ?? '';
      return {
        active: value('ActiveState'),
        invocation: value('InvocationID'),
        restarts: Number(value('NRestarts')),
      };
    },
  };
}
