import { FieldnoteError } from '../system/errors.ts';

/** Longest topic that MQTT can carry, in bytes of UTF-8 (MQTT 5 section 1.5.4). */
const TOPIC_SIZE_BYTES_MAX = 65_535;

/** The topics of one node. */
export interface Topics {
  /** Retained: whether the node is there. Also its last will. */
  readonly status: string;
  /** Retained: counters and state. */
  readonly health: string;
  /** Records of what was lost. */
  readonly gap: string;
  /** Where `fieldnote check --connect` publishes. */
  readonly check: string;
  /** Here collectors say what they have stored. */
  readonly receipt: string;
  /** What happened over a stretch of time. */
  readonly digest: string;
  /** Where somebody offers an update. */
  readonly updateOffer: string;
  /** Where the parts of an update come. */
  readonly updatePart: string;
  /** What the node has of an update. */
  readonly updateState: string;
  /** Reports about one asset. */
  incident(asset: string): string;
  /** Retained: how one asset is now. Only for those who were asked to show it. */
  asset(asset: string): string;
}

/**
 * Topics `fieldnote/<site>/<node>/…`.
 * @throws FieldnoteError BAD_ARGUMENT when site, node or asset cannot be one level of a topic
 */
export function topicsOf({ site, node }: { site: string; node: string }): Topics {
  const root = `fieldnote/${level('site', site)}/${level('node', node)}`;
  return {
    status: `${root}/status`,
    health: `${root}/health`,
    gap: `${root}/gap`,
    check: `${root}/check`,
    receipt: `${root}/receipt`,
    digest: `${root}/digest`,
    updateOffer: `${root}/update/offer`,
    updatePart: `${root}/update/part`,
    updateState: `${root}/update/state`,
    incident: (asset) => `${root}/incident/${level('asset', asset)}`,
    asset: (asset) => `${root}/asset/${level('asset', asset)}`,
  };
}

/**
 * Why nothing can be published to a topic, or undefined when it can. MQTT clients and brokers answer such a topic
 * with anything from silence to an endless loop of lost connections, so it must never reach them.
 */
export function topicFault(topic: string): string | undefined {
  if (topic.length === 0) return 'topic is empty';
  if (Buffer.byteLength(topic) > TOPIC_SIZE_BYTES_MAX)
    return `topic is longer than ${TOPIC_SIZE_BYTES_MAX} bytes`;
  if (topic.startsWith('$')) return 'topic starts with $, which belongs to the broker';
  if (/[+#]/.test(topic)) return 'topic contains + or #, which are for subscriptions';
  if (/\p{Cc}/u.test(topic)) return 'topic contains a control character';
  if (!topic.isWellFormed()) return 'topic is not well-formed Unicode';
  return undefined;
}

function level(name: string, value: string): string {
  const fault = value.includes('/') ? 'topic level contains /' : topicFault(value);
  if (fault === undefined) return value;
  throw new FieldnoteError('BAD_ARGUMENT', `${name} ${JSON.stringify(value)} is no topic level: ${fault}`, {
    [name]: value,
  });
}
