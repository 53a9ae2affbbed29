import type { Body, Codes, Definition, Documented, FrameType } from './definition.ts';

/** The protocol for people: docs/reference/wire-protocol.md. */
export function referencePage(definition: Definition): string {
  const { version, limits, timing, types, codes } = definition;
  return [
    ...introduction(version),
    ...framing(),
    '## Frame types',
    '',
    ...table(
      ['type', 'name', 'to the host', 'to the device', 'what it says'],
      types.map(({ name, code, toHost, toDevice, doc }) => [
        `${code}`,
        `**${name.toUpperCase()}**`,
        toHost ? 'yes' : '–',
        toDevice ? 'yes' : '–',
        doc,
      ]),
    ),
    ...types.flatMap((type) => bodiesOf(type, definition)),
    ...Object.values(codes).flatMap(codeTable),
    ...descriptor(definition),
    ...rules(),
    '## Limits',
    '',
    ...table(['limit', 'value', 'meaning'], documented(limits)),
    '## Times',
    '',
    ...table(['time', 'value', 'meaning'], documented(timing)),
    ...checks(),
  ].join('\n');
}

function introduction(version: number): string[] {
  return [
    '# Wire protocol of firmware-bridge',
    '',
    `Version ${version}. Between a microcontroller and its host, over anything that carries bytes in order: a UART, USB CDC,`,
    'RS-232, a socket. The device describes itself, so the host needs no configuration; telemetry is never sent twice,',
    'so whatever is lost is counted instead; a device that can only transmit works too.',
    '',
    'All integers are little-endian. Texts are UTF-8. Times are in ticks of the device, 32 bits, and wrap.',
    '',
  ];
}

function framing(): string[] {
  return [
    '## Framing',
    '',
    '```',
    'wire   COBS(frame) 0x00',
    'frame  u8   version << 6 | type',
    '       u8   stream      0 is the device itself; DATA and BURST name a stream of the descriptor',
    '       u8   sequence    counts the frames of this stream that were put on the wire, modulo 256',
    '       ..   body        0 to 249 bytes',
    '       u16  crc         one’s complement of the CRC-16/MCRF4XX of all before it',
    '```',
    '',
    '* COBS (Cheshire and Baker, 1999) takes every 0x00 out of the frame, so that 0x00 ends it and nothing else. A frame of',
    '  at most 254 bytes grows by exactly one byte; a whole frame costs its body plus 7 bytes.',
    '* CRC-16/MCRF4XX: polynomial 0x1021 reflected (0x8408), initial value 0xFFFF, no final XOR; `123456789` gives 0x6F91, and',
    '  so 0x906E as sent. It is complemented for the reason that HDLC does it: without that, a frame with a zero behind its CRC',
    '  has a right CRC again, and a delimiter whose lowest bit is flipped (0x01) makes just that zero.',
    '* A sender puts one extra 0x00 in front of a frame that finds the line idle, so that noise in between spoils no frame.',
    '  Empty runs between delimiters mean nothing.',
    '* A run of bytes is a frame when it is no longer than 255 bytes, its COBS codes end exactly where it ends, it decodes',
    '  to 5 bytes or more, its CRC is right and its version is known. Anything else is one error; the next delimiter',
    '  starts afresh.',
    '* Frames of unknown types, of unknown streams or in the wrong direction are skipped: a host counts them, a device does',
    '  not answer.',
    '',
  ];
}

function bodiesOf(type: FrameType, { bodies }: Definition): string[] {
  const directions = [
    {
      body: type.toHost,
      title: type.toDevice ? `${type.name.toUpperCase()} to the host` : type.name.toUpperCase(),
    },
    {
      body: type.toDevice,
      title: type.toHost ? `${type.name.toUpperCase()} to the device` : type.name.toUpperCase(),
    },
  ];
  return directions.flatMap(({ body, title }) => (body ? bodySection(title, bodies[body]) : []));
}

function bodySection(title: string, body: Body | undefined): string[] {
  if (body === undefined) return [];
  const fields = body.fields.map(({ name, type, size, doc }) => [
    `\`${name}\``,
    size ? `${type}[\`${size}\`]` : type,
    doc,
  ]);
  return [
    `### ${title}`,
    '',
    ...(body.doc ? [body.doc, ''] : []),
    ...(fields.length > 0 ? table(['field', 'type', 'meaning'], fields) : []),
  ];
}

function codeTable({ title, values }: Codes): string[] {
  const rows = Object.entries(values).map(([name, { code, doc }]) => [`${code}`, `\`${name}\``, doc]);
  return [`### ${title}`, '', ...table(['code', 'name', 'meaning'], rows)];
}

function descriptor({ descriptor: keys, fieldTypes, fieldKinds }: Definition): string[] {
  const rows = (list: Definition['descriptor']['map']) =>
    list.map(({ key, type, required, doc }) => [`\`${key}\``, type, required ? 'yes' : '', doc]);
  const header = ['key', 'type', 'required', 'meaning'];
  return [
    '## Descriptor',
    '',
    'One CBOR map (RFC 8949) with text keys. Only these items occur: integers, texts, arrays and maps of definite length,',
    'and floats; all in the deterministic encoding of section 4.2.1, which means the shortest form of each number, and',
    'keys in the order of their encoded bytes. A number without a fraction is an integer. A host skips keys that it does',
    'not know. The CRC-32C over these bytes is the `schema_crc32c` of HELLO.',
    '',
    ...table(header, rows(keys.map)),
    'Each stream:',
    '',
    ...table(header, rows(keys.stream)),
    'Each field:',
    '',
    ...table(header, rows(keys.field)),
    'Field types, packed without padding:',
    '',
    ...table(
      ['type', 'bytes'],
      Object.entries(fieldTypes).map(([name, { size }]) => [`\`${name}\``, `${size}`]),
    ),
    'Field kinds:',
    '',
    ...table(
      ['kind', 'meaning'],
      Object.entries(fieldKinds).map(([name, doc]) => [`\`${name}\``, doc]),
    ),
  ];
}

function rules(): string[] {
  return [
    '## What each end does',
    '',
    '**The device** says HELLO first, then every 5 s, and STATS with it. It numbers only the frames that it puts on the wire:',
    'a gap in the sequence is a loss on the wire, and nothing else. When its ring is full it drops whole frames and counts',
    'them (`ring_drops`, `samples_dropped`). While it hears no host (it has no receiver, or nothing valid came for 30 s) it',
    'sends one DESC chunk a second in turn. It answers one request at a time.',
    '',
    '**The host** publishes nothing before a valid HELLO and a descriptor whose CRC-32C matches. It keeps descriptors by',
    '`schema_crc32c` and pulls an unknown one by offset. It sends no more than `receive_window` bytes before an answer, and',
    'repeats a request that is not answered. It extends t0 to 64 bits by signed 32-bit differences. A new `boot_id` restarts',
    'the clock, the sequences and the bursts.',
    '',
    '**Loss** has three places, and each is counted by itself: on the wire by gaps in the sequence, in the device by STATS,',
    'in the host by its own counters. `t0` against the end of the batch before it shows what is missing of a stream, wherever',
    'that was lost, a loss of exactly 256 frames included.',
    '',
    '**Time.** A frame never arrives early: over a minute or more, the lower convex hull of (device time, arrival) is the',
    'device’s clock plus the least delay of the link. Half of the shortest SYNC round trip is that delay.',
    '',
    '**What else may be on the port.** Noise passes the CRC once in 65,536 runs, so two valid frames in a row tell this',
    'protocol from text. A host that may send asks for HELLO when it opens the port.',
    '',
  ];
}

function checks(): string[] {
  return [
    '## Checking an implementation',
    '',
    '`firmware-bridge/test/vectors/bridge.json` has frames of every type with their bytes on the wire, descriptors, waveforms,',
    'limits, truncations and bit flips. CRC-32C: polynomial 0x1EDC6F41 reflected (0x82F63B78), initial value and final XOR',
    '0xFFFFFFFF; `123456789` gives 0xE3069283.',
    '',
  ];
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(header), `|${'---|'.repeat(header.length)}`, ...rows.map(line), ''];
}

function documented(entries: Readonly<Record<string, Documented>>): string[][] {
  return Object.entries(entries).map(([name, { value, doc }]) => [`\`${name}\``, `${value}`, doc]);
}
