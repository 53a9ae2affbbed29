import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../deploy/deb/run.ts';

/** A Debian of its own in a folder, for what a package does to a system. Needs root. */
export class Chroot {
  readonly folder: string;

  /** Installs a minimal Debian 12 with what the package depends on: half a minute. */
  constructor(folder: string) {
    this.folder = folder;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const noDocs = ['man', 'locale', 'doc'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`);
    run('mmdebstrap', [
      ...['--variant=essential', '--mode=root', '--quiet', ...noDocs, '--dpkgopt=force-unsafe-io'],
      ...['--aptopt=APT::Install-Recommends "false"', '--include=apt,systemd,udev,libstdc++6'],
      ...['bookworm', folder],
    ]);
    // Nobody may start services here: the system around has its own.
    this.write('/usr/sbin/policy-rc.d', '#!/bin/sh\nexit 101\n', 0o755);
  }

  /** Runs a program in it; throws with all that it wrote when it fails. */
  run(command: string, ...args: string[]): string {
    return run('chroot', [this.folder, command, ...args], { env: { LC_ALL: 'C.UTF-8' } });
  }

  shell(script: string): string {
    return this.run('sh', '-euc', script);
  }

  /** @param path absolute, as it is called inside */
  write(path: string, text: string, mode = 0o644): void {
    writeFileSync(join(this.folder, path), text, { mode });
  }
}
