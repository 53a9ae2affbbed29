/** What a user may say about a vehicle that speaks MAVLink. */
export interface MavlinkOptions {
  /** System id of the vehicle that is read; undefined for the one that is heard. */
  readonly system?: number | undefined;
}
