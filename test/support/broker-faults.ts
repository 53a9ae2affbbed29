import type { IConnackPacket, IPublishPacket } from 'mqtt-packet';

export interface BrokerMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: number;
  readonly retain: boolean;
  readonly clientId: string;
  readonly properties: NonNullable<IPublishPacket['properties']>;
  /** Size of the whole packet as it was on the wire; 0 for a last will. */
  readonly packetSizeBytes: number;
}

/** What the broker does wrong. All may be changed while it runs. */
export interface BrokerFaults {
  /** CONNACK reason code; 0 lets everybody in. */
  connackReason: number;
  /** CONNACK properties, such as receiveMaximum, maximumPacketSize, serverKeepAlive. */
  connackProperties: NonNullable<IConnackPacket['properties']>;
  /** Takes publishes but never acknowledges them. */
  mutePubacks: boolean;
  /** Acknowledges this much later. */
  pubackDelayMs: number;
  /** PUBACK reason code of a publish to this topic. */
  pubackReason: (topic: string) => number;
  /** Packet id that the acknowledgement carries. */
  pubackId: (id: number) => number;
  /** What a subscription to this filter is answered with; 0 grants it. */
  subackReason: (filter: string) => number;
  /** Ends the connection with DISCONNECT and this reason code instead of taking the publish. */
  disconnectReason: (message: BrokerMessage) => number | undefined;
  /** Cuts the connection instead of taking the publish. */
  hangsUpOn: (message: BrokerMessage) => boolean;
  /** Cuts each connection on its n-th publish, which is neither taken nor acknowledged. */
  dropConnectionAfter: number | undefined;
  /** Half-open: reads everything, answers nothing. */
  silent: boolean;
}

/** A broker that does everything right. */
export const FAULTLESS: BrokerFaults = {
  connackReason: 0,
  connackProperties: {},
  mutePubacks: false,
  pubackDelayMs: 0,
  pubackReason: () => 0,
  pubackId: (id) => id,
  subackReason: () => 0,
  disconnectReason: () => undefined,
  hangsUpOn: () => false,
  dropConnectionAfter: undefined,
  silent: false,
};
