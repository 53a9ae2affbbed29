import { describe, expect, test } from 'vitest';
import { failureText } from '../../src/publish/link-failure.ts';
import type { Stamp } from '../../src/values/stamp.ts';

const NOW: Stamp = { boot: 1, monoMs: 0, wallMs: 86_400_000, clock: 'unknown', errorMs: null };

function failure(code: unknown, message = 'it failed') {
  return Object.assign(new Error(message), { code });
}

describe('a failure of the link', () => {
  test.each([
    ['ENOTFOUND', 'no name server knows the host'],
    ['ECONNREFUSED', 'whether the broker runs'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'mqtt.caFile'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'mqtt.url'],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'mqtt.certFile and keyFile'],
    ['ERR_OSSL_X509_KEY_VALUES_MISMATCH', 'is not the key of mqtt.certFile'],
  ])('of code %s says what to do', (code, advice) => {
    expect(failureText(failure(code), NOW)).toMatch(/^it failed \(/);
    expect(failureText(failure(code), NOW)).toContain(advice);
  });

  test.each(['CERT_NOT_YET_VALID', 'CERT_HAS_EXPIRED'])('of code %s tells the time', (code) => {
    expect(failureText(failure(code), NOW)).toBe(
      'it failed (by the clock of this device it is 1970-01-02T00:00Z, which nobody has set: waiting for the time)',
    );
    expect(failureText(failure(code), { ...NOW, clock: 'synced' })).toBe(
      'it failed (by the clock of this device it is 1970-01-02T00:00Z)',
    );
  });

  test('in OpenSSL is told by its reason, without the lines of its source', () => {
    const message =
      '80:error:0A000418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca:rec_layer_s3.c:918:';
    const error = {
      ...failure('ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'),
      name: 'Error',
      message,
      reason: 'unknown ca',
    };
    expect(failureText(error, NOW)).toBe(
      'unknown ca (the broker does not know the authority of mqtt.certFile)',
    );
  });

  test('that nobody knows is told as it is', () => {
    expect(failureText(failure('EODD'), NOW)).toBe('it failed');
    expect(failureText(failure(7), NOW)).toBe('it failed');
    expect(failureText(failure('ECONNREFUSED', ''), NOW)).toMatch(/^ECONNREFUSED \(/);
  });
});
