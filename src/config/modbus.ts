import { z } from 'zod';
import { duration } from './duration.ts';

/** A device on a Modbus line, as one source. Several sources may share a line: those with the same link. */

export const modbus = z.strictObject({
  unit: z.int().min(0).max(255).describe('Address of the device on its line, 1 to 247.'),
  profile: z
    .string()
    .min(1)
    .describe(
      'Register map: the name of one that ships (docs/modbus.md), or the path of your own YAML file.',
    ),
  channels: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('Only these channels of the profile; all of them when absent.'),
  every: duration('10ms', '1d').prefault('1s').describe('How often its values are read.'),
  timeout: duration('5ms', '10s')
    .prefault('300ms')
    .describe('How long the device may take to begin its answer; the time on the line comes on top.'),
  pause: duration('0ms', '1s')
    .optional()
    .describe(
      'Silence before each request on this line; what the standard asks for (3.5 characters) when absent. ' +
        'The longest of the sources on the line counts.',
    ),
  framing: z
    .enum(['rtu', 'tcp'])
    .optional()
    .describe(
      'rtu on serial ports and through transparent device servers, tcp for Modbus TCP. By the link when absent: ' +
        'serial has rtu, tcp has tcp.',
    ),
  write: z
    .array(z.string())
    .default([])
    .describe('Channels of the profile that `fieldnote modbus write` may write. Nothing else ever writes.'),
});

export type ModbusConfig = z.output<typeof modbus>;

/** A source as it stands in the configuration; each key may be wrong in itself. */
export interface LineParts {
  readonly protocol?: unknown;
  readonly link?: {
    readonly type?: unknown;
    readonly path?: unknown;
    readonly host?: unknown;
    readonly port?: unknown;
  };
  readonly modbus?: { readonly framing?: unknown } | undefined;
}

type FaultAt = (path: readonly string[], message: string, input?: unknown) => void;

/** What must fit together: protocol and settings of each source, and the links of sources on one line. */
export function checkModbus(
  sources: Readonly<Record<string, LineParts | undefined>>,
  faultAt: FaultAt,
): void {
  const lines = new Map<
    string,
    { readonly key: string; readonly link: string; readonly isModbus: boolean }
  >();
  for (const [key, { protocol, link = {}, modbus: settings } = {}] of Object.entries(sources)) {
    const isModbus = protocol === 'modbus';
    if (isModbus !== (settings !== undefined))
      faultAt([key, 'modbus'], isModbus ? 'is missing: protocol modbus needs it' : 'needs protocol: modbus');
    if (isModbus && link.type === 'file')
      faultAt(
        [key, 'link', 'type'],
        'cannot be asked: a recording of Modbus is read with another protocol',
        link.type,
      );
    if (settings?.framing === 'tcp' && link.type === 'serial')
      faultAt([key, 'modbus', 'framing'], 'is not spoken on serial ports', settings.framing);
    const line = link.type === 'tcp' ? `${link.host}:${link.port}` : String(link.path);
    const first = lines.get(line);
    if (first === undefined) lines.set(line, { key, link: JSON.stringify(link), isModbus });
    else if (isModbus !== first.isModbus)
      faultAt([key, 'link'], `is that of source ${first.key}, which speaks another protocol`, line);
    else if (isModbus && JSON.stringify(link) !== first.link)
      faultAt([key, 'link'], `differs from that of source ${first.key} on the same line`, line);
  }
}
