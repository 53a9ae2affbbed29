/** Every counter of the agent, named once, with the sentence that the reference page and `health` show. */
export const COUNTERS = {
  bytes_read: 'bytes read from a source',
  link_opened: 'times a source was opened',
  link_lost: 'times a source closed, failed or went silent',
  samples_read: 'samples decoded from a source',
  noise_unreadable: 'lines that no known format fits',
  'noise_not-utf8': 'lines with broken characters or binary bytes',
  'noise_line-too-long': 'lines over the length limit',
  'noise_not-a-number': 'values that were no finite number',
  'noise_missing-columns': 'lines with fewer or more columns than their header',
  'noise_too-many-channels': 'lines with more channels than the limit',
  'noise_bad-frame': 'runs of bytes between two delimiters that were no frame',
  'noise_bad-crc': 'frames that were damaged on the wire',
  'noise_bad-signature': 'frames that nobody with the key had signed, or that had been sent before',
  'noise_bad-body': 'frames whose size, values or time break the protocol or the description of the device',
  'noise_unknown-frame': 'frames of a type or stream that the device did not describe',
  'noise_duplicate-frame': 'frames that had been there before',
  noise_undescribed: 'frames of a device that had not said yet who it is and what it measures',
  'noise_bad-descriptor': 'descriptions of devices that cannot be used',
  'noise_unused-sentence':
    'sentences of NMEA 0183 that were skipped: of their maker, or of a kind that says nothing here',
  noise_unrecognised: 'times that bytes came in which no known protocol was found',
  waveforms_read: 'waveforms (bursts) read from a device',
  device_events: 'events that a device told',
  device_stats: 'reports of a device about itself',
  times_refused: 'times of day from a source that cannot be true, or came out of order',
  frames_lost_wire: 'frames of a device that did not arrive',
  frames_lost_device: 'frames that a device dropped because its line was too slow',
  samples_lost_wire: 'samples of a device that did not arrive',
  samples_lost_device: 'samples that a device dropped because its line was too slow',
  modbus_silent: 'requests that a device on a Modbus line did not answer in time',
  modbus_damaged: 'requests to which something came back that was no frame',
  modbus_foreign: 'requests to which a frame came back that answers something else',
  modbus_exception: 'requests that a device refused',
  modbus_late: 'answers that came after the wait for them was over, and were thrown away',
  values_refused: 'values that a device said are none, such as those of a broken sensor',
  samples_unmatched: 'values of channels that no asset uses',
  samples_late: 'values older than the grid cell that is being filled',
  values_withheld: 'values that were withheld: they cannot be true, or jumped far off for one sample',
  windows_cut: 'windows handed to the judge',
  verdicts: 'windows judged',
  not_judged_learning: 'windows not judged: still learning',
  not_judged_gap: 'windows not judged: too many gaps',
  'not_judged_out-of-range':
    'windows not judged: a speed or another constant was unknown or not for the model',
  not_judged_unsure: 'windows not judged: the model found no label probable enough',
  'not_judged_sensor-fault': 'windows not judged: a sensor that the model needs was at fault',
  not_judged_shed: 'windows not judged: shed because the judge was busy',
  not_judged_deadline: 'windows not judged: the model did not answer in time',
  'not_judged_judge-down': 'windows not judged: the judge process was down',
  'not_judged_bad-output': 'windows not judged: the model returned nonsense',
  child_restarts: 'times a child process was started again',
  learn_rejected: 'learning periods rejected as not steady',
  models_rolled_back: 'models that failed on trial, so that the model before them came back',
  incidents_opened: 'incidents opened',
  incidents_closed: 'incidents closed',
  reports_accepted: 'reports made durable',
  reports_refused: 'reports that the store could not take',
  reports_delivered: 'reports acknowledged and deleted',
  reports_expired: 'reports given up because they were too old to be sent',
  reports_evicted: 'reports given up because the store reached its size limit',
  reports_quarantined: 'reports that can never be delivered, put aside with their reason',
  texts_written: 'reports told in the words of the language model',
  texts_kept: 'reports that kept the text of their template: no text of the model was accepted',
  texts_shed: 'reports that kept the text of their template: a newer revision came, or too many waited',
  publishes: 'MQTT publishes sent',
  publish_failures: 'MQTT publishes that were refused or timed out',
  receipts_ignored:
    'receipts about reports that were not sent over this connection, of another store, or in a flood',
  receipts_overdue: 'reports sent again because no receipt came in time',
  update_parts: 'parts of updates that came over the broker and were stored',
  update_parts_ignored: 'parts of updates that were not asked for, came twice or out of order, or are none',
  updates_refused: 'updates that came over the broker and were refused',
  broker_connects: 'connections to the broker',
  broker_losses: 'connections to the broker that failed or were lost',
  history_blocks_damaged: 'blocks of the sample history that the disk has damaged',
  history_blocks_lost: 'blocks of the sample history that the disk could not take',
  learning_rows_lost: 'learning rows that the store could not take; learning went on in memory',
} as const;

export type CounterName = keyof typeof COUNTERS;

/** Counts by name and by label (a source, an asset). Reading is O(counters), adding O(1). */
export class Counters {
  readonly #values = new Map<CounterName, Map<string, number>>();

  add(name: CounterName, label: string, amount = 1): void {
    const byLabel = this.#values.get(name) ?? new Map<string, number>();
    this.#values.set(name, byLabel);
    byLabel.set(label, (byLabel.get(label) ?? 0) + amount);
  }

  /** Sum over all labels, or the count of one label. */
  get(name: CounterName, label?: string): number {
    const byLabel = this.#values.get(name);
    if (label !== undefined) return byLabel?.get(label) ?? 0;
    let sum = 0;
    for (const value of byLabel?.values() ?? []) sum += value;
    return sum;
  }

  /** All counters that are not zero, as plain JSON: name → label → count. */
  snapshot(): Record<string, Record<string, number>> {
    return Object.fromEntries(
      [...this.#values].map(([name, byLabel]) => [name, Object.fromEntries(byLabel)]),
    );
  }
}
