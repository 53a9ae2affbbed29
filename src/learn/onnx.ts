/**
 * Writes ONNX models: the part of onnx.proto3 that a graph of plain operators needs, as protobuf bytes. The numbers in
 * the calls of `int`, `text` and `message` are the field numbers of that file. Models carry IR version 8 and the
 * default operator set 18.
 */

export interface OnnxValue {
  readonly name: string;
  /** float32; an empty shape is a scalar. */
  readonly shape: readonly number[];
}

/** A constant of the graph (an initializer): float32, or int64 such as the axes of a reduction. */
export interface OnnxConstant extends OnnxValue {
  readonly values: Float32Array | BigInt64Array;
}

export interface OnnxNode {
  /** Operator of the default set, such as "MatMul". */
  readonly type: string;
  readonly inputs: readonly string[];
  readonly output: string | readonly string[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
}

/** A whole number, a list of them, or the branch of an `If`. */
export type OnnxAttribute = number | readonly number[] | OnnxBranch;

/** It takes no inputs: it sees everything outside. */
export interface OnnxBranch {
  readonly outputs: readonly OnnxValue[];
  /** Each after those whose output it takes. */
  readonly nodes: readonly OnnxNode[];
}

export interface OnnxGraph extends OnnxBranch {
  readonly name: string;
  readonly inputs: readonly OnnxValue[];
  readonly constants: readonly OnnxConstant[];
}

const IR_VERSION = 8;
const OPERATOR_SET = 18;
const ELEMENT_FLOAT = 1;
const ELEMENT_INT64 = 7;
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_INTS = 7;
const ATTRIBUTE_GRAPH = 5;

/** The bytes of a model file. The same graph gives the same bytes. */
export function onnxModel(graph: OnnxGraph): Uint8Array {
  const operatorSet = message(8, text(1, ''), int(2, OPERATOR_SET));
  const fields = [text(2, 'fieldnote'), message(7, ...graphFields(graph)), operatorSet];
  return Buffer.concat([int(1, IR_VERSION), ...fields]);
}

function graphFields({ name, inputs, outputs, constants, nodes }: OnnxGraph): Uint8Array[] {
  return [
    ...nodes.map((node) => message(1, ...nodeFields(node))),
    text(2, name),
    ...constants.map((constant) => message(5, ...constantFields(constant))),
    ...inputs.map((input) => message(11, ...valueFields(input))),
    ...outputs.map((output) => message(12, ...valueFields(output))),
  ];
}

function nodeFields({ type, inputs, output, attributes = {} }: OnnxNode): Uint8Array[] {
  const outputs = [output].flat();
  return [
    ...inputs.map((input) => text(1, input)),
    ...outputs.map((name) => text(2, name)),
    text(3, outputs.join()),
    text(4, type),
    ...Object.entries(attributes).map(([name, value]) =>
      message(5, text(1, name), ...attributeFields(name, value)),
    ),
  ];
}

function attributeFields(name: string, value: OnnxAttribute): Uint8Array[] {
  if (typeof value === 'number') return [int(3, value), int(20, ATTRIBUTE_INT)];
  if ('nodes' in value) {
    const branch = graphFields({ ...value, name, inputs: [], constants: [] });
    return [message(6, ...branch), int(20, ATTRIBUTE_GRAPH)];
  }
  return [...value.map((item) => int(8, item)), int(20, ATTRIBUTE_INTS)];
}

function constantFields({ name, shape, values }: OnnxConstant): Uint8Array[] {
  const type = values instanceof Float32Array ? ELEMENT_FLOAT : ELEMENT_INT64;
  const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return [...shape.map((length) => int(1, length)), int(2, type), text(8, name), message(9, raw)];
}

function valueFields({ name, shape }: OnnxValue): Uint8Array[] {
  const dimensions = shape.map((length) => message(1, int(1, length)));
  const tensorType = message(1, int(1, ELEMENT_FLOAT), message(2, ...dimensions));
  return [text(1, name), message(2, tensorType)];
}

function int(field: number, value: number): Uint8Array {
  return Uint8Array.from([...varint(field << 3), ...varint(value)]);
}

function text(field: number, value: string): Uint8Array {
  return message(field, Buffer.from(value));
}

/** Anything with a length: an embedded message, a string or raw bytes. */
function message(field: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts);
  return Buffer.concat([Uint8Array.from([...varint((field << 3) | 2), ...varint(content.length)]), content]);
}

/** Seven bits a byte, the lowest first. */
function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}
