import { setTimeout as sleep } from 'node:timers/promises';
import type { LinkConfig } from './config/schema.ts';
import { candidatesOf, Recogniser } from './decode/recognise.ts';
import type { Protocol } from './decode/seam.ts';
import { linkOpener } from './link/open.ts';
import type { OpenLink } from './link/open-link.ts';
import { rtu } from './modbus/framing.ts';
import type { ModbusRequest } from './modbus/message.ts';
import type { Clock } from './system/clock.ts';
import type { Decoded } from './values/sample.ts';

/**
 * Finds out what speaks on a serial port, and at which rate. Whoever speaks by itself is listened to, as the daemon would;
 * at a wrong rate its bytes are noise, so rates are tried one after the other. On a silent line a Modbus device may be
 * waiting to be asked: it is asked for one register, which changes nothing in it. What then is left of the time is for
 * boards that start anew when their port is opened.
 */

export type SpokenProtocol = Exclude<Protocol, 'auto' | 'dataflash' | 'ulog'>;
type SerialLink = Extract<LinkConfig, { type: 'serial' }>;
type Framing = Pick<SerialLink, 'baudRate' | 'parity' | 'stopBits'>;

/** What was found on a port. */
export interface Probed {
  readonly protocol: SpokenProtocol | undefined;
  readonly link: SerialLink;
  /** Names that samples had, in the order that they came. */
  readonly channels: readonly string[];
  /** Address of the Modbus device that answered. */
  readonly unit: number | undefined;
  /** Bytes that were heard in all, at any rate. */
  readonly sizeBytes: number;
}

export interface ProbeOptions {
  readonly path: string;
  readonly clock: Pick<Clock, 'monoMs'>;
}

/** The usual ones first: 115200 of most boards, 9600 and 4800 of NMEA, 57600 of telemetry radios. */
const BAUD_RATES = [115_200, 9600, 57_600, 38_400, 4800, 19_200, 921_600] as const;
/** A device that speaks once a second is heard in it. */
const LISTEN_MS = 1150;
/** The whole of it, so that a person waits less than ten seconds for a port. */
const PROBE_MS = 9300;
const TICK_MS = 50;
/** The framings that the Modbus standard and its makers prefer. */
const MODBUS_FRAMINGS: readonly Framing[] = [
  { baudRate: 9600, parity: 'none', stopBits: 1 },
  { baudRate: 19_200, parity: 'even', stopBits: 1 },
  { baudRate: 19_200, parity: 'none', stopBits: 1 },
  { baudRate: 9600, parity: 'even', stopBits: 1 },
  { baudRate: 115_200, parity: 'none', stopBits: 1 },
];
/** Addresses as devices are delivered; `fieldnote modbus scan` asks all of them. */
const MODBUS_UNITS = [1, 2, 3] as const;
const MODBUS_ANSWER_MS = 150;
const CHANNELS_MAX = 16;
const HEARD_BYTES_MAX = 4096;
/** Noise can look like one line of text, hardly like several and little else. */
const TEXT_SAMPLES_MIN = 2;

/**
 * Probes a port that nobody holds.
 * @throws FieldnoteError LINK_UNAVAILABLE when the port cannot be opened or is locked
 */
export async function probePort({ path, clock }: ProbeOptions): Promise<Probed> {
  const endMs = clock.monoMs() + PROBE_MS;
  let sizeBytes = 0;
  let best: Probed | undefined;
  for (const baudRate of BAUD_RATES) {
    const heard = await listen(linkTo(path, { baudRate, parity: 'none', stopBits: 1 }), LISTEN_MS, clock);
    sizeBytes += heard.sizeBytes;
    if (heard.protocol !== undefined) best = heard;
    if (best !== undefined || sizeBytes === 0) break;
  }
  if (best === undefined && sizeBytes === 0) best = await askModbus(path, clock);
  const leftMs = endMs - clock.monoMs();
  const first = linkTo(path, { baudRate: BAUD_RATES[0], parity: 'none', stopBits: 1 });
  if (best === undefined && sizeBytes === 0 && leftMs > 0) best = await listen(first, leftMs, clock);
  return best ?? { protocol: undefined, link: first, channels: [], unit: undefined, sizeBytes };
}

function linkTo(path: string, framing: Framing): SerialLink {
  return { type: 'serial', path, dataBits: 8, ...framing };
}

async function listen(link: SerialLink, forMs: number, clock: Pick<Clock, 'monoMs'>): Promise<Probed> {
  const found: Decoded[] = [];
  let sizeBytes = 0;
  let open: OpenLink | undefined;
  const send = (bytes: Uint8Array) => open?.write(bytes);
  const recogniser = new Recogniser(link.path, () =>
    candidatesOf({ source: link.path, protocol: 'auto', send }),
  );
  open = await opened(link, (bytes) => {
    sizeBytes += bytes.length;
    found.push(...recogniser.decode(bytes, clock.monoMs()));
  });
  const endMs = clock.monoMs() + forMs;
  // Whoever is certain is told at once; text only when the time is over.
  while (clock.monoMs() < endMs && recogniser.spoken === undefined) {
    await sleep(TICK_MS);
    found.push(...recogniser.tick(clock.monoMs()));
  }
  found.push(...recogniser.finish(clock.monoMs()));
  await open.close();
  const protocol = believed(recogniser.spoken, found);
  return { protocol, link, channels: namesOf(found), unit: undefined, sizeBytes };
}

/** Bytes of a wrong rate are seldom text, but now and then a line of them is. */
function believed(spoken: Protocol | undefined, found: readonly Decoded[]): SpokenProtocol | undefined {
  // Nobody speaks a recording.
  if (spoken === undefined || spoken === 'auto' || spoken === 'dataflash' || spoken === 'ulog')
    return undefined;
  if (spoken !== 'text') return spoken;
  const samples = found.filter(({ kind }) => kind === 'sample').length;
  const noise = found.filter(({ kind }) => kind === 'noise').length;
  return samples >= TEXT_SAMPLES_MIN && samples > noise ? 'text' : undefined;
}

function namesOf(found: readonly Decoded[]): string[] {
  const names = found.flatMap((item) => {
    if (item.kind === 'sample') return item.names;
    return item.kind === 'device' ? item.channels.map(({ name }) => name) : [];
  });
  return [...new Set(names)].slice(0, CHANNELS_MAX);
}

/** Any whole reply counts, also "I have no such register": it is a device that speaks Modbus. */
async function askModbus(path: string, clock: Pick<Clock, 'monoMs'>): Promise<Probed | undefined> {
  for (const framing of MODBUS_FRAMINGS) {
    const link = linkTo(path, framing);
    let received = new Uint8Array();
    const open = await opened(link, (bytes) => {
      received = new Uint8Array([...received, ...bytes]).slice(-HEARD_BYTES_MAX);
    });
    const asked: ModbusRequest[] = [];
    for (const unit of MODBUS_UNITS) {
      asked.push({ unit, function: 3, address: 0, count: 1 });
      const answered = await answerTo(asked, () => received, open, clock);
      if (answered === undefined) continue;
      await open.close();
      return { protocol: 'modbus', link, channels: [], unit: answered.unit, sizeBytes: received.length };
    }
    await open.close();
  }
  return undefined;
}

/** Sends the last of the requests. A late reply to one before it says as much. */
async function answerTo(
  asked: readonly ModbusRequest[],
  received: () => Uint8Array,
  open: OpenLink,
  clock: Pick<Clock, 'monoMs'>,
): Promise<ModbusRequest | undefined> {
  const request = asked.at(-1);
  if (request === undefined) return undefined;
  open.write(rtu.encode(request));
  const endMs = clock.monoMs() + MODBUS_ANSWER_MS;
  while (clock.monoMs() < endMs) {
    await sleep(TICK_MS / 2);
    const isAnswered = (one: ModbusRequest) => rtu.find(one, rtu.encode(one), received()) !== undefined;
    const answered = asked.find(isAnswered);
    if (answered !== undefined) return answered;
  }
  return undefined;
}

function opened(link: SerialLink, onBytes: (bytes: Buffer) => void): Promise<OpenLink> {
  return linkOpener(link)({ onBytes, onClose() {} }, new AbortController().signal);
}
