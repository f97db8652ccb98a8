import { isIP } from 'node:net';
import { KeyFileError, readSecretFile } from './key-file.js';
import type { Settings, Sources } from './settings.js';

/** The receiver of notices about approvals. */
export interface ApprovalsWebhook {
  /** May contain a secret, so it isn't logged. */
  readonly url: string;
  /** Secret of the signatures, 24 to 64 bytes. */
  readonly secret: Buffer;
}

const URL_NAME = 'KEYBLOCK_APPROVALS_WEBHOOK';
const SECRET: Sources<Buffer> = {
  KEYBLOCK_APPROVALS_WEBHOOK_SECRET: parseSecret,
  KEYBLOCK_APPROVALS_WEBHOOK_SECRET_FILE: (path) => parseSecret(readSecretFile(path)),
};

/** Reads the settings of the webhook; undefined if there is none, or if a setting isn't usable. */
export function readApprovalsWebhook(settings: Settings): ApprovalsWebhook | undefined {
  if (settings.has(URL_NAME) !== settings.hasOneOf(SECRET))
    settings.problems.push(
      `${URL_NAME} and ${URL_NAME}_SECRET, or its file, must be set together: every notice is signed`,
    );
  const url = settings.read(URL_NAME, parseUrl);
  const secret = settings.oneOf(SECRET);
  return url !== undefined && secret ? { url, secret } : undefined;
}

/** @throws KeyFileError, which doesn't quote the URL */
function parseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSecure = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
  if (!url || !isSecure)
    throw new KeyFileError('must be a URL that begins with https://, or with http:// for a receiver on this host');
  if (url.username !== '' || url.password !== '' || url.hash !== '')
    throw new KeyFileError('must be a URL without a user, a password and a fragment');
  return url.href;
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || (isIP(hostname) === 4 && hostname.startsWith('127.'));
}

/** Reads a secret in the form of Standard Webhooks: `whsec_` and 24 to 64 bytes in base64. */
function parseSecret(text: string): Buffer {
  const [, base64 = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  const secret = Buffer.from(base64, 'base64');
  if (secret.length < 24 || secret.length > 64 || secret.toString('base64') !== base64)
    throw new KeyFileError('must be whsec_ and 24 to 64 random bytes in base64');
  return secret;
}
