import { readProfile } from '../modbus/read-profile.ts';
import { blocksOf, placedChannels, requestOf, valuesOf, writeOf } from '../modbus/registers.ts';
import { FieldnoteError } from '../system/errors.ts';
import { badArgument, type LineOptions, openLine, targetOf, troubleOf } from './modbus-connection.ts';

/**
 * `fieldnote modbus write`: one value, to a channel that `modbus.write` of the source allows, and reads it back.
 * @throws FieldnoteError BAD_ARGUMENT when it is not allowed or does not fit; LINK_SILENT when it did not work
 */
export async function modbusWrite(name: string, text: string, options: LineOptions): Promise<void> {
  const target = targetOf(options);
  const { modbus } = target;
  if (options.source === undefined || !modbus.write.includes(name))
    throw badArgument(
      `${name} may not be written: allow it under sources.<key>.modbus.write, and name the source with --source`,
    );
  const profile = readProfile(modbus.profile);
  const [channel] = placedChannels(profile, [name]);
  const [block] = blocksOf(channel === undefined ? [] : [channel], profile);
  if (channel?.write === undefined || block === undefined)
    throw badArgument(
      `${name} may not be written: profile ${modbus.profile} gives it no write: [least, greatest]`,
    );
  const [least, greatest] = channel.write;
  const value = Number(text);
  if (text.trim() === '' || !(value >= least && value <= greatest))
    throw badArgument(`${name} ${text}: must be a number from ${least} to ${greatest}`);
  await using line = await openLine(target);
  const ask = (request: Parameters<typeof line.bus.ask>[0]) =>
    line.bus.ask(request, { answerMs: line.answerMs });
  const written = await ask(writeOf(channel, modbus.unit, value));
  const read = written.kind === 'data' ? await ask(requestOf(block, modbus.unit)) : written;
  if (read.kind !== 'data')
    throw new FieldnoteError(
      'LINK_SILENT',
      `Unit ${modbus.unit} did not confirm ${name}: ${troubleOf(read)}`,
    );
  const now = valuesOf(block, read.data)[0]?.value ?? Number.NaN;
  process.stdout.write(`${name} is ${now} ${channel.unit} now\n`);
}
