import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Makes a certificate for localhost and 127.0.0.1 with openssl. @returns the paths of its files */
export function selfSigned(folder: string, name = 'localhost'): { key: string; cert: string } {
  const [key, cert] = [join(folder, `${name}-key.pem`), join(folder, `${name}-cert.pem`)];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
  execFileSync('openssl', ['req', '-x509', ...kind, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return { key, cert };
}
