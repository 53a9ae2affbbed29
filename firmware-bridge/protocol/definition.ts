import definitionJson from './definition.json' with { type: 'json' };

/** The types of definition.json, the one place where the wire protocol is written down. */

export type BodyFieldType = 'u8' | 'u16' | 'u32' | 'u64' | 'bytes' | 'text' | 'cbor';

export interface BodyField {
  readonly name: string;
  /** `bytes`, `text` and `cbor` reach to the end of the body, unless `size` names the field that counts them. */
  readonly type: BodyFieldType;
  readonly size?: string;
  readonly doc: string;
}

export interface Body {
  readonly doc: string;
  readonly fields: readonly BodyField[];
}

export interface FrameType {
  readonly name: string;
  readonly code: number;
  /** The body from device to host, and the one from host to device; a key of `bodies`. */
  readonly toHost?: string;
  readonly toDevice?: string;
  readonly doc: string;
}

export interface Documented {
  readonly value: number;
  readonly doc: string;
}

export interface Codes {
  readonly title: string;
  readonly values: Readonly<Record<string, { readonly code: number; readonly doc: string }>>;
}

export interface FieldType {
  readonly size: number;
  /** Its name in C, and the DataView method that reads it. */
  readonly c: string;
  readonly read: string;
}

export interface DescriptorKey {
  readonly key: string;
  readonly type: 'integer' | 'number' | 'text' | 'array';
  readonly required: boolean;
  readonly doc: string;
}

export interface Definition {
  readonly version: number;
  readonly revision: number;
  readonly limits: Readonly<Record<string, Documented>>;
  readonly timing: Readonly<Record<string, Documented>>;
  readonly types: readonly FrameType[];
  readonly bodies: Readonly<Record<string, Body>>;
  readonly codes: Readonly<Record<string, Codes>>;
  readonly fieldTypes: Readonly<Record<string, FieldType>>;
  readonly fieldKinds: Readonly<Record<string, string>>;
  readonly descriptor: Readonly<Record<'map' | 'stream' | 'field', readonly DescriptorKey[]>>;
}

export const definition = definitionJson as Definition;

const SIZES: Readonly<Record<BodyFieldType, number>> = {
  u8: 1,
  u16: 2,
  u32: 4,
  u64: 8,
  bytes: 0,
  text: 0,
  cbor: 0,
};

/** The fields of a body with their offsets; those behind a part of changing size have none. */
export function layoutOf(body: Body): (BodyField & { readonly at: number | undefined })[] {
  let at: number | undefined = 0;
  return body.fields.map((field) => {
    const laidOut = { ...field, at };
    at = SIZES[field.type] === 0 || at === undefined ? undefined : at + SIZES[field.type];
    return laidOut;
  });
}

/** The least size of a body in bytes: all its parts of changing size are empty. */
export function sizeMinOf(body: Body): number {
  return body.fields.reduce((size, { type }) => size + SIZES[type], 0);
}
