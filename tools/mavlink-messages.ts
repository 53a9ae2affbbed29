import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { layoutOf, type MessageDefinition } from '../src/decode/mavlink/layout.ts';

/**
 * Makes src/decode/mavlink/messages.json from the published message definitions:
 *
 *     node tools/mavlink-messages.ts FOLDER && npx biome check --write src/decode/mavlink/messages.json
 *
 * FOLDER is message_definitions/v1.0 of github.com/mavlink/mavlink, here as the crate `mavlink` 0.17.1 of crates.io
 * carries it. Its generator is LGPL-3.0; its file COPYING puts what is generated from the messages under the MIT licence. Only
 * numbers, names, types and order of the fields are taken, no text.
 */

/** With everything that it includes. */
const ROOT = 'all.xml';

/** What the agent reads, writes, or takes the time from; all others are only told apart from noise. */
const WANTED = [
  ['HEARTBEAT', 'SYS_STATUS', 'SYSTEM_TIME', 'GPS_RAW_INT', 'RAW_IMU', 'ATTITUDE', 'GLOBAL_POSITION_INT'],
  ['SERVO_OUTPUT_RAW', 'NAV_CONTROLLER_OUTPUT', 'VFR_HUD', 'COMMAND_LONG', 'COMMAND_ACK', 'ATTITUDE_TARGET'],
  ['HIGHRES_IMU', 'SCALED_IMU2', 'POWER_STATUS', 'SCALED_IMU3', 'BATTERY_STATUS', 'EKF_STATUS_REPORT'],
  ['ESTIMATOR_STATUS', 'VIBRATION', 'EXTENDED_SYS_STATE', 'STATUSTEXT', 'ESC_INFO', 'ESC_STATUS'],
  ['ESC_TELEMETRY_1_TO_4', 'ESC_TELEMETRY_5_TO_8'],
  ['ESC_TELEMETRY_9_TO_12', 'ESC_TELEMETRY_13_TO_16'],
].flat();

function main(folder: string | undefined): void {
  if (folder === undefined) throw new Error('usage: node tools/mavlink-messages.ts FOLDER');
  const messages = [...readDialect(folder, ROOT, new Set())].sort((a, b) => a.id - b.id);
  const wanted = WANTED.map((name) => messages.find((message) => message.name === name) ?? missing(name));
  const layouts = messages.map(layoutOf);
  const table = {
    decoded: wanted.sort((a, b) => a.id - b.id),
    known: {
      ids: layouts.map(({ id }) => id),
      crcExtras: layouts.map(({ crcExtra }) => crcExtra),
      baseSizes: layouts.map(({ baseSize }) => baseSize),
    },
  };
  const path = join(import.meta.dirname, '../src/decode/mavlink/messages.json');
  writeFileSync(path, JSON.stringify(table, undefined, 2));
  console.log(`${layouts.length} messages, ${wanted.length} of them with their fields`);
}

/** A definition that comes twice, as a dialect may repeat one, counts once. */
function* readDialect(
  folder: string,
  file: string,
  seen: Set<number | string>,
): Generator<MessageDefinition> {
  if (seen.has(file)) return;
  seen.add(file);
  const text = readFileSync(join(folder, file), 'utf8').replace(/<!--[\s\S]*?-->/g, '');
  for (const [, included = ''] of text.matchAll(/<include>([\w.]+)<\/include>/g))
    yield* readDialect(folder, included, seen);
  for (const [, id, name = '', body = ''] of text.matchAll(
    /<message id="(\d+)" name="(\w+)"[^>]*>([\s\S]*?)<\/message>/g,
  )) {
    if (seen.has(Number(id))) continue;
    seen.add(Number(id));
    const [base = '', extensions = ''] = body.split(/<extensions\s*\/>/);
    yield { id: Number(id), name, fields: fieldsOf(base), extensions: fieldsOf(extensions) };
  }
}

function fieldsOf(body: string): string[] {
  return [...body.matchAll(/<field\s[^>]*>/g)].map(([tag]) => {
    const [, type = '', length = ''] = /\btype="(\w+?)(?:_mavlink_version)?(\[\d+\])?"/.exec(tag) ?? [];
    return `${type} ${/\bname="(\w+)"/.exec(tag)?.[1]}${length}`;
  });
}

function missing(name: string): never {
  throw new Error(`the definitions have no message ${name}`);
}

main(process.argv[2]);
