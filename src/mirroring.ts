import type { Assets, RunningAsset } from './assets.ts';
import type { Config, MqttConfig } from './config/schema.ts';
import { versionsToTry } from './publish/client-options.ts';
import { openTopicMemory } from './publish/home-assistant/memory.ts';
import { HomeAssistant } from './publish/home-assistant/mirror.ts';
import type { MirrorLinkOptions } from './publish/mirror-link.ts';
import { type MirroredAsset, type MirroredNode, type MirroredState, SEVERITIES } from './publish/mirrored.ts';
import type { Secrets } from './publish/secrets.ts';
import { birthSequence } from './publish/sparkplug/birth-sequence.ts';
import { Sparkplug } from './publish/sparkplug/mirror.ts';
import type { Source } from './source-seam.ts';
import type { StoreKeeper } from './store-keeper.ts';
import type { Clock } from './system/clock.ts';
import type { Logger } from './system/log.ts';
import { agentVersion } from './system/version.ts';
import type { Incident } from './values/incident.ts';
import type { Report } from './values/report.ts';

export interface MirroringParts {
  readonly config: Config;
  readonly mqtt: MqttConfig;
  readonly secrets: () => Promise<Secrets>;
  readonly assets: Assets;
  readonly sources: ReadonlyMap<string, Source>;
  readonly keeper: StoreKeeper;
  readonly clock: Clock;
  readonly log: Logger;
  /** Text of an incident that was open before the start. */
  readonly textOf: (asset: RunningAsset, incident: Incident) => string;
}

/** Shows the present state to Home Assistant and to Sparkplug hosts, where that is switched on. */
export class Mirroring {
  readonly #parts: MirroringParts;
  readonly #homeAssistant: HomeAssistant | undefined;
  readonly #sparkplug: Sparkplug | undefined;
  /** Of the latest report of each asset. */
  readonly #texts = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;
  #updating: Promise<void> = Promise.resolve();

  static async start(parts: MirroringParts): Promise<Mirroring> {
    const mirroring = new Mirroring(parts, await createHomeAssistant(parts));
    mirroring.#start();
    return mirroring;
  }

  private constructor(parts: MirroringParts, homeAssistant: HomeAssistant | undefined) {
    this.#parts = parts;
    this.#homeAssistant = homeAssistant;
    this.#sparkplug = createSparkplug(parts);
  }

  /** Something was reported: whoever looks shall see it now. */
  reported({ asset, text }: Report): void {
    this.#texts.set(asset.key, text);
    this.update();
  }

  /** Shows what has changed. */
  update(): void {
    const { mqtt, log } = this.#parts;
    if (!mqtt.homeAssistant && this.#sparkplug === undefined) return;
    this.#updating = this.#updating
      .then(() => this.#state())
      .then((state) => {
        if (mqtt.homeAssistant) this.#homeAssistant?.update(state);
        this.#sparkplug?.update(state);
      })
      .catch((error) => log.error({ error }, 'cannot show the state to others'));
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#updating;
    await Promise.all([this.#homeAssistant?.stop(), this.#sparkplug?.stop()]);
  }

  #start(): void {
    const { sparkplug } = this.#parts.mqtt;
    this.#homeAssistant?.start();
    this.#sparkplug?.start();
    this.update();
    if (sparkplug) this.#timer = setInterval(() => this.update(), sparkplug.interval);
  }

  async #state(): Promise<MirroredState> {
    const { assets, sources, keeper } = this.#parts;
    const totals = await keeper.store?.totals().catch(() => undefined);
    const node: MirroredNode = {
      version: agentVersion,
      reportsWaiting: totals?.pending ?? null,
      sources: sources.size,
      sourcesOpen: [...sources.values()].filter(({ state }) => state === 'open').length,
    };
    return { node, assets: assets.running.map((asset) => this.#assetState(asset)) };
  }

  #assetState(asset: RunningAsset): MirroredAsset {
    const { sources, textOf } = this.#parts;
    const { key, config, health, openIncidents } = asset;
    const [open] = openIncidents;
    const severities = openIncidents.map(({ severity }) => SEVERITIES.indexOf(severity));
    const channels = Object.entries(config.channels);
    const feeds = channels.map(([, { from }]) => from.slice(0, from.indexOf('.')));
    return {
      key,
      name: config.name ?? key,
      isOnline: feeds.some((source) => sources.get(source)?.state === 'open'),
      phase: health.phase,
      learned: health.learned ?? (health.phase === 'starting' ? 0 : 1),
      score: health.score ?? null,
      isIncidentOpen: openIncidents.length > 0,
      severity: SEVERITIES[Math.max(0, ...severities)] ?? 'none',
      text: this.#texts.get(key) ?? (open ? textOf(asset, open) : ''),
      channels: channels.map(([channel, { name = channel, unit }]) => {
        return { key: channel, name, unit, value: health.latest[channel] ?? null };
      }),
    };
  }
}

/** Also with the switch off, when a broker may still show what was switched on before. */
async function createHomeAssistant(parts: MirroringParts): Promise<HomeAssistant | undefined> {
  const { config, mqtt, log } = parts;
  const { site, node, dataDir } = config;
  const memory = await openTopicMemory(dataDir, (message) => log.warn(message));
  if (!mqtt.homeAssistant && memory.topics.length === 0) return undefined;
  return new HomeAssistant({
    name: { site, node },
    link: linkOf(parts, 'homeassistant'),
    onLost: lostBy(parts, 'Home Assistant'),
    assets: mqtt.homeAssistant ? Object.keys(config.assets) : undefined,
    memory,
  });
}

function createSparkplug(parts: MirroringParts): Sparkplug | undefined {
  const { config, mqtt, log } = parts;
  if (mqtt.sparkplug === undefined) return undefined;
  return new Sparkplug({
    group: mqtt.sparkplug.group ?? config.site,
    node: config.node,
    host: mqtt.sparkplug.host,
    link: linkOf(parts, 'sparkplug'),
    onLost: lostBy(parts, 'Sparkplug'),
    nextBdSeq: birthSequence(config.dataDir, (message) => log.warn(message)),
  });
}

/** A connection of its own beside that of the reports, told apart by its name. */
export function linkOf({ config, mqtt, secrets, clock }: LinkParts, name: string): Link {
  const { site, node } = config;
  const { url, username, keepAlive: keepAliveMs, ackTimeout: ackTimeoutMs } = mqtt;
  const clientId = `fieldnote.${site}.${node}.${name}`;
  return {
    settings: { url, clientId, username, keepAliveMs, ackTimeoutMs },
    secrets,
    versions: versionsToTry(mqtt.version),
    random: Math.random,
    clock,
  };
}

type LinkParts = Pick<MirroringParts, 'config' | 'mqtt' | 'secrets' | 'clock'>;
type Link = Omit<MirrorLinkOptions, 'subscriptions' | 'willOf' | 'on'>;

export function lostBy({ log }: Pick<MirroringParts, 'log'>, name: string): MirrorLinkOptions['on']['lost'] {
  return ({ code, message }, retryInMs) =>
    log.warn({ code }, `${name}: ${message}; trying again in ${(retryInMs / 1000).toFixed(1)} s`);
}
