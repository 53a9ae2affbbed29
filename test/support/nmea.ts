/** A sentence with its checksum and line end. */
export function sentence(body: string, start: '$' | '!' = '$'): string {
  let sum = 0;
  for (const char of body) sum ^= char.charCodeAt(0);
  return `${start}${body}*${sum.toString(16).toUpperCase().padStart(2, '0')}\r\n`;
}

/** What a receiver with a fix says in one second, as a common one does. */
export function secondOf(wallMs: number): string {
  const iso = new Date(wallMs).toISOString();
  const time = iso.slice(11, 22).replaceAll(':', '');
  const date = `${iso.slice(8, 10)}${iso.slice(5, 7)}${iso.slice(2, 4)}`;
  return [
    `GNRMC,${time},A,4717.11437,N,00833.91522,E,5.400,77.52,${date},,,A,V`,
    `GNVTG,77.52,T,,M,5.400,N,10.001,K,A`,
    `GNGGA,${time},4717.11437,N,00833.91522,E,1,08,1.01,499.6,M,48.0,M,,`,
    'GNGSA,A,3,23,29,07,08,09,18,26,28,,,,,1.94,1.18,1.54,1',
    'GPGSV,2,1,05,23,38,230,44,29,71,156,47,07,29,116,41,08,09,081,36,1',
    'GPGSV,2,2,05,10,07,189,,1',
    'GLGSV,1,1,02,65,20,100,30,72,10,010,32,1',
    `GNGLL,4717.11437,N,00833.91522,E,${time},A,A`,
    `PUBX,00,${time},4717.113210,N,00833.915187,E,546.589,G3,2.1,2.0,0.007,77.52,0.007,,0.92,1.19,0.77,9,0,0`,
  ]
    .map((body) => sentence(body))
    .join('');
}
