import type { Clock } from '../system/clock.ts';
import { messageOf } from '../system/errors.ts';
import type { Manifest } from '../update/bundle.ts';
import {
  type Offer,
  PARTS_PER_ANSWER,
  partLengthOf,
  readOffer,
  shortReason,
  type TransferState,
  unpackPart,
} from './protocol.ts';
import { removeParts, Transfer, type TransferOptions } from './transfer.ts';

export interface ReceiverOptions extends Pick<TransferOptions, 'folder' | 'judge'> {
  readonly sizeBytesMax: number;
  /** While true the link is needed for something else. */
  readonly isQuiet: () => boolean;
  readonly clock: Pick<Clock, 'monoMs' | 'wallMs'>;
  /** Tells whoever offers. */
  readonly say: (state: TransferState) => void;
  readonly on: ReceiverEvents;
}

export interface ReceiverEvents {
  /** A head was signed rightly, and its update would be taken. */
  began(manifest: Manifest, have: number): void;
  partTaken(): void;
  /** Of another transfer, there already, of the wrong length, or what was no part at all. */
  ignored(): void;
  /** The bundle waits for who applies it. */
  complete(manifest: Manifest, path: string): void;
  refused(reason: string): void;
}

/** A transfer that stood still for so long gives way to another. */
const STANDSTILL_MS = 60_000;
/** After a refusal: whoever sends rubbish cannot keep the device busy with it. */
const REFUSAL_PAUSE_MS = 10_000;
/** An honest sender asks every few seconds. */
const ANSWER_INTERVAL_MS = 250;
const KEPT_MS = 7 * 86_400_000;

/** Takes one update bundle after the other from the broker, and believes nothing. */
export class UpdateReceiver {
  readonly #options: ReceiverOptions;
  #transfer: Transfer | undefined;
  #movedMs = 0;
  #pauseUntilMs = Number.NEGATIVE_INFINITY;
  #answeredMs = Number.NEGATIVE_INFINITY;
  /** The bundle that became whole last. */
  #completed: string | undefined;
  /** How many parts there were when a later one came than the next. */
  #askedAgainAt: number | undefined;
  #work: Promise<void>;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#work = removeParts(options.folder, options.clock.wallMs() - KEPT_MS).catch(() => undefined);
  }

  /** Resolves when what the offer brings about is done; never rejects. */
  offer(payload: Buffer): Promise<void> {
    const offer = readOffer(payload);
    if (offer === undefined) return Promise.resolve(this.#options.on.ignored());
    return this.#afterOthers(() => this.#answer(offer), offer);
  }

  /** Resolves when the part is on the disk, or is none that is wanted; never rejects. */
  part(payload: Buffer): Promise<void> {
    return this.#afterOthers(() => this.#take(payload));
  }

  /** Says how far it is, for a sender who could not hear it before. */
  connected(): void {
    this.#sayProgress(true);
  }

  /** What came so far stays for the next process. */
  async stop(): Promise<void> {
    await this.#afterOthers(async () => this.#transfer?.close());
  }

  /** A connection that was lost may still be at its last part when the next one brings an offer. */
  #afterOthers(work: () => Promise<void>, offer?: Offer): Promise<void> {
    this.#work = this.#work.then(work).catch((error) => this.#refuse(messageOf(error), offer));
    return this.#work;
  }

  async #answer(offer: Offer): Promise<void> {
    const { isQuiet, sizeBytesMax, clock, say } = this.#options;
    const nowMs = clock.monoMs();
    if (nowMs - this.#answeredMs < ANSWER_INTERVAL_MS) return;
    this.#answeredMs = nowMs;
    const { transfer } = offer;
    const wait = (reason: string) => say({ state: 'waiting', transfer, reason });
    const isSame = this.#transfer?.offer.transfer === transfer;
    if (isQuiet()) wait('its link is needed for something else');
    else if (isSame) this.#sayProgress(true);
    else if (this.#completed === transfer) say({ state: 'complete', transfer });
    else if (this.#transfer && nowMs - this.#movedMs < STANDSTILL_MS) wait('another update is on its way');
    else if (nowMs < this.#pauseUntilMs) wait('it has just refused one');
    else if (offer.sizeBytes > sizeBytesMax)
      this.#tellRefusal(offer, `it has ${offer.sizeBytes} bytes; at most ${sizeBytesMax} are taken`);
    else await this.#begin(offer);
  }

  async #begin(offer: Offer): Promise<void> {
    const { on, clock } = this.#options;
    // Its file stays until another bundle has shown its signature.
    await this.#transfer?.close();
    const transfer = new Transfer({ ...this.#options, offer });
    this.#transfer = transfer;
    this.#askedAgainAt = undefined;
    this.#movedMs = clock.monoMs();
    await transfer.resume();
    if (transfer.head) on.began(transfer.head.manifest, transfer.have);
    this.#sayProgress(true);
  }

  async #take(payload: Buffer): Promise<void> {
    const { isQuiet, on } = this.#options;
    const part = unpackPart(payload);
    const transfer = this.#transfer;
    const isWanted =
      part !== undefined &&
      part.transfer === transfer?.offer.transfer &&
      part.bytes.length === partLengthOf(part.index, transfer.offer) &&
      part.index >= transfer.have &&
      !isQuiet();
    if (!isWanted) on.ignored();
    else if (part.index > transfer.have) this.#askAgain(transfer);
    else await this.#add(transfer, part.bytes);
  }

  async #add(transfer: Transfer, bytes: Buffer): Promise<void> {
    const { clock, on } = this.#options;
    const before = transfer.head;
    await transfer.add(bytes);
    this.#movedMs = clock.monoMs();
    on.partTaken();
    if (before === undefined && transfer.head) on.began(transfer.head.manifest, 0);
    if (transfer.isWhole) await this.#finish(transfer);
    else if (transfer.have % PARTS_PER_ANSWER === 0) this.#sayProgress(false);
  }

  async #finish(transfer: Transfer): Promise<void> {
    const { say, on } = this.#options;
    const path = await transfer.finish();
    this.#transfer = undefined;
    this.#completed = transfer.offer.transfer;
    if (transfer.head) on.complete(transfer.head.manifest, path);
    say({ state: 'complete', transfer: transfer.offer.transfer });
  }

  /** Once: those behind it are on their way too. */
  #askAgain(transfer: Transfer): void {
    this.#options.on.ignored();
    if (this.#askedAgainAt === transfer.have) return;
    this.#askedAgainAt = transfer.have;
    this.#sayProgress(true);
  }

  #sayProgress(again: boolean): void {
    const transfer = this.#transfer;
    if (transfer === undefined) return;
    this.#options.say({
      ...{ state: 'receiving', transfer: transfer.offer.transfer, have: transfer.have, again },
    });
  }

  /** @param offer what is refused; what is under way when absent */
  async #refuse(message: string, offer = this.#transfer?.offer): Promise<void> {
    const transfer = this.#transfer;
    if (offer === undefined) return;
    if (transfer?.offer.transfer === offer.transfer) {
      this.#transfer = undefined;
      await transfer.drop().catch(() => undefined);
    }
    this.#pauseUntilMs = this.#options.clock.monoMs() + REFUSAL_PAUSE_MS;
    this.#tellRefusal(offer, message);
  }

  #tellRefusal({ transfer }: Offer, message: string): void {
    const { say, on } = this.#options;
    const reason = shortReason(message);
    on.refused(reason);
    say({ state: 'refused', transfer, reason });
  }
}
