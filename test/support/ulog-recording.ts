/** Writes ULogs for tests, by PX4's page "ULog File Format". */

export function header(): Buffer {
  return Buffer.concat([Buffer.from([0x55, 0x4c, 0x6f, 0x67, 0x01, 0x12, 0x35, 1]), Buffer.alloc(8)]);
}

export function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(3);
  head.writeUInt16LE(body.length);
  head.write(type, 2, 'latin1');
  return Buffer.concat([head, body]);
}

/** What must be the first message: nothing incompatible, nothing appended. */
export const flags = (): Buffer => message('B', Buffer.alloc(40));

/** @param text such as `system_power:uint64_t timestamp;float voltage5v_v;` */
export const format = (text: string): Buffer => message('F', Buffer.from(text, 'latin1'));

export function subscription(id: number, topic: string, instance = 0): Buffer {
  const head = Buffer.alloc(3);
  head.writeUInt8(instance);
  head.writeUInt16LE(id, 1);
  return message('A', Buffer.concat([head, Buffer.from(topic, 'latin1')]));
}

/** A message whose numbers after the timestamp are floats. */
export function floats(id: number, timestampUs: number, values: readonly number[]): Buffer {
  return data(id, timestampUs, Buffer.from(Float32Array.from(values).buffer));
}

export function data(id: number, timestampUs: number, rest: Buffer): Buffer {
  const head = Buffer.alloc(10);
  head.writeUInt16LE(id);
  head.writeBigUInt64LE(BigInt(timestampUs), 2);
  return message('D', Buffer.concat([head, rest]));
}
