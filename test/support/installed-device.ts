import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readlinkSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from '../../deploy/deb/run.ts';
import { Daemon, eventually } from './daemon.ts';
import { Machine } from './machine.ts';

/** Kernel files and terminals, for this process and its children alone: nothing stays mounted. Then $0 is the root. */
const ENTER = `mount -t proc proc "$0/proc"; mkdir -p "$0/dev/pts"; mount --bind /dev/pts "$0/dev/pts"; exec chroot "$0" "$@"`;

/** A folder in which the package was installed, as the device that it would be. Needs root and socat. */
export class InstalledDevice {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Runs what a person would type, as root. */
  type(line: string): string {
    const [command = '', ...args] = this.#entering('sh', '-euc', line);
    return run(command, args, { env: { LC_ALL: 'C.UTF-8', TZ: 'UTC' } });
  }

  /** Starts the daemon as its unit does: as its user, in its folder. */
  start(configPath: string): Daemon {
    const user = ['--reuid=fieldnote', '--regid=fieldnote', '--init-groups'];
    return new Daemon(configPath, {}, this.#entering('setpriv', ...user, '/usr/bin/fieldnote'));
  }

  /** Plugs a machine in at a path, until its owner lets it go. */
  async plugIn(path: string): Promise<AsyncDisposable & { readonly machine: Machine }> {
    const machine = new Machine(join(this.#folder, 'machine.sock'));
    const port = join(this.#folder, path);
    rmSync(port, { force: true });
    mkdirSync(dirname(port), { recursive: true });
    const socat = spawn('socat', [`UNIX-CONNECT:${machine.path}`, `PTY,raw,echo=0,link=${port}`]);
    // The rules of udev give the group dialout its port.
    await eventually(() => chmodSync(readlinkSync(port), 0o666));
    return {
      machine,
      async [Symbol.asyncDispose]() {
        machine[Symbol.dispose]();
        if (socat.exitCode === null) await once(socat, 'exit');
      },
    };
  }

  #entering(...command: string[]): string[] {
    return ['unshare', '--mount', 'sh', '-euc', ENTER, this.#folder, ...command];
  }
}
