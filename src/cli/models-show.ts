import { loadConfig } from '../config/load.ts';
import type { ListedModel } from '../models/active.ts';
import type { ModelManifest } from '../models/package.ts';
import { FieldnoteError } from '../system/errors.ts';
import { chosenAsset } from './asset-choice.ts';
import { listedModel } from './model-choice.ts';
import { alignedRows } from './table.ts';

/**
 * `fieldnote models show`: what a package of an asset says about itself.
 * @throws FieldnoteError MODEL_INVALID when it cannot be read, BAD_ARGUMENT when there is none
 */
export async function modelsShow(
  name: string | undefined,
  prefix: string | undefined,
  options: { config: string; json?: boolean },
): Promise<void> {
  const { config } = loadConfig(options.config);
  const key = chosenAsset(config, name);
  const { manifest, fault, trial } = await listedModel(config.dataDir, key, prefix);
  if (manifest === undefined)
    throw new FieldnoteError('MODEL_INVALID', fault ?? 'it cannot be read', { key });
  const text = options.json ? JSON.stringify({ ...manifest, trial }, null, 2) : pageOf(manifest, trial);
  process.stdout.write(`${text}\n`);
}

function pageOf(manifest: ModelManifest, trial: ListedModel['trial']): string {
  const { name, version, licence, sha256, channels, window, coverageMin, outputs, provenance } = manifest;
  const { constants = [], golden } = manifest;
  const { rateHz, rows: windowRows, stepMs } = window;
  const lines = [
    ['name', `${name} ${version}`],
    ['licence', licence],
    ['sha256', sha256],
    ['made', provenance.trainedAt],
    ['from', provenance.data],
    ['by', provenance.recipe],
    ['window', `${windowRows} rows at ${rateHz} Hz (${windowRows / rateHz} s), every ${stepMs / 1000} s`],
    ['limits', `judges when at least ${coverageMin * 100} % of each channel holds a value`],
    ['tells', outputsText(outputs)],
    ['proof', golden ? 'golden outputs, compared before each use' : 'no golden outputs'],
    ...(trial ? [['on trial', trialText(trial)]] : []),
  ];
  const sections: Record<string, string[][]> = {
    channels: channels.map(({ name: channel, unit }) => [channel, unit]),
    constants: constants.map(({ name: constant, unit, min, max }) => [constant, `${min} … ${max} ${unit}`]),
    figures: Object.entries(provenance.figures).map(([figure, value]) => [figure, shownNumber(value)]),
  };
  const filled = Object.entries(sections).filter(([, rows]) => rows.length > 0);
  return [
    ...alignedRows(lines),
    ...filled.flatMap(([title, rows]) => [title, ...alignedRows(rows, '  ')]),
  ].join('\n');
}

function outputsText({ deviations, labels, unsureBelow }: ModelManifest['outputs']): string {
  const parts = [
    'a score',
    ...(deviations ? ['how far each channel is from normal'] : []),
    ...(labels.length > 0 ? [`labels: ${labels.join(', ')}`] : []),
    ...(unsureBelow === undefined ? [] : [`unsure below ${unsureBelow * 100} %`]),
  ];
  return parts.join('; ');
}

function trialText({ verdicts, alarms, deaths }: NonNullable<ListedModel['trial']>): string {
  return `${verdicts} windows judged, ${alarms} of them alarms, ${deaths} times its process ended`;
}

function shownNumber(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}
