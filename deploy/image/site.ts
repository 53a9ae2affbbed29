/** The site of the proof: what a person writes onto the card. */

export const SITE = 'works';
export const NODE = 'emulated';
export const LOGIN = { username: 'pump-skid', password: 'a password that only this card holds' } as const;
export const SECRET = 'fieldnote.mqtt-password';

export function settings(brokerPort: number): string {
  return `site: ${SITE}
node: ${NODE}
sources:
  mcu: { link: { type: serial, path: /dev/ttyUSB0, baudRate: 115200 } }
assets:
  pump1:
    name: Feed pump 1
    channels:
      temperature: { from: mcu.temp, unit: °C }
      pressure: { from: mcu.bar, unit: bar }
    window: { rateHz: 5, length: 5s, step: 1s, hold: 2s }
    learn: { for: 40s }
    incident: { openAfter: 3s, closeAfter: 10s, mergeWithin: 10s }
mqtt:
  url: mqtt://10.0.2.2:${brokerPort}
  username: ${LOGIN.username}
  passwordFile: ${SECRET}
  healthInterval: 1s
  updates: {}
llm:
  model: /usr/lib/fieldnote/models/writer/fieldnote-writer.gguf
  deadline: 5min
`;
}

/** The files of the boot partition. */
export function filesOfCard(brokerPort: number): Record<string, string> {
  return { 'fieldnote.yaml': settings(brokerPort), [`secrets/${SECRET}`]: `${LOGIN.password}\r\n` };
}
