import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';
import { configSchema } from '../src/config/schema.ts';
import { profileSchema } from '../src/modbus/profile.ts';
import { modelManifestSchema } from '../src/models/package.ts';
import { COUNTERS } from '../src/system/counters.ts';
import { digestSchema } from '../src/values/digest.ts';
import { reportSchema } from '../src/values/report.ts';
import { asyncApi } from './asyncapi.ts';

/**
 * Everything in docs/reference/ comes from the schemas of the source. `npm run generate` writes it; a test fails
 * when it is stale.
 */
export function generatedFiles(): Record<string, string> {
  // As a reader has to take it: documents of older versions lack what came later.
  const reportJsonSchema = z.toJSONSchema(reportSchema, { io: 'input' });
  const configJsonSchema = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' });
  return {
    'report.schema.json': json({ title: 'Fieldnote report', ...reportJsonSchema }),
    'digest.schema.json': json({
      title: 'Fieldnote digest',
      ...z.toJSONSchema(digestSchema, { io: 'input' }),
    }),
    'configuration.schema.json': json({ title: 'Fieldnote configuration', ...configJsonSchema }),
    'model.schema.json': json({ title: 'Fieldnote model.json', ...z.toJSONSchema(modelManifestSchema) }),
    'modbus-profile.schema.json': json({
      title: 'Fieldnote Modbus profile',
      ...z.toJSONSchema(profileSchema, { io: 'input' }),
    }),
    'configuration.md': configurationPage(configJsonSchema as JsonSchema),
    'counters.md': countersPage(),
    'asyncapi.yaml': stringify(asyncApi(), { lineWidth: 110 }),
  };
}

interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly required?: readonly string[];
  readonly properties?: Record<string, JsonSchema>;
  readonly additionalProperties?: JsonSchema | false;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
}

function configurationPage(schema: JsonSchema): string {
  const rows = keysOf(schema, '').map(
    ({ key, kind, fallback, meaning }) => `| \`${key}\` | ${kind} | ${fallback} | ${meaning} |`,
  );
  return [
    '# Configuration',
    '',
    'One YAML file. Unknown keys are errors; `fieldnote check FILE` names every fault at once, with its line.',
    'Durations are a number and a unit: `500ms`, `30s`, `10min`, `2h`, `1d`. `<key>` stands for a name of your choice.',
    '',
    '| key | value | default | meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

interface KeyRow {
  readonly key: string;
  readonly kind: string;
  readonly fallback: string;
  readonly meaning: string;
}

function keysOf(schema: JsonSchema, prefix: string): KeyRow[] {
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants?.some((variant) => variant.properties)) {
    return variants.flatMap((variant) => {
      const type = variant.properties?.['type']?.const;
      const { type: _, ...properties } = variant.properties ?? {};
      return keysOf({ ...variant, properties }, prefix).map((row) => ({
        ...row,
        meaning: `${row.meaning} (type: ${type})`.trim(),
      }));
    });
  }
  const inner = schema.additionalProperties;
  if (inner && typeof inner === 'object' && !schema.properties) return keysOf(inner, `${prefix}<key>.`);
  return Object.entries(schema.properties ?? {}).flatMap(([name, value]) => {
    const isGroup = value.properties || value.oneOf || (value.additionalProperties && !value.properties);
    const isRequired = schema.required?.includes(name) ?? false;
    const row = {
      key: prefix + name,
      kind: kindOf(value),
      fallback: fallbackOf(value, isRequired),
      meaning: value.description ?? '',
    };
    return isGroup ? keysOf(value, `${prefix}${name}.`) : [row];
  });
}

function kindOf(schema: JsonSchema): string {
  const choices = schema.enum ?? schema.anyOf?.map((choice) => choice.const);
  if (choices) return choices.map(String).join(', ');
  const range = [schema.minimum, schema.maximum].filter(
    (limit) => limit !== undefined && Math.abs(limit) < 1e15,
  );
  return [schema.type ?? '', range.join(' to ')].filter(Boolean).join(' ');
}

function fallbackOf(schema: JsonSchema, isRequired: boolean): string {
  if (schema.default !== undefined) return `\`${String(schema.default)}\``;
  return isRequired ? '**required**' : '–';
}

function countersPage(): string {
  const rows = Object.entries(COUNTERS).map(([name, meaning]) => `| \`${name}\` | ${meaning} |`);
  const intro =
    'Every counter, as it appears in `health`: counted for each source or asset since the daemon started.';
  return ['# Counters', '', intro, '', '| counter | counts |', '|---|---|', ...rows, ''].join('\n');
}

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

if (import.meta.main) {
  for (const [name, text] of Object.entries(generatedFiles())) {
    const path = join(import.meta.dirname, 'reference', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}
