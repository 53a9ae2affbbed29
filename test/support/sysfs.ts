import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A tree of files as sysfs has them. Links are relative to the root: `{ 'class/hwmon/hwmon0': { link: 'devices/…' } }`. */
export class FakeSysfs {
  readonly root = mkdtempSync(join(tmpdir(), 'fieldnote-sysfs-'));

  path(name: string): string {
    return join(this.root, name);
  }

  write(files: Readonly<Record<string, string>>): this {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(this.path(name)), { recursive: true });
      writeFileSync(this.path(name), text);
    }
    return this;
  }

  link(name: string, target: string): this {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    if (!existsSync(this.path(target))) mkdirSync(this.path(target), { recursive: true });
    symlinkSync(this.path(target), this.path(name));
    return this;
  }

  remove(name: string): void {
    rmSync(this.path(name), { recursive: true, force: true });
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** A thermometer on 1-Wire as the kernel's hwmon shows it, in thousandths of a degree. */
export function addThermometer(sysfs: FakeSysfs, number: number, address: string, milli: number): void {
  sysfs.link(`class/hwmon/hwmon${number}`, `devices/w1/${address}/hwmon${number}`);
  sysfs.link(`devices/w1/${address}/hwmon${number}/device`, `devices/w1/${address}`);
  sysfs.write({
    [`class/hwmon/hwmon${number}/name`]: 'w1_slave_temp\n',
    [`class/hwmon/hwmon${number}/temp1_input`]: `${milli}\n`,
  });
}
