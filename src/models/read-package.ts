import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { MEMORY_WINDOWS, type WindowConfig, windowRows } from '../config/schema.ts';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import { type Column, columnsOf } from './columns.ts';
import { type ModelManifest, type ModelPackage, modelManifestSchema } from './package.ts';

export const MANIFEST_SIZE_BYTES_MAX = 256 * 1024;
export const ONNX_SIZE_BYTES_MAX = 64 * 1024 * 1024;

/** Faults that one message names, and characters of each value in it. */
const FAULTS_MAX = 10;
const VALUE_LENGTH_MAX = 80;

/**
 * Reads a model package and checks everything that can be checked without running it.
 * @param directory holds `model.json` and `model.onnx`
 * @throws {FieldnoteError} MODEL_INVALID naming the file and what is wrong with it
 */
export async function readModelPackage(directory: string): Promise<ModelPackage> {
  try {
    return await read(directory);
  } catch (error) {
    throw error instanceof FieldnoteError ? error : invalid(directory, `cannot be read: ${messageOf(error)}`);
  }
}

async function read(directory: string): Promise<ModelPackage> {
  const manifest = await readManifest(join(directory, 'model.json'));
  const onnxPath = join(directory, 'model.onnx');
  await checkFile(onnxPath, ONNX_SIZE_BYTES_MAX);
  const sha256 = await sha256Of(onnxPath);
  if (sha256 !== manifest.sha256)
    throw invalid(
      onnxPath,
      `has the sha256 ${sha256}, but model.json says ${manifest.sha256}: copy it again`,
    );
  return { manifest, onnxPath };
}

/**
 * Checks that a model can judge an asset by its channels and windows.
 * @param channels of the asset, in the order of its configuration
 * @returns where the channels of the model are found among them
 * @throws {FieldnoteError} MODEL_MISMATCH naming every difference
 */
export function checkAgainstAsset(
  { manifest }: ModelPackage,
  channels: ModelManifest['channels'],
  { rateHz, length }: Pick<WindowConfig, 'rateHz' | 'length'>,
): readonly Column[] {
  const rows = windowRows({ length, rateHz });
  const takesMemory = manifest.window.rows === rows * (1 + MEMORY_WINDOWS);
  const { columns, differences: channelDifferences } = columnsOf(manifest.channels, channels);
  const differences = [
    ...channelDifferences,
    difference('rate in Hz', manifest.window.rateHz, rateHz),
    takesMemory ? undefined : difference('rows of a window', manifest.window.rows, rows),
  ].filter((found) => found !== undefined);
  if (differences.length === 0) return columns;
  const message = `model "${manifest.name}" does not fit the asset: ${differences.join('; ')}`;
  throw new FieldnoteError('MODEL_MISMATCH', message, { sha256: manifest.sha256, differences });
}

function difference(what: string, wanted: number, given: number): string | undefined {
  return wanted === given ? undefined : `${what}: the model wants ${wanted}, the asset has ${given}`;
}

async function readManifest(path: string): Promise<ModelManifest> {
  await checkFile(path, MANIFEST_SIZE_BYTES_MAX);
  const result = modelManifestSchema.safeParse(parseJson(path, await readFile(path, 'utf8')), {
    reportInput: true,
  });
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => {
    const value = JSON.stringify(issue.input) ?? 'nothing';
    return `${issue.path.join('.') || 'the document'} is ${value.slice(0, VALUE_LENGTH_MAX)}: ${issue.message}`;
  });
  throw invalid(path, faults.slice(0, FAULTS_MAX).join('; '));
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(path, `is no JSON: ${messageOf(error)}`);
  }
}

async function checkFile(path: string, sizeBytesMax: number): Promise<void> {
  const found = await stat(path);
  if (!found.isFile()) throw invalid(path, 'is no regular file');
  if (found.size > sizeBytesMax) throw invalid(path, `has ${found.size} bytes; ${sizeBytesMax} are allowed`);
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function invalid(path: string, what: string): FieldnoteError {
  return new FieldnoteError('MODEL_INVALID', `${path} ${what}`, { path });
}
