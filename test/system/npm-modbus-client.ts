import { createRequire } from 'node:module';
import { join } from 'node:path';
import { SerialPort } from 'serialport';
import { registerOf } from '../support/odd-slave.ts';

/** Reads 40 registers of unit 1 as fast as a client from npm does: `npm-modbus-client.ts NAME PATH COUNT`; prints requests per second. */
const [name = '', path = '', countText = '0'] = process.argv.slice(2);
const require = createRequire(join(import.meta.dirname, '../../build/modbus-clients/package.json'));
const REGISTERS = 40;
const TIMEOUT_MS = 1000;

interface ModbusSerial {
  connectRTUBuffered(path: string, options: object): Promise<void>;
  setID(unit: number): void;
  setTimeout(ms: number): void;
  readHoldingRegisters(address: number, count: number): Promise<{ data: number[] }>;
}

interface JsModbus {
  readonly client: {
    readonly RTU: new (
      port: SerialPort,
      unit: number,
      timeoutMs: number,
    ) => {
      readHoldingRegisters(
        address: number,
        count: number,
      ): Promise<{ response: { body: { valuesAsArray: number[] } } }>;
    };
  };
}

async function readerOf(): Promise<(address: number) => Promise<number | undefined>> {
  if (name === 'modbus-serial') {
    const client = new (require('modbus-serial') as new () => ModbusSerial)();
    await client.connectRTUBuffered(path, { baudRate: 115_200 });
    client.setID(1);
    client.setTimeout(TIMEOUT_MS);
    return async (address) => (await client.readHoldingRegisters(address, REGISTERS)).data[0];
  }
  const port = new SerialPort({ path, baudRate: 115_200 });
  const client = new (require('jsmodbus') as JsModbus).client.RTU(port, 1, TIMEOUT_MS);
  await new Promise((resolve) => port.on('open', resolve));
  return async (address) => {
    const { response } = await client.readHoldingRegisters(address, REGISTERS);
    return response.body.valuesAsArray[0];
  };
}

const read = await readerOf();
const count = Number(countText);
const beganMs = performance.now();
for (let at = 0; at < count; at += 1) {
  const address = (at % 5) * 100;
  if ((await read(address)) !== registerOf(1, address)) throw new Error(`${name} read a wrong value`);
}
process.stdout.write(`${(count / (performance.now() - beganMs)) * 1000}\n`);
process.exit(0);
