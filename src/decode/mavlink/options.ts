/** What a user may say about a vehicle that speaks MAVLink. */
export interface MavlinkOptions {
  /** System id of the vehicle that is read; undefined for the one that is heard. */
  readonly system?: number | undefined;
  /** The vehicle is told who listens, and asked for the messages that are of use. Without it nothing is ever sent. */
  readonly request?: boolean | undefined;
  /** 32 bytes. With it only packets that are signed by it are read, and what is sent is signed. */
  readonly signingKey?: Uint8Array | undefined;
  /** Unix milliseconds, while somebody vouches for the clock: tells how old a signed packet may be. */
  readonly wallMs?: (() => number | undefined) | undefined;
}
