import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { faultsOf } from '../../test/support/report-ledger.ts';
import type { Card } from './card.ts';
import type { Machine } from './machine.ts';
import type { Broker, Pump } from './plant.ts';
import { expectNothing, type Proof, until } from './proof.ts';
import { LOGIN, SECRET } from './site.ts';

/** What happens to a device in the field, one chapter after the other. */

/** So long everything is as it should be, before something happens. */
const QUIET_MS = 10_000;

export interface Field {
  readonly proof: Proof;
  readonly machine: Machine;
  readonly card: Card;
  readonly broker: Broker;
  readonly pump: Pump;
}

export async function isReady({ proof, machine }: Pick<Field, 'proof' | 'machine'>): Promise<void> {
  await proof.step('the service says that it is ready', async () => {
    await machine.waitFor('systemctl is-active fieldnote', /^active$/);
  });
}

export async function firstStart({
  proof,
  machine,
  card,
}: Pick<Field, 'proof' | 'machine' | 'card'>): Promise<void> {
  await isReady({ proof, machine });
  await proof.step(
    'settings are taken; the secret is encrypted, and its bytes are gone from the card',
    async () => {
      await machine.run('cmp /boot/firmware/fieldnote-taken.yaml /etc/fieldnote/fieldnote.yaml');
      await machine.run(`test -s /etc/credstore.encrypted/${SECRET} && ! test -e /boot/firmware/secrets`);
      await machine.run('! test -e /boot/firmware/fieldnote-ERROR.txt');
      expectNothing(
        'in the clear',
        await machine.run(`grep -l -F '${LOGIN.password}' -r /etc /data /var || true`),
      );
      await machine.run('sync');
      if (card.bootHolds(LOGIN.password)) throw new Error('the boot partition still holds the password');
    },
  );
  await proof.step(
    'nothing listens, no unit has failed, the root is not written, the data fill the card',
    async () => {
      const listening = await machine.run('ss --no-header --listening --tcp --udp --numeric --processes');
      // Whoever asks for an address by DHCP has to hear the answer.
      const own = listening.split('\n').filter((line) => !/:68\s.*"systemd-network"/.test(line));
      expectNothing('listens', own.join('\n'));
      expectNothing('failed', await machine.run('systemctl --failed --no-legend --plain'));
      await machine.run('findmnt --noheadings --output FSTYPE / | grep -qx overlay');
      // What the card has more than the image.
      await machine.waitFor('df --output=size --block-size=1M /data | tail -n 1', /^\s*[4-9]\d\d$/);
    },
  );
  proof.capture('status', await machine.run('systemctl status fieldnote --no-pager --lines=0'));
}

export async function learnAndReport({ proof, machine, broker, pump }: Field): Promise<Socket> {
  const cable = await machine.plugSensor();
  await proof.step('a USB sensor is plugged in, and what it measures is learned', async () => {
    pump.plugInto(cable);
    await until(
      'the pump is watched',
      () => broker.health?.assets['pump1']?.phase === 'watching',
      () => broker.health,
    );
  });
  await proof.step('a fault is reported at the broker', async () => {
    await sleep(QUIET_MS);
    pump.isFaulty = true;
    await until('a report arrives', () => broker.machineReports().length > 0);
  });
  await proof.step('its end is reported', async () => {
    pump.isFaulty = false;
    await until('the end arrives', () => broker.machineReports().at(-1)?.data.event === 'closed');
  });
  await proof.step('the language model tells it in its own words, inside of the sandbox', async () => {
    const told = () => broker.reports.find(({ data }) => data.provenance.textBy === 'llm');
    await until(
      'its text arrives',
      () => told() !== undefined,
      () => broker.health?.writer,
    );
    proof.capture('report', told()?.data.text ?? '');
  });
  proof.capture(
    'journal',
    await machine.run('journalctl --unit=fieldnote --no-pager --output=cat --lines=40'),
  );
  return cable;
}

export async function pullTheCable({ proof, machine, broker, pump }: Field, cable: Socket): Promise<void> {
  await proof.step('the cable is pulled, and the source is missing', async () => {
    cable.destroy();
    await until(
      'it is missing',
      () => broker.health?.sources['mcu'] !== 'open',
      () => broker.health?.sources,
    );
  });
  await proof.step('it is plugged in again, and read again', async () => {
    pump.plugInto(await machine.plugSensor());
    await until(
      'it is open',
      () => broker.health?.sources['mcu'] === 'open',
      () => broker.health?.sources,
    );
    // What was said about the sensor is over before the machine has its next fault.
    await until(
      'nothing is open',
      () => broker.openIncidents().length === 0,
      () => broker.openIncidents(),
    );
  });
}

export async function loseLinkAndPower({ proof, machine, broker, pump }: Field): Promise<void> {
  await proof.step('the link is cut; a report of the next fault waits in the store', async () => {
    await sleep(QUIET_MS);
    await machine.link(false);
    pump.isFaulty = true;
    await machine.waitFor('systemctl show fieldnote --property StatusText', /accepted, [1-9]\d* waiting/);
    if (broker.openIncidents().length > 0) throw new Error('the link was not cut');
  });
  await proof.step('the power is cut in the middle of the incident', () => machine.cutPower());
}

/** @param before how many reports had arrived before the power was cut */
export async function comeBack({ proof, machine, broker, pump }: Field, before: number): Promise<void> {
  await isReady({ proof, machine });
  await proof.step('the report from before the power cut arrives; every sequence is complete', async () => {
    pump.plugInto(await machine.plugSensor());
    await until('a report arrives', () => broker.reports.length > before);
    pump.isFaulty = false;
    await until('every incident is closed', () => broker.openIncidents().length === 0);
    await until(
      'nothing waits',
      () => broker.pendingCount() === 0,
      () => broker.health?.store,
    );
    expectNothing('reports', faultsOf(broker.reports, broker.acceptedCount()).join('\n'));
  });
}

export async function hang({ proof, machine }: Pick<Field, 'proof' | 'machine'>): Promise<void> {
  const restarts = 'systemctl show fieldnote --property NRestarts --value';
  await proof.step('the service is started with a signal that blocks its event loop', async () => {
    const hook = "process.on('SIGUSR2',()=>{for(;;);})";
    const folder = '/run/systemd/system/fieldnote.service.d';
    await machine.run(`mkdir -p ${folder}`);
    await machine.run(
      `printf '%s\\n' '[Service]' "Environment=\\"NODE_OPTIONS=--import=data:text/javascript,${hook}\\"" > ${folder}/hang.conf`,
    );
    await machine.run('systemctl daemon-reload; systemctl restart fieldnote', 240_000);
  });
  await proof.step('its event loop hangs; the watchdog ends it, and it is ready again', async () => {
    const before = Number(await machine.run(restarts));
    await machine.run('systemctl kill --kill-whom=main --signal=SIGUSR2 fieldnote');
    await machine.waitFor(restarts, new RegExp(`^${before + 1}$`));
    const said = await machine.run('journalctl --unit=fieldnote --no-pager --output=cat --lines=200');
    if (!/Watchdog timeout/.test(said)) throw new Error(`it was not the watchdog:\n${said}`);
    await machine.waitFor('systemctl is-active fieldnote', /^active$/);
  });
}
