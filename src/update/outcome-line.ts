import type { Outcome } from './releases.ts';

/** "update 7 (autumn) rolled back: it ended with a failure instead of becoming ready" */
export function outcomeLine({ sequence, name, result, reason }: Outcome): string {
  const which = sequence === undefined ? 'a bundle' : `update ${sequence} (${name})`;
  return `${which} ${result}${reason === undefined ? '' : `: ${reason}`}`;
}
