import type { Message } from './message.ts';
import { topicsOf } from './topics.ts';

/** A small JSON object. */
export type Document = Readonly<Record<string, unknown>>;

/**
 * The retained messages that say how the node is. The broker publishes `offline` by itself, as last will, when
 * the connection breaks. Only the status that opens a connection waits for an acknowledgement: the others would take
 * a place in the window of the reports, and they are sent again at each connection anyway.
 */
export class Presence {
  readonly offline: Message;
  readonly #identity: Document;
  readonly #topics: ReturnType<typeof topicsOf>;
  #online: Message;
  #health: Message | undefined;
  #gap: Message | undefined;

  /** @throws FieldnoteError BAD_ARGUMENT when site or node cannot be a topic level */
  constructor({ site, node }: { site: string; node: string }) {
    this.#topics = topicsOf({ site, node });
    this.#identity = { site, node };
    this.offline = retained(this.#topics.status, { state: 'offline', ...this.#identity }, 1);
    this.#online = this.#onlineWith({});
  }

  get online(): Message {
    return this.#online;
  }

  /** What is shown beside the status, as far as it is known. */
  get documents(): readonly Message[] {
    return [this.#health, this.#gap].filter((message) => message !== undefined);
  }

  setStatus(document: Document): void {
    this.#online = this.#onlineWith(document);
  }

  setHealth(document: Document): Message {
    this.#health = retained(this.#topics.health, document, 0);
    return this.#health;
  }

  setGap(document: Document): Message {
    this.#gap = retained(this.#topics.gap, document, 0);
    return this.#gap;
  }

  #onlineWith(document: Document): Message {
    return retained(this.#topics.status, { ...document, state: 'online', ...this.#identity }, 1);
  }
}

function retained(topic: string, document: Document, qos: 0 | 1): Message {
  const payload = JSON.stringify(document);
  return { topic, payload, contentType: 'application/json', qos, isRetained: true };
}
