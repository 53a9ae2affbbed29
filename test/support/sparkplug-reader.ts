/** Reads Sparkplug B payloads as a host does: every field that an edge node may send, by the published field numbers. */

export interface ReadMetric {
  name?: string;
  alias?: number;
  timestamp?: number;
  datatype?: number;
  isNull?: boolean;
  properties?: Record<string, string>;
  value?: number | boolean | string;
}

export interface ReadPayload {
  timestamp?: number;
  seq?: number;
  readonly metrics: ReadMetric[];
}

export function readPayload(bytes: Buffer): ReadPayload {
  const payload: ReadPayload = { metrics: [] };
  forEachField(bytes, (field, value) => {
    if (field === 1) payload.timestamp = number(value);
    else if (field === 2) payload.metrics.push(readMetric(buffer(value)));
    else if (field === 3) payload.seq = number(value);
    else throw new Error(`a payload has no field ${field} here`);
  });
  return payload;
}

function readMetric(bytes: Buffer): ReadMetric {
  const metric: ReadMetric = {};
  forEachField(bytes, (field, value) => {
    if (field === 1) metric.name = buffer(value).toString();
    else if (field === 2) metric.alias = number(value);
    else if (field === 3) metric.timestamp = number(value);
    else if (field === 4) metric.datatype = number(value);
    else if (field === 7) metric.isNull = number(value) === 1;
    else if (field === 9) metric.properties = readProperties(buffer(value));
    else if (field === 11) metric.value = number(value);
    else if (field === 13) metric.value = buffer(value).readDoubleLE();
    else if (field === 14) metric.value = number(value) === 1;
    else if (field === 15) metric.value = buffer(value).toString();
    else throw new Error(`a metric has no field ${field} here`);
  });
  return metric;
}

function readProperties(bytes: Buffer): Record<string, string> {
  const keys: string[] = [];
  const values: string[] = [];
  forEachField(bytes, (field, value) => {
    if (field === 1) keys.push(buffer(value).toString());
    else {
      forEachField(buffer(value), (inner, text) => {
        if (inner === 8) values.push(buffer(text).toString());
      });
    }
  });
  if (keys.length !== values.length) throw new Error('a property set needs as many values as keys');
  return Object.fromEntries(keys.map((key, index) => [key, values[index] ?? '']));
}

function forEachField(bytes: Buffer, take: (field: number, value: number | Buffer) => void): void {
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes.readUInt8(at++);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(value);
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const field = Math.floor(key / 8);
    if (key % 8 === 0) take(field, varint());
    else {
      const sizeBytes = key % 8 === 1 ? 8 : varint();
      take(field, bytes.subarray(at, at + sizeBytes));
      at += sizeBytes;
    }
  }
  if (at !== bytes.length) throw new Error('a field ends beyond its message');
}

function number(value: number | Buffer): number {
  if (typeof value === 'number') return value;
  throw new Error('a number is expected');
}

function buffer(value: number | Buffer): Buffer {
  if (typeof value !== 'number') return value;
  throw new Error('bytes are expected');
}
