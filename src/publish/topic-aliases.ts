/**
 * The numbers that stand for topics on one connection (MQTT 5 section 3.3.2.3.4): the first publish to a topic carries
 * both, the later ones the number alone, about forty bytes less each. The first topics get one; a node has few.
 */
export class TopicAliases {
  readonly #countMax: number;
  readonly #aliases = new Map<string, number>();

  /** @param countMax the broker's Topic Alias Maximum */
  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  /** What to send in place of the topic. @param mayGrow whether the packet has room for an alias beside its topic */
  apply(topic: string, mayGrow: boolean): { readonly topic: string; readonly topicAlias?: number } {
    const known = this.#aliases.get(topic);
    if (known !== undefined) return { topic: '', topicAlias: known };
    if (this.#aliases.size >= this.#countMax || !mayGrow) return { topic };
    const topicAlias = this.#aliases.size + 1;
    this.#aliases.set(topic, topicAlias);
    return { topic, topicAlias };
  }
}
