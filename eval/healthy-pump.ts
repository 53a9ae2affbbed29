import { faultLevel, healthy, type Scenario } from '../demo/scenario.ts';
import { asRecording, judgeWindows, judgingOf } from '../src/eval/judged-rows.ts';
import type { Part, PartTools } from './part.ts';
import { PLANT_CHANNELS, plantPump } from './plant-pump.ts';

const SEEDS = [1, 2, 3] as const;
const LEARNED_HOURS = 6;
const WATCHED_HOURS = 24;

/** Afterwards a deposit grows on the impeller: silence to the end is no sign of health. */
const SICK_HOURS = 3;
const SICK_FROM_S = (LEARNED_HOURS + WATCHED_HOURS) * 3600;
const DEPOSIT = { startS: SICK_FROM_S, growS: 3600, holdS: 7200, healS: 1 };
const DEPOSIT_GMM = 300;

const scenario: Scenario = (timeS) => {
  const condition = healthy(timeS);
  const unbalanceGmm = condition.unbalanceGmm + DEPOSIT_GMM * faultLevel(DEPOSIT, timeS);
  return { ...condition, unbalanceGmm };
};

/** Incidents of a pump that nothing is wrong with. Default settings, but for the length of the learning. */
export const healthyPump: Part = {
  name: 'healthy-pump',
  bars: [
    {
      name: '24 simulated hours of a healthy pump, false incidents',
      limit: { atMost: 1 },
      unit: '',
      decimals: 0,
      best: '',
    },
  ],
  async measure(tools) {
    const days: PlantDay[] = [];
    for (const seed of SEEDS) {
      tools.progress(
        `seed ${seed}: ${LEARNED_HOURS} h learned, ${WATCHED_HOURS} h healthy, ${SICK_HOURS} h sick`,
      );
      days.push(await watchPlant(seed, tools));
    }
    const counts = days.map(({ falseIncidents }) => falseIncidents);
    const foundCount = days.filter(({ isFound }) => isFound).length;
    const baseline = `${LEARNED_HOURS} h learned, the worst of ${days.length} seeds (${counts.join(', ')}); a fault after that is found in ${foundCount}`;
    return [{ value: Math.max(...counts), baseline }];
  },
};

interface PlantDay {
  readonly falseIncidents: number;
  /** Whether an incident is open while the deposit grows or stays. */
  readonly isFound: boolean;
}

function watchPlant(seed: number, { log }: PartTools): Promise<PlantDay> {
  const rows = plantPump({ seed, hours: LEARNED_HOURS + WATCHED_HOURS + SICK_HOURS, scenario });
  return asRecording(PLANT_CHANNELS, rows, async (path) => {
    const settings = { learn: { for: `${LEARNED_HOURS}h` } };
    const windows = await judgeWindows(judgingOf({ path, channels: PLANT_CHANNELS, settings }, log).judging);
    const beforeFault = windows.filter(({ endMs }) => endMs <= SICK_FROM_S * 1000);
    const opened = new Set(beforeFault.flatMap(({ incident }) => (incident === undefined ? [] : [incident])));
    const isFound = windows
      .slice(beforeFault.length)
      .some(({ incident }) => incident !== undefined && !opened.has(incident));
    return { falseIncidents: opened.size, isFound };
  });
}
