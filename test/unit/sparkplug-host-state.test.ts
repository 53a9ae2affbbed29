import { describe, expect, test } from 'vitest';
import { HostState } from '../../src/publish/sparkplug/host-state.ts';

const state = (online: unknown, timestamp: unknown) => Buffer.from(JSON.stringify({ online, timestamp }));

describe('the primary host', () => {
  test('is offline until it says otherwise [tck-id-message-flow-edge-node-birth-publish-phid-wait]', () => {
    const host = new HostState('scada');
    expect(host.topic).toBe('spBv1.0/STATE/scada');
    expect(host.isOnline).toBe(false);
    host.take(state(true, 5));
    expect(host.isOnline).toBe(true);
  });

  test('cannot be ended by a message that is older [tck-id-operational-behavior-edge-node-termination-host-offline-timestamp]', () => {
    const host = new HostState('scada');
    host.take(state(true, 5));
    host.take(state(false, 4));
    expect(host.isOnline).toBe(true);
    host.take(state(false, 5));
    expect(host.isOnline).toBe(false);
  });

  test('is unknown again at each connection, but not its latest time [tck-id-message-flow-edge-node-birth-publish-phid-wait-timestamp]', () => {
    const host = new HostState('scada');
    host.take(state(true, 5));
    host.reset();
    expect(host.isOnline).toBe(false);
    host.take(state(true, 4));
    expect(host.isOnline).toBe(false);
    host.take(state(true, 5));
    expect(host.isOnline).toBe(true);
  });

  test.each([
    ['no JSON', Buffer.from('ONLINE')],
    ['null', Buffer.from('null')],
    ['a text for online', state('true', 5)],
    ['no timestamp', state(true, undefined)],
    ['an endless timestamp', Buffer.from('{"online":true,"timestamp":1e999}')],
    ['nothing', Buffer.alloc(0)],
  ])('is not moved by %s', (_name, payload) => {
    const host = new HostState('scada');
    host.take(payload);
    expect(host.isOnline).toBe(false);
  });
});
