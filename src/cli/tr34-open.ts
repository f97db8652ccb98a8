import { createPrivateKey } from 'node:crypto';
import { InvalidArgumentError } from 'commander';
import { CryptoError } from '../crypto/errors.js';
import { type OpenedKey, openKeyTransport } from '../crypto/tr34/parse.js';
import { readIncomingCertificate } from '../crypto/x509/incoming-certificate.js';
import { calculated } from './calculators/compute.js';
import { hexOf } from './calculators/test-key.js';
import type { Command, Streams } from './command.js';
import { EXIT, Failure } from './failure.js';
import { type InputOptions, readInput, readPath, withInput } from './input.js';
import { table } from './layout.js';
import { printAnswer, type OutputOptions, withOutput } from './results.js';
import { decodeToken } from './tr34-token.js';

const DESCRIPTION = `Open a TR-34 key transport with test keys.

Verifies the certificates, the signature, the receiver and the nonce as the service does, and prints the clear key. Certificates and the key may be PEM or DER. Use test keys only: anyone who can see the terminal can see the key.`;
const NONCE = 'E7A9CC5BFD1A7FDC';
const FILES = '--receiver-key krd.key \\\n  --receiver-certificate krd.pem --sender-certificate kdh.pem --ca ca.pem';

interface OpenOptions extends OutputOptions, InputOptions {
  senderCertificate: string;
  ca: string;
  receiverCertificate: string;
  receiverKey: string;
  nonce?: string;
  at?: Date;
}

/** Adds `keyblock tr34 open`. */
export function addOpen(tr34: Command, streams: Streams): void {
  const open = tr34
    .command('open')
    .description(DESCRIPTION)
    .requiredOption('--sender-certificate <path>', 'Certificate of the sender (key distribution host).')
    .requiredOption('--ca <path>', 'Certificate of the authority that issued it.')
    .requiredOption('--receiver-certificate <path>', 'Certificate of the receiver (key receiving device).')
    .requiredOption('--receiver-key <path>', 'Its RSA private key, PKCS#8 or PKCS#1, not encrypted.')
    .option('--nonce <hex>', 'Random number of the receiver; for a two-pass token.')
    .option('--at <time>', 'Verify as of this time, in ISO 8601, instead of now.', dateFrom)
    .examples(
      `keyblock tr34 open --file token.der --nonce ${NONCE} \\\n  ${FILES}`,
      `keyblock tr34 open --file token.der --nonce ${NONCE} \\\n  --at 2026-01-15T12:00Z ${FILES}`,
    )
    .readOn('docs/key-exchange.md');
  withOutput(withInput(open, 'token', 'key transport')).action(
    async (text: string | undefined, options: OpenOptions) => {
      const { der } = decodeToken(await readInput(text, options, streams.stdin));
      const opened = await opening(der, options);
      if (!opened) {
        printAnswer(streams, options, false, { Opened: false }, [
          'The token is not from this sender to this receiver, the nonce differs, or the token was changed.',
        ]);
        return;
      }
      const { header, signingTime } = opened;
      const key = opened.key.toString('hex').toUpperCase();
      opened.key.fill(0);
      const json = { Opened: true, KeyBlockHeader: header, Key: key, SigningTime: signingTime?.toISOString() };
      printAnswer(
        streams,
        options,
        true,
        json,
        table([
          ['header', header],
          ['key', key],
          ...(signingTime === undefined ? [] : [['signing time', signingTime.toISOString()]]),
        ]),
      );
    },
  );
}

/** @returns undefined if the token isn't authentic, or isn't for this receiver */
async function opening(block: Buffer, options: OpenOptions): Promise<OpenedKey | undefined> {
  const certificate = async (path: string) => {
    const encoded = await readPath(path);
    return calculated(() => readIncomingCertificate(encoded));
  };
  const kdh = { certificate: await certificate(options.senderCertificate), issuer: await certificate(options.ca) };
  const receiver = await certificate(options.receiverCertificate);
  const nonce = options.nonce === undefined ? undefined : hexOf('nonce', options.nonce);
  const privateKey = await privateKeyIn(options.receiverKey);
  try {
    return openKeyTransport({
      block,
      kdh,
      krd: { certificate: receiver, privateKey },
      time: options.at ?? new Date(),
      ...(nonce && { nonce }),
    });
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    if (error.code === 'DECRYPTION_FAILED') return undefined;
    throw new Failure(EXIT.no, `${error.message}.`);
  } finally {
    privateKey.fill(0);
  }
}

/** Reads a private key as PKCS#8 in DER, which the caller zeroizes. @throws Failure */
async function privateKeyIn(path: string): Promise<Buffer> {
  const encoded = await readPath(path);
  try {
    const isPem = encoded.includes('-----BEGIN ');
    const key = isPem
      ? createPrivateKey({ key: encoded, format: 'pem' })
      : createPrivateKey({ key: encoded, format: 'der', type: 'pkcs8' });
    return key.export({ format: 'der', type: 'pkcs8' });
  } catch {
    // OpenSSL's message isn't helpful.
    throw new Failure(EXIT.usage, `${path} must have a private key that is not encrypted, in PEM or PKCS#8.`);
  } finally {
    encoded.fill(0);
  }
}

function dateFrom(text: string): Date {
  const date = new Date(text);
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(date.getTime()))
    throw new InvalidArgumentError('Give a time such as 2026-01-15 or 2026-01-15T12:00Z.');
  return date;
}
