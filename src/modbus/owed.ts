import { type ModbusRequest, REGISTERS_MAX, replyBytes } from './message.ts';

/** No device answers later than this. */
const FORGOTTEN_MS = 60_000;

export interface OwedReply {
  readonly request: ModbusRequest;
  readonly frame: Uint8Array;
  readonly sentMs: number;
}

/**
 * Replies that did not come, and may still. On a serial line nothing in a reply says which request it answers, except
 * the unit, the function and the length. So while a unit owes a reply, nothing of the same three is asked of it: the
 * first reply of another length proves that it has come to the newer request, and that the old reply will not come,
 * since a unit answers in order.
 */
export class OwedReplies {
  readonly #byUnit = new Map<number, OwedReply[]>();

  add(reply: OwedReply): void {
    this.#byUnit.set(reply.request.unit, [...this.of(reply.request.unit, reply.sentMs), reply]);
  }

  of(unit: number, nowMs: number): readonly OwedReply[] {
    return (this.#byUnit.get(unit) ?? []).filter(({ sentMs }) => nowMs - sentMs < FORGOTTEN_MS);
  }

  all(nowMs: number): readonly OwedReply[] {
    return [...this.#byUnit.keys()].flatMap((unit) => this.of(unit, nowMs));
  }

  /** It came, and with it all that was asked of the unit before it. */
  settle({ request, sentMs }: Pick<OwedReply, 'request' | 'sentMs'>): void {
    const left = this.of(request.unit, sentMs).filter((owed) => owed.sentMs > sentMs);
    if (left.length === 0) this.#byUnit.delete(request.unit);
    else this.#byUnit.set(request.unit, left);
  }

  /** The oldest came, or this one: which of them nobody can tell. */
  trade(reply: OwedReply): void {
    const [oldest] = this.of(reply.request.unit, reply.sentMs);
    if (oldest !== undefined) this.settle(oldest);
    this.add(reply);
  }

  /**
   * What to ask before a request whose reply could be mixed up with an owed one: the same, of another length.
   * @returns undefined when the request may be asked as it is
   */
  proofFor(request: ModbusRequest, nowMs: number): ModbusRequest | undefined {
    if (!('count' in request)) return undefined;
    const taken = new Set(this.of(request.unit, nowMs).map((owed) => shapeOf(owed.request)));
    if (!taken.has(shapeOf(request))) return undefined;
    const step = request.function <= 2 ? 8 : 1;
    for (let count = 1; count <= REGISTERS_MAX * step; count += step) {
      const proof = { ...request, count };
      if (!taken.has(shapeOf(proof))) return proof;
    }
    return undefined;
  }
}

function shapeOf(request: ModbusRequest): string {
  return 'count' in request ? `${request.function} ${replyBytes(request)}` : `${request.function}`;
}
