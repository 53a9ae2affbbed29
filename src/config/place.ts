import type { LinkConfig } from './schema.ts';

/** Where a link leads, in words; links that lead to one place have the same. */
export function placeOf(link: LinkConfig): string {
  if ('path' in link) return link.path;
  return link.type === 'tcp' ? `${link.host}:${link.port}` : link.device;
}
