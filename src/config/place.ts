import type { LinkConfig } from './schema.ts';

/** Where a link leads, in words; links that lead to one place have the same. */
export function placeOf(link: LinkConfig): string {
  if ('path' in link) return link.path;
  return 'device' in link ? link.device : `${link.host}:${link.port}`;
}
