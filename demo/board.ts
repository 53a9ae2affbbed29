import {
  AVRADC,
  AVREEPROM,
  AVRTimer,
  AVRUSART,
  adcConfig,
  avrInstruction,
  CPU,
  EEPROMMemoryBackend,
  timer1Config,
  usart0Config,
} from 'avr8js';

/**
 * An emulated Arduino Uno: an ATmega328P at 16 MHz with its memories, timer 1, analog inputs and serial port, each
 * true to the cycle. It runs the machine code that a real one would run.
 */

export const CLOCK_HZ = 16_000_000;

/** 5 V at an analog input is the first voltage beyond its range. */
export const SUPPLY_V = 5;

const FLASH_SIZE_BYTES = 32 * 1024;
const RAM_SIZE_BYTES = 2 * 1024;
const EEPROM_SIZE_BYTES = 1024;

/** The register that says why the chip was reset, and its bit for power on. */
const MCUSR = { address: 0x54, powerOn: 1 } as const;

export interface BoardOptions {
  /** The firmware, as Intel HEX. */
  readonly hex: string;
  /** What a firmware that counts its boots at the begin of the EEPROM finds there. */
  readonly bootCount: number;
  /** The serial port has begun to send a byte. */
  readonly onByte: (byte: number) => void;
}

/** Runs in its own time, as fast as it is let. */
export class Board {
  /** Volts at the analog inputs A0 to A5. */
  readonly inputsV: number[];
  /**
   * Cycles that the core waits after each instruction, while everything else on the chip keeps its time: 0 as in a
   * real one; with more the machine has less to emulate.
   */
  waitStates = 0;
  readonly #cpu: CPU;
  readonly #serialPort: AVRUSART;
  #incoming: number[] = [];

  /** @throws RangeError when the firmware is not Intel HEX or too large */
  constructor({ hex, bootCount, onByte }: BoardOptions) {
    this.#cpu = new CPU(new Uint16Array(readHex(hex).buffer), RAM_SIZE_BYTES);
    this.#cpu.data[MCUSR.address] = MCUSR.powerOn;
    const eeprom = new EEPROMMemoryBackend(EEPROM_SIZE_BYTES);
    new DataView(eeprom.memory.buffer).setUint32(0, bootCount, true);
    // They hold on to the processor's registers by themselves.
    new AVREEPROM(this.#cpu, eeprom);
    new AVRTimer(this.#cpu, timer1Config);
    this.inputsV = new AVRADC(this.#cpu, adcConfig).channelValues;
    this.#serialPort = new AVRUSART(this.#cpu, usart0Config, CLOCK_HZ);
    this.#serialPort.onByteTransmit = onByte;
    this.#serialPort.onRxComplete = () => this.#receiveNext();
  }

  /** Seconds since power on. */
  get timeS(): number {
    return this.#cpu.cycles / CLOCK_HZ;
  }

  runUntil(timeS: number): void {
    const cpu = this.#cpu;
    const endCycles = timeS * CLOCK_HZ;
    while (cpu.cycles < endCycles) {
      avrInstruction(cpu);
      cpu.cycles += this.waitStates;
      cpu.tick();
    }
  }

  /** Bytes that arrive at the serial port, one after the other at its rate. */
  receive(bytes: Uint8Array): void {
    this.#incoming.push(...bytes);
    this.#receiveNext();
  }

  #receiveNext(): void {
    if (this.#serialPort.rxBusy) return;
    const byte = this.#incoming.shift();
    // What comes before the port is open is lost, as on a wire.
    if (byte !== undefined) this.#serialPort.writeByte(byte);
  }
}

/** The flash memory with the data records of Intel HEX in it: `:` size, address, type 0, data, checksum. */
function readHex(hex: string): Uint8Array {
  const flash = new Uint8Array(FLASH_SIZE_BYTES).fill(0xff);
  for (const line of hex.trim().split(/\r?\n/)) {
    const record = Buffer.from(line.slice(1), 'hex');
    const isSound = line.startsWith(':') && record.length === 5 + (record[0] ?? 0);
    if (!isSound || record.reduce((sum, byte) => sum + byte, 0) % 256 !== 0)
      throw new RangeError(`the firmware has a line that is not Intel HEX: ${line.slice(0, 20)}`);
    if (record[3] === 0) flash.set(record.subarray(4, -1), record.readUInt16BE(1));
  }
  return flash;
}
