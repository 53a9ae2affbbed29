/** The parts of a configuration that depend on what is plugged in: YAML, from the keys `sources` and `assets` on. */
export interface FoundSources {
  readonly sources: string;
  readonly assets: string;
}

/**
 * The configuration that `fieldnote init` writes: complete enough to run, short enough to read. Keys that have a
 * sensible default are left out; docs/reference/configuration.md lists them all.
 */
export function exampleConfig({
  site,
  node,
  serialPath,
  sources = exampleSources(serialPath),
  assets = EXAMPLE_ASSETS,
}: { site: string; node: string; serialPath: string } & Partial<FoundSources>): string {
  return `# Fieldnote configuration. Check it with: fieldnote check <this file>
# Every key with its default and meaning: docs/reference/configuration.md

# Where this device is. Both become part of every MQTT topic: fieldnote/<site>/<node>/…
site: ${site}
node: ${node}

# Everything durable lives here: reports that wait for a link, learned models.
dataDir: /var/lib/fieldnote

# Where data comes from. The key (mcu) is yours to choose.
${sources}
# What is watched. One asset is one machine; its channels are judged together.
${assets}
# A digest of what happened since the last one, at these local times; the ends of your shifts.
#digest: { at: ["06:00", "14:00", "22:00"] }

# Reports are kept in dataDir until this broker has acknowledged them. Leave it out to only store them.
#mqtt:
#  url: mqtts://broker.example:8883
#  username: fieldnote
#  passwordFile: mqtt-password # a path, or the name of a systemd credential
`;
}

function exampleSources(serialPath: string): string {
  return `sources:
  mcu:
    link:
      type: serial # or: tcp (host, port), unix (path), file (path)
      path: ${serialPath}
      baudRate: 115200
    # auto finds out: devices with firmware-bridge, lines of JSON, CSV with a header, or label:value.
    protocol: auto
    # A port that is open but mute for so long is closed and opened again.
    silenceTimeout: 30s
`;
}

const EXAMPLE_ASSETS = `assets:
  pump1:
    name: Feed pump 1
    channels:
      # from: <source>.<name as it stands in the data>
      vibration: { from: mcu.vib, unit: mm/s, name: drive-end vibration }
      current: { from: mcu.amps, unit: A, name: motor current }
      pressure: { from: mcu.bar, unit: bar, name: discharge pressure }
    learn:
      # How much healthy running is learned before watching begins. Longer is better.
      for: 10min
`;
