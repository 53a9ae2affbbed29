import { withChannels } from '../assets.ts';
import type { AssetConfig, Config } from '../config/schema.ts';
import { FieldnoteError } from '../system/errors.ts';

/** An asset whose channels are known without its device. */
export interface CheckedAsset {
  readonly key: string;
  readonly config: AssetConfig;
}

/**
 * The asset that a command is about: the named one, or the only one there is.
 * @throws FieldnoteError BAD_ARGUMENT naming those that there are
 */
export function chosenAsset(config: Config, name: string | undefined): string {
  const known = Object.keys(config.assets);
  const asset = name ?? (known.length === 1 ? known[0] : undefined);
  if (asset !== undefined && known.includes(asset)) return asset;
  const which = name === undefined ? 'name the asset' : `there is no asset ${name}`;
  const message = `${which}: the configuration has ${known.join(', ') || 'none'}`;
  throw new FieldnoteError('BAD_ARGUMENT', message, { known });
}

/** An asset as far as the configuration knows it: undefined when its device brings the channels. */
export function knownAsset(config: Config, key: string): CheckedAsset | undefined {
  const configured = config.assets[key];
  const known = configured && withChannels(configured);
  return known && { key, config: known };
}

/**
 * The configuration of an asset whose channels are written in it.
 * @throws FieldnoteError BAD_ARGUMENT when a device brings them: then only the running daemon knows them
 */
export function configuredAsset(config: Config, asset: string): AssetConfig {
  const known = knownAsset(config, asset);
  if (known !== undefined) return known.config;
  const message = `the channels of ${asset} come from its device, only the running daemon knows them: name them under assets.${asset}.channels to work with them offline`;
  throw new FieldnoteError('BAD_ARGUMENT', message, { asset });
}
