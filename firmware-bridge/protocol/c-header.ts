import { type Definition, layoutOf, sizeMinOf } from './definition.ts';

/** The protocol as C constants: fieldnote_bridge_protocol.h. */
export function cHeader(definition: Definition): string {
  const { version, revision, limits, timing, types, bodies, codes } = definition;
  const documented = (entries: Definition['limits']) =>
    Object.entries(entries).map(([name, { value, doc }]) => define(name, `${value}u`, doc));
  return [
    '/*',
    ' * Generated from protocol/definition.json: do not edit. The page docs/reference/wire-protocol.md explains it.',
    ' */',
    '#ifndef FIELDNOTE_BRIDGE_PROTOCOL_H',
    '#define FIELDNOTE_BRIDGE_PROTOCOL_H',
    '',
    define('version', `${version}u`, 'upper two bits of the first byte of every frame'),
    define('revision', `${revision}u`, 'additions to this version, said in HELLO'),
    '',
    '/* Limits. */',
    ...documented(limits),
    '',
    '/* Times. */',
    ...documented(timing),
    '',
    '/* Frame types: lower six bits of the first byte. */',
    ...types.map(({ name, code, doc }) => define(`type_${name}`, `${code}u`, doc)),
    '',
    '/* Offsets in the bodies, and the size of a body whose parts of changing size are empty. */',
    ...Object.entries(bodies).flatMap(([name, body]) => [
      ...layoutOf(body)
        .filter(({ at }) => at !== undefined)
        .map((field) => define(`${name}_${field.name}_at`, `${field.at}u`, `${field.type}: ${field.doc}`)),
      define(`${name}_size_min`, `${sizeMinOf(body)}u`, `bytes`),
    ]),
    ...Object.entries(codes).flatMap(([group, { title, values }]) => [
      '',
      `/* ${title}. */`,
      ...Object.entries(values).map(([name, { code, doc }]) => define(`${group}_${name}`, `${code}u`, doc)),
    ]),
    '',
    '#endif',
    '',
  ].join('\n');
}

function define(name: string, value: string, doc: string): string {
  const constant = `#define FB_${name.toUpperCase()} ${value}`;
  return `${constant.padEnd(44)} /* ${doc.replaceAll('`', '')} */`;
}
