import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceDurably } from '../../system/durable-file.ts';
import { messageOf } from '../../system/errors.ts';
import { topicFault } from '../topics.ts';
import type { TopicMemory } from './mirror.ts';

const FILE = 'home-assistant.json';
const TOPICS_MAX = 10_000;

/** Our topics of this and of former names of the node; whoever changed the file must not make us clear others. */
const OURS =
  /^(homeassistant\/device\/fieldnote_SITE_[\w-]+\/config|fieldnote\/[\w-]+\/[\w-]+\/asset\/[\w-]+)$/;

/** @param onError what was not remembered, or cannot be read, stays at the broker */
export async function openTopicMemory(
  dataDir: string,
  onError: (message: string) => void,
): Promise<TopicMemory> {
  const path = join(dataDir, FILE);
  return {
    topics: await readTopics(path, onError),
    async write(topics) {
      try {
        if (topics.length === 0) await rm(path, { force: true });
        else await replaceDurably(path, `${JSON.stringify({ topics })}\n`);
      } catch (error) {
        onError(
          `cannot write ${path}: ${messageOf(error)}; if Home Assistant is switched off now, its entities stay`,
        );
      }
    },
  };
}

async function readTopics(path: string, onError: (message: string) => void): Promise<readonly string[]> {
  try {
    const { topics } = JSON.parse(await readFile(path, 'utf8'));
    if (!Array.isArray(topics)) throw new Error('it has no list of topics');
    return topics.filter(isOurs).slice(0, TOPICS_MAX);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    onError(`cannot read ${path}: ${messageOf(error)}; entities of before may stay in Home Assistant`);
    return [];
  }
}

function isOurs(topic: unknown): topic is string {
  return typeof topic === 'string' && topicFault(topic) === undefined && OURS.test(topic);
}
