import { describe, expect, test } from 'vitest';
import { type SerialConfig, serialAdvice } from '../../src/link/serial.ts';

const config: SerialConfig = {
  type: 'serial',
  path: '/dev/ttyUSB0',
  baudRate: 4_000_000,
  dataBits: 8,
  parity: 'even',
  stopBits: 2,
};

/** The messages are those of the binding, word for word. */
function adviceOn(problem: string, ports: readonly string[] = []): string {
  return serialAdvice({ problem, config, ports });
}

describe('advice on a serial port that does not open', () => {
  test('lists by identity what is plugged in when the port is missing', () => {
    const ports = ['/dev/serial/by-id/usb-FTDI_A1-if00-port0', '/dev/serial/by-id/usb-1a86_CH340-if00'];
    const advice = adviceOn('Error: No such file or directory, cannot open /dev/ttyUSB0', ports);
    expect(advice).toBe(`there is no such port (present: ${ports.join(', ')})`);
  });

  test('says so when nothing at all is plugged in', () => {
    expect(adviceOn('Error: No such file or directory, cannot open /dev/ttyUSB0')).toContain(
      'no USB serial port is plugged in',
    );
  });

  test('takes a driver without a device for a missing port', () => {
    expect(adviceOn('Error: No such device or address, cannot open /dev/ttyUSB0')).toContain('no such port');
  });

  test('names the group that a user needs when permission is denied', () => {
    expect(adviceOn('Error: Permission denied, cannot open /dev/ttyUSB0')).toContain('dialout');
  });

  test.each([
    'Error Resource temporarily unavailable Cannot lock port',
    'Error: Device or resource busy, cannot open /dev/ttyUSB0',
  ])('says that another program has the port: %s', (problem) => {
    expect(adviceOn(problem)).toBe('it is in use by another program');
  });

  test.each([
    'Error: Input/output error setting custom baud rate of 9600',
    'Error: Inappropriate ioctl for device setting custom baud rate of 9600',
  ])('says that there is no serial hardware: %s', (problem) => {
    expect(adviceOn(problem)).toContain('no serial port behind it');
  });

  test('names the settings that a driver does not take', () => {
    expect(adviceOn('Error: Invalid argument || while setting custom baud rate of 4000000')).toContain(
      '4000000 baud with 8 data bits, parity even, 2 stop bits',
    );
  });

  test('passes on a problem that it does not know', () => {
    expect(adviceOn('Error: Too many open files, cannot open')).toBe(
      'Error: Too many open files, cannot open',
    );
  });
});
