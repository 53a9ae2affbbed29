import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** PEM files of a certificate and its private key. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

const NEW_KEY = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'.split(' ');

/** Makes an authority that vouches for itself, with the openssl of the machine. */
export function createAuthority(folder: string, name: string): CertificateFiles {
  const files = filesOf(folder, name);
  openssl('req', '-x509', ...NEW_KEY, '-days', '2', '-subj', `/CN=${name}`, ...output(files));
  return files;
}

/** Makes a certificate for `localhost` that the authority vouches for; it is valid from now on for two days. */
export function issueCertificate(
  folder: string,
  name: string,
  authority: CertificateFiles,
): CertificateFiles {
  const files = filesOf(folder, name);
  const [request, extensions] = [join(folder, `${name}.csr`), join(folder, `${name}.ext`)];
  writeFileSync(extensions, 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  openssl('req', ...NEW_KEY, '-subj', `/CN=${name}`, '-keyout', files.key, '-out', request);
  const signing = ['-CA', authority.cert, '-CAkey', authority.key, '-CAcreateserial', '-days', '2'];
  openssl('x509', '-req', '-in', request, ...signing, '-extfile', extensions, '-out', files.cert);
  return files;
}

function filesOf(folder: string, name: string): CertificateFiles {
  return { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
}

function output({ cert, key }: CertificateFiles): string[] {
  return ['-keyout', key, '-out', cert];
}

function openssl(...commandLine: string[]): void {
  execFileSync('openssl', commandLine, { stdio: 'ignore' });
}
