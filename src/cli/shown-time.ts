/** "2026-11-23 15:20:01 UTC". */
export function shownTime(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
