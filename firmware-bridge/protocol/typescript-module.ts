import { type Body, type BodyFieldType, type Definition, layoutOf, sizeMinOf } from './definition.ts';

const TYPES: Readonly<Record<BodyFieldType, string>> = {
  u8: 'number',
  u16: 'number',
  u32: 'number',
  u64: 'bigint',
  bytes: 'Uint8Array',
  text: 'string',
  cbor: 'Uint8Array',
};

/** The protocol as TypeScript constants and types: src/decode/bridge/protocol.ts. */
export function typescriptModule(definition: Definition): string {
  const { version, revision, limits, timing, types, bodies, codes, fieldTypes, fieldKinds } = definition;
  const values = (entries: Definition['limits']) =>
    Object.entries(entries).map(([name, { value, doc }]) => entry(camel(name), `${value}`, doc));
  return [
    '/**',
    ' * The wire protocol of our firmware: docs/reference/wire-protocol.md explains it. Generated from',
    ' * firmware-bridge/protocol/definition.json: do not edit.',
    ' */',
    '',
    ...constant('VERSION', 'Upper two bits of the first byte of every frame.', `${version}`),
    ...constant('REVISION', 'Additions to this version, said in HELLO.', `${revision}`),
    ...object('LIMITS', 'Sizes in bytes, and counts.', values(limits)),
    ...object('TIMING', 'Times that both ends keep.', values(timing)),
    ...object(
      'FRAME_TYPES',
      'Lower six bits of the first byte of a frame.',
      types.map(({ name, code, doc }) => entry(camel(name), `${code}`, doc)),
    ),
    'export type FrameType = keyof typeof FRAME_TYPES;',
    '',
    ...Object.entries(codes).flatMap(([group, { title, values: named }]) =>
      object(
        `${group.toUpperCase()}_CODES`,
        `${title}.`,
        Object.entries(named).map(([name, { code, doc }]) => entry(camel(name), `${code}`, doc)),
      ),
    ),
    ...object(
      'FIELD_TYPES',
      'Types of a field: its size in bytes, and the DataView method that reads it.',
      Object.entries(fieldTypes).map(
        ([name, { size, read }]) => `  ${name}: { size: ${size}, read: '${read}' },`,
      ),
    ),
    'export type FieldType = keyof typeof FIELD_TYPES;',
    '',
    ...object('FIELD_KINDS', 'What the numbers of a field are.', Object.entries(fieldKinds).map(fieldKind)),
    'export type FieldKind = keyof typeof FIELD_KINDS;',
    '',
    ...Object.entries(bodies).flatMap(([name, body]) => bodyTypes(name, body)),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}

const fieldKind = ([name, doc]: readonly [string, string]) => entry(name, `'${name}'`, doc);

/** The type of a body's values, and its layout. */
function bodyTypes(name: string, body: Body): string[] {
  const typeName = `${camel(name).replace(/^./, (letter) => letter.toUpperCase())}Body`;
  if (body.fields.length === 0) return [];
  const fields = body.fields.filter(({ name: field }) => !body.fields.some(({ size }) => size === field));
  return [
    ...(body.doc ? [`/** ${plain(body.doc)} */`] : []),
    `export interface ${typeName} {`,
    ...fields.flatMap(({ name: field, type, doc }) => [
      `  /** ${sentence(doc)} */`,
      `  readonly ${camel(field)}: ${TYPES[type]};`,
    ]),
    '}',
    '',
    ...object(
      `${name.toUpperCase()}_LAYOUT`,
      `Offsets in the body of ${name.toUpperCase()}, and the least size of it, in bytes.`,
      [
        ...layoutOf(body)
          .filter(({ at }) => at !== undefined)
          .map((field) => `  ${camel(field.name)}: ${field.at},`),
        `  sizeMin: ${sizeMinOf(body)},`,
      ],
    ),
  ];
}

function constant(name: string, doc: string, value: string): string[] {
  return [`/** ${doc} */`, `export const ${name} = ${value};`, ''];
}

function object(name: string, doc: string, entries: readonly string[]): string[] {
  return [`/** ${doc} */`, `export const ${name} = {`, ...entries, '} as const;', ''];
}

function entry(name: string, value: string, doc: string): string {
  return `  /** ${sentence(doc)} */\n  ${name}: ${value},`;
}

const plain = (doc: string) => doc.replaceAll('`', '');

function sentence(doc: string): string {
  const text = plain(doc).replace(/^./, (letter) => letter.toUpperCase());
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

const camel = (name: string) => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
