import { readFileSync } from 'node:fs';
import { startAgent } from '../agent.ts';
import { loadConfig } from '../config/load.ts';
import { readSecrets } from '../publish/secrets.ts';
import { deviceIdOf } from '../system/device-id.ts';
import { messageOf } from '../system/errors.ts';
import { limitHeapGrowth } from '../system/heap.ts';
import { createLog, type Logger } from '../system/log.ts';
import { Pulse, type VitalSign } from '../system/pulse.ts';
import { strainOf } from '../system/strain.ts';
import { Supervisor } from '../system/supervisor.ts';
import { agentVersion } from '../system/version.ts';
import { RELEASES_FOLDER, Releases } from '../update/releases.ts';
import { EXIT } from './exit.ts';

/** A stop that takes longer was not going to end. systemd would wait 90 s and then kill. */
const STOP_TIMEOUT_MS = 10_000;

const BOOT_ID_FILE = '/proc/sys/kernel/random/boot_id';

/**
 * `fieldnote run`: watches until SIGTERM or SIGINT.
 * @throws FieldnoteError when the configuration, a secret or the store forbids to start
 */
export async function run(configPath: string): Promise<void> {
  limitHeapGrowth();
  const supervisor = new Supervisor({ env: process.env, pid: process.pid });
  const { config, sha256 } = loadConfig(configPath);
  const secrets = () => readSecrets(config.mqtt ?? {}, process.env['CREDENTIALS_DIRECTORY']);
  // Now, so that one that is missing is seen at the start.
  await secrets();
  const log = createLog(config.logLevel);
  log.info({ config: configPath, sha256 }, `Fieldnote ${agentVersion} starts`);
  const bootId = readFileSync(BOOT_ID_FILE, 'utf8').trim();
  const deviceId = deviceIdOf(config.dataDir);
  const releases = new Releases({ folder: RELEASES_FOLDER, configurationPath: configPath });
  const device = { bootId, deviceId, strain: strainOf, releases };
  const onStatus = (line: string) => supervisor.status(line);
  const agent = await supervisor.starting(
    'opening the store',
    startAgent({ config, configSha256: sha256, secrets, ...device, log, onStatus }),
  );
  supervisor.ready();
  supervisor.status(`watching ${Object.keys(config.sources).length} sources`);
  const pulse = startPulse(supervisor, agent.vitalSigns, log);

  const stop = Promise.withResolvers<NodeJS.Signals>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.resolve(signal));
  // A bug in one path must not silence the machine; but nobody knows what state it left, so it ends as a failure.
  process.on('unhandledRejection', (error) => {
    log.fatal(`unexpected: ${error instanceof Error ? error.stack : messageOf(error)}`);
    process.exit(EXIT.failed);
  });
  log.info(`stopping on ${await stop.promise}`);
  pulse?.stop();
  supervisor.stopping();
  const deadline = setTimeout(() => {
    log.error(`stopping took over ${STOP_TIMEOUT_MS / 1000} s; ending now, what is stored stays stored`);
    process.exit(EXIT.failed);
  }, STOP_TIMEOUT_MS);
  await agent.stop();
  clearTimeout(deadline);
}

/** Feeds the watchdog, if there is one, as long as everything lives. */
function startPulse(supervisor: Supervisor, signs: readonly VitalSign[], log: Logger): Pulse | undefined {
  if (supervisor.watchdogMs === undefined) return undefined;
  const pulse = new Pulse({
    signs,
    onAlive: () => supervisor.alive(),
    onFault(faults) {
      supervisor.status(faults.join('; '));
      log.error({ faults }, `not telling the watchdog that all is well: ${faults.join('; ')}`);
    },
  });
  pulse.start(supervisor.watchdogMs);
  return pulse;
}
