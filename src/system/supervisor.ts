import { createRequire } from 'node:module';
import { FieldnoteError, messageOf } from './errors.ts';

/** Compiled of notify.c when a package is built; a checkout has none and needs none. */
const NOTIFIER = new URL('./notify.node', import.meta.url);

/** While it starts it asks for so much more time, again and again, and gets no more than the longest in all. */
const START = { extendMs: 60_000, everyMs: 10_000, longestMs: 30 * 60_000 } as const;

/** Sends one message of sd_notify(3) to whoever supervises this process. */
type Notify = (text: string) => void;

export interface SupervisorOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  /** Throws when the notifier cannot be loaded. */
  readonly load?: () => Notify;
}

/** systemd, if it started this process and wants to know how it is. Without one nobody is told, and nothing fails. */
export class Supervisor {
  /** Without a sign of life for so long it ends this process; undefined when it does not watch. */
  readonly watchdogMs: number | undefined;
  readonly #notify: Notify;

  /**
   * @throws FieldnoteError NOTIFIER_UNAVAILABLE when it watches and cannot be told: it would end this process again and again
   */
  constructor({ env, pid, load = loadNotifier }: SupervisorOptions) {
    this.watchdogMs = watchdogMsOf(env, pid);
    this.#notify = env['NOTIFY_SOCKET'] ? this.#loaded(load) : () => undefined;
  }

  /** Waits for the start, and asks for more time as long as it is under way. */
  async starting<T>(status: string, start: Promise<T>): Promise<T> {
    const extend = () => this.#notify(`STATUS=${status}\nEXTEND_TIMEOUT_USEC=${START.extendMs * 1000}`);
    extend();
    const timer = setInterval(extend, START.everyMs);
    const end = setTimeout(() => clearInterval(timer), START.longestMs);
    try {
      return await start;
    } finally {
      clearInterval(timer);
      clearTimeout(end);
    }
  }

  ready(): void {
    this.#notify('READY=1');
  }

  /** One line for `systemctl status`. */
  status(text: string): void {
    this.#notify(`STATUS=${text.replaceAll('\n', ' ')}`);
  }

  alive(): void {
    this.#notify('WATCHDOG=1');
  }

  stopping(): void {
    this.#notify('STOPPING=1\nSTATUS=stopping');
  }

  #loaded(load: () => Notify): Notify {
    try {
      return load();
    } catch (error) {
      if (this.watchdogMs === undefined) return () => undefined;
      const message =
        `systemd watches this process (WatchdogSec=) and cannot be told that it lives: ${messageOf(error)}. ` +
        'Install the package again, or run a checkout without WatchdogSec= and with Type=exec.';
      throw new FieldnoteError('NOTIFIER_UNAVAILABLE', message, {}, error);
    }
  }
}

/** The watchdog may be meant for another process, such as the one that started this one (sd_watchdog_enabled(3)). */
function watchdogMsOf(env: SupervisorOptions['env'], pid: number): number | undefined {
  const isOurs = env['WATCHDOG_PID'] === undefined || env['WATCHDOG_PID'] === String(pid);
  const watchdogMs = Number(env['WATCHDOG_USEC']) / 1000;
  return isOurs && watchdogMs > 0 ? watchdogMs : undefined;
}

function loadNotifier(): Notify {
  const { notify } = createRequire(import.meta.url)(NOTIFIER.pathname) as { notify: Notify };
  return notify;
}
