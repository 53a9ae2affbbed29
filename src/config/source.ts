import { z } from 'zod';
import { duration } from './duration.ts';
import { mavlink } from './mavlink.ts';
import { modbus } from './modbus.ts';

/** Where bytes come from, and what they are. */

const baudRate = z.int().min(50).max(4_000_000);

const link = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('serial'),
    path: z
      .string()
      .startsWith('/dev/', 'must be a device, best by identity: /dev/serial/by-id/…')
      .describe('Serial port. Prefer /dev/serial/by-id/…: ttyUSB numbers change from boot to boot.'),
    baudRate: baudRate.default(115_200).describe('Bits per second; any rate the driver takes.'),
    dataBits: z.literal([5, 6, 7, 8]).default(8).describe('Data bits per character.'),
    parity: z.enum(['none', 'even', 'odd']).default('none').describe('Parity bit.'),
    stopBits: z.literal([1, 2]).default(1).describe('Stop bits; 2 helps on some Jetson ports.'),
  }),
  z.strictObject({
    type: z.literal('tcp'),
    host: z.string().min(1).describe('Name or address of the device server.'),
    port: z.int().min(1).max(65_535).describe('TCP port.'),
  }),
  z.strictObject({
    type: z.literal('udp'),
    host: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .describe('Address of this device to listen at; 0.0.0.0 for all, where the network can be trusted.'),
    port: z.int().min(1).max(65_535).describe('UDP port to listen at.'),
  }),
  z.strictObject({ type: z.literal('unix'), path: z.string().startsWith('/').describe('Unix socket.') }),
  z.strictObject({ type: z.literal('file'), path: z.string().min(1).describe('Recorded file, read once.') }),
  z.strictObject({
    type: z.enum(['iio', 'hwmon']),
    device: z
      .string()
      .min(1)
      .max(64)
      .describe(
        'Chip that the kernel reads (I²C, SPI, 1-Wire, ADC): its address such as 1-0076 or 28-0000054bf3a6, or its name ' +
          'where no other has it. `fieldnote ports` lists them.',
      ),
    every: duration('10ms', '1h').prefault('1s').describe('How often it is read.'),
  }),
]);

export const source = z.strictObject({
  link: link.describe('Where the bytes come from.'),
  protocol: z
    .enum(['auto', 'text', 'bridge', 'mavlink', 'nmea', 'modbus', 'dataflash', 'ulog'])
    .default('auto')
    .describe(
      'What the bytes are. text: NDJSON, CSV with a header or label:value lines. bridge: firmware-bridge devices, which ' +
        'describe themselves. mavlink: an autopilot. nmea: NMEA 0183 of receivers and instruments. modbus: a device that ' +
        'is asked for its registers. dataflash, ulog: a flight that ArduPilot (.bin) or PX4 (.ulg) recorded. auto: found ' +
        'out within 2 s among those that speak by themselves; the device is ' +
        'asked for that.',
    ),
  mavlink: mavlink.prefault({}).describe('Vehicles that speak MAVLink.'),
  modbus: modbus.optional().describe('Which device is asked, and for what (protocol: modbus).'),
  time: z
    .enum(['arrival', 'device'])
    .default('arrival')
    .describe('Whose time the samples get: when they arrived, or the time column that the data carries.'),
  silenceTimeout: duration('1s', '1d')
    .prefault('30s')
    .describe('A port that is open but mute for so long is closed and opened again.'),
});
