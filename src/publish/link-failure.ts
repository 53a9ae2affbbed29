import type { Stamp } from '../values/stamp.ts';

/** What a person can do about the failures that Node reports by code (errors(3), Node's tls documentation). */
const HINTS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'no name server knows the host of mqtt.url',
  EAI_AGAIN: 'the name server does not answer: is there a network?',
  ECONNREFUSED: 'nothing listens there: check host and port of mqtt.url and whether the broker runs',
  ENETUNREACH: 'there is no network',
  EHOSTUNREACH: 'the host does not answer in its network',
  ETIMEDOUT: 'the host does not answer; a firewall may be in between',
  ECONNRESET:
    'the other side hung up: TLS and plain TCP use different ports, and some brokers hang up on a bad login',
  ERR_SSL_WRONG_VERSION_NUMBER: 'there is no TLS on this port: use mqtt:// or ws://, or the port for TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'there is no TLS on this port: use mqtt:// or ws://, or the port for TLS',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'the broker knows no TLS 1.2 or newer',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'the broker knows no TLS 1.2 or newer',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'put the certificate of the broker or of its authority into mqtt.caFile',
  SELF_SIGNED_CERT_IN_CHAIN: 'put the certificate of the authority of the broker into mqtt.caFile',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'put the certificate of the authority of the broker into mqtt.caFile',
  UNABLE_TO_GET_ISSUER_CERT: 'put the whole chain of authorities into mqtt.caFile',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'put the certificate of the authority of the broker into mqtt.caFile',
  ERR_TLS_CERT_ALTNAME_INVALID: 'use a name in mqtt.url for which the certificate was made',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    'the broker wants a client certificate: set mqtt.certFile and keyFile',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE:
    'the broker may want a client certificate: set mqtt.certFile and keyFile',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: 'the broker does not take the certificate of mqtt.certFile',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    'the certificate of mqtt.certFile has expired, by the clock of the broker',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: 'the broker does not take the certificate of mqtt.certFile',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'the broker does not know the authority of mqtt.certFile',
  ERR_OSSL_X509_KEY_VALUES_MISMATCH:
    'mqtt.keyFile is not the key of mqtt.certFile; a renewal may be under way',
};

/** Failures in which the clock of the device has a part. */
const ABOUT_TIME: readonly string[] = ['CERT_NOT_YET_VALID', 'CERT_HAS_EXPIRED'];

/**
 * A failure of the network or of TLS in words, with what to do about it.
 * @param now by the clock of the device: without a network many know the time only later
 */
export function failureText(error: LinkError, now: Stamp): string {
  const code = typeof error.code === 'string' ? error.code : '';
  // The message of OpenSSL names lines of its source; errors of a host with several addresses have none of their own.
  const message = typeof error.reason === 'string' ? error.reason : error.message || code;
  const hint = ABOUT_TIME.includes(code) ? clockHint(now) : HINTS[code];
  return hint === undefined ? message : `${message} (${hint})`;
}

/** `reason` is what OpenSSL adds. */
type LinkError = Error & { readonly code?: unknown; readonly reason?: unknown };

function clockHint({ wallMs, clock }: Stamp): string {
  const time = `by the clock of this device it is ${new Date(wallMs).toISOString().slice(0, 16)}Z`;
  return clock === 'synced' || clock === 'gnss'
    ? time
    : `${time}, which nobody has set: waiting for the time`;
}
