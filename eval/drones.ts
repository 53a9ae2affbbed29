import { join } from 'node:path';
import { dronesBenchmark } from '../src/eval/drones-benchmark.ts';
import type { GoodOnlyFigures } from '../src/eval/drones-propeller.ts';
import type { Bar, Figure, Part } from './part.ts';

const seconds = { unit: 's', decimals: 2 } as const;
const share = { unit: '', decimals: 3 } as const;
const count = { unit: '', decimals: 0, best: '' } as const;

const f1 = (way: string): Bar => {
  return { name: `propellers ≥ 20 mm short, ${way}, F1`, limit: { atLeast: 0.95 }, ...share, best: '' };
};
const grade = (way: string): Bar => {
  return { name: `propellers, five grades, ${way}, accuracy`, limit: { atLeast: 0.6 }, ...share, best: '' };
};

/** Motors that fail, and damaged propellers. There is no public board for these flights. */
export const drones: Part = {
  name: 'drones',
  needs: { path: 'drones', of: 'data' },
  bars: [
    { name: 'stopped motor, found before the impact', limit: { atLeast: 1 }, ...share, best: '' },
    { name: 'stopped motor, median delay', limit: { atMost: 0.3 }, ...seconds, best: '' },
    { name: 'stopped motor, p90 of the delay', limit: { atMost: 0.5 }, ...seconds, best: '' },
    { name: 'stopped motor, right one named', limit: { atLeast: 0.9 }, ...share, best: '' },
    { name: 'alarms before the stop and in real flights', limit: { atMost: 0 }, ...count },
    { name: 'published limits passed where all was well', limit: { atMost: 0 }, ...count },
    { name: 'propeller alarms in windows of good flights', limit: { atMost: 0 }, ...count },
    { name: 'the same, learned on another good flight alone', limit: { atMost: 0 }, ...count },
    ...[f1('hover to line'), f1('line to hover'), grade('hover to line'), grade('line to hover')],
  ],
  async measure({ data, ...tools }) {
    const { figures } = await dronesBenchmark(join(data, 'drones'), tools);
    const { scores, autopilot, real, limits } = figures.motors;
    const [toLine, toHover] = figures.propellers;
    const ways = [toLine, toHover].filter((way) => way !== undefined);
    const good = ways.flatMap(({ flights }) => flights.filter(({ damageMm }) => damageMm === 0));
    const sum = (counts: readonly number[]) => counts.reduce((total, one) => total + one, 0);
    const check = `ArduPilot's own alarm ${autopilot.delayMedianS.toFixed(2)}`;
    return [
      {
        value: scores.found / scores.flights,
        baseline: `ArduPilot's own alarm ${autopilot.found} of ${autopilot.flights}`,
      },
      { value: scores.delayMedianS, baseline: check },
      { value: scores.delayP90S, baseline: `ArduPilot's own alarm ${autopilot.delayP90S.toFixed(2)}` },
      {
        value: scores.singlesNamed / scores.singles,
        baseline: `any motor .25; of ${scores.singles} flights`,
      },
      {
        value: scores.healthyAlarms + real.alarms,
        baseline: `${scores.flights} and ${real.flights} flights`,
      },
      {
        value: limits.beforeStop + limits.good,
        baseline: `before ${scores.flights} stops, in ${limits.goodFlights} good flights`,
      },
      {
        value: sum(good.map(({ alarms }) => alarms)),
        baseline: `of ${sum(good.map(({ windows }) => windows))} windows`,
      },
      goodOnlyFigure(figures.goodOnly),
      ...ways.map((way, at) => {
        const forest = ['.971', '.750'][at];
        return { value: way.f1, baseline: `always ${way.alwaysF1.toFixed(3)}, random forest ${forest}` };
      }),
      ...ways.map((way, at) => {
        const forest = ['.432', '.214'][at];
        return {
          value: way.accuracy,
          baseline: `the commonest ${way.mostFrequentShare.toFixed(3)}, random forest ${forest}`,
        };
      }),
    ];
  },
};

/** Alarms where there is no damage, beside those where there is much. */
function goodOnlyFigure(goodOnly: readonly GoodOnlyFigures[]): Figure {
  const grades = goodOnly.flatMap((figures) => figures.grades);
  const total = (from: number, to: number) => {
    const some = grades.filter(({ damageMm }) => damageMm >= from && damageMm <= to);
    const sum = (count: (grade: (typeof some)[number]) => number) =>
      some.reduce((all, grade) => all + count(grade), 0);
    return { alarms: sum(({ alarms }) => alarms), windows: sum(({ windows }) => windows) };
  };
  const [good, damaged] = [total(0, 0), total(20, Number.POSITIVE_INFINITY)];
  const beside = `of ${good.windows} windows; ${damaged.alarms} of ${damaged.windows} from 20 mm on`;
  return { value: good.alarms, baseline: beside };
}
