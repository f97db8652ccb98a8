import { constants, publicEncrypt, X509Certificate } from 'node:crypto';
import { InvalidArgumentError } from 'commander';
import type { GetParametersForImportOutput } from '../../payment/controlplane/exchange/exchange.schema.js';
import type { KeyOutput } from '../../payment/controlplane/keys/keys.schema.js';
import { BLOCK_CIPHER_BYTES, type KeyAlgorithm, type KeyUsage } from '../../payment/keys/key-attributes.js';
import { widestModes } from '../../payment/keys/key-rules.js';
import { hexOf } from '../calculators/test-key.js';
import type { Command, Streams } from '../command.js';
import { EXIT, Failure } from '../failure.js';
import { readInput } from '../input.js';
import { printItems } from '../results.js';
import { setAlias } from './aliases.js';
import { connect, type ServiceClient } from './client.js';
import { type ServiceOptions, withService } from './connection.js';
import { algorithmOf, modesOfUse, usageOf } from './key-words.js';

const MAX_KEYS = 1000;
/** Algorithms of keys that ImportKey accepts in an RSA cryptogram. */
const ALGORITHMS = ['TDES_2KEY', 'TDES_3KEY', 'AES_128'] as const;
/** Tag by which policies can deny the use of imported test keys. */
const TAG = { Key: 'test-key', Value: 'known-bits' };
const DESCRIPTION = `Import test keys whose bits you know.

Each line of the file has an alias or -, a usage, an algorithm, and the key in hexadecimal. Lines that are empty or begin with # are ignored. The algorithm is TDES_2KEY, TDES_3KEY or AES_128. Each key is sent under an RSA key of the service, may be exported, and is tagged test-key=known-bits. An alias that exists is moved. All lines are checked before the first is sent.

Never import the bits of a production key in this way: a key block needs no file of clear keys.`;

interface TestKey {
  line: number;
  alias?: string;
  usage: KeyUsage;
  algorithm: KeyAlgorithm;
  clear: Buffer;
}

/** Adds `keyblock keys import-test`. */
export function addImportTest(keys: Command, streams: Streams): void {
  const command = keys
    .command('import-test')
    .description(DESCRIPTION)
    .argument('<file>', 'path of the file, or - for standard input')
    .examples(
      'keyblock keys import-test test-keys.txt',
      'echo alias/bdk B0 TDES_2KEY 0123456789ABCDEFFEDCBA9876543210 | \\\n  keyblock keys import-test -',
    )
    .readOn('docs/cli.md');
  withService(command, 'Print a JSON line for each key.').action(async (file: string, options: ServiceOptions) => {
    const text = await readInput(file === '-' ? '-' : undefined, file === '-' ? {} : { file }, streams.stdin);
    const found = testKeysOf(text.toString('utf8'));
    text.fill(0);
    try {
      const client = await connect(options);
      const header = ['ALIAS', 'KCV', 'KEY'];
      const imported: { Key: KeyOutput['Key']; AliasName?: string }[] = [];
      try {
        for await (const key of importKeys(client, found)) imported.push(key);
      } finally {
        // Keys that were imported before an error exist, so print them, too.
        printItems(streams, options, imported, header, ({ Key, AliasName }) => [
          AliasName ?? '-',
          Key.KeyCheckValue,
          Key.KeyArn,
        ]);
      }
    } finally {
      for (const { clear } of found) clear.fill(0);
    }
  });
}

/** Reads the lines of a file of test keys. @throws Failure that names the line */
function testKeysOf(text: string): TestKey[] {
  const keys = text.split('\n').flatMap((line, i) => (/^\s*(#|$)/.test(line) ? [] : [testKeyOf(line, i + 1)]));
  if (keys.length === 0) throw new Failure(EXIT.usage, 'The file has no keys.');
  if (keys.length > MAX_KEYS)
    throw new Failure(EXIT.usage, `The file has ${keys.length} keys; ${MAX_KEYS} are allowed.`);
  return keys;
}

function testKeyOf(text: string, line: number): TestKey {
  const [alias = '', usageText = '', algorithmText = '', digits = '', ...rest] = text.trim().split(/\s+/);
  const fault = (what: string) => new Failure(EXIT.usage, `Line ${line}: ${what}`);
  if (digits === '' || rest.length > 0) throw fault('give alias or -, usage, algorithm and key, separated by blanks.');
  if (alias !== '-' && !/^alias\/./.test(alias)) throw fault(`${alias} is neither an alias such as alias/bdk, nor -.`);
  try {
    const [usage, algorithm] = [usageOf(usageText), algorithmOf(algorithmText)];
    if (!isTransportable(algorithm))
      throw fault(`a key of ${algorithm} can't be sent under RSA: use ${ALGORITHMS.join(', ')}, or a key block.`);
    const clear = hexOf('key', digits);
    const bytes = BLOCK_CIPHER_BYTES[algorithm];
    if (clear.length !== bytes)
      throw fault(`a key of ${algorithm} has ${bytes} bytes, but this one has ${clear.length}.`);
    return { line, ...(alias !== '-' && { alias }), usage, algorithm, clear };
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw fault(error.message);
    if (error instanceof Failure && !error.message.startsWith('Line ')) throw fault(error.message);
    throw error;
  }
}

function isTransportable(algorithm: KeyAlgorithm): algorithm is (typeof ALGORITHMS)[number] {
  return ALGORITHMS.some((each) => each === algorithm);
}

/** Imports keys one after another under an RSA key of the service. */
async function* importKeys(client: ServiceClient, keys: readonly TestKey[]) {
  const { ImportToken, WrappingKeyCertificate } = await client.control<GetParametersForImportOutput>(
    'GetParametersForImport',
    { KeyMaterialType: 'KEY_CRYPTOGRAM', WrappingKeyAlgorithm: 'RSA_3072', ReuseLastGeneratedToken: true },
  );
  const { publicKey: key } = new X509Certificate(Buffer.from(WrappingKeyCertificate, 'base64'));
  const oaep = { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' };
  for (const { line, alias, usage, algorithm, clear } of keys) {
    try {
      const { Key } = await client.control<KeyOutput>('ImportKey', {
        KeyMaterial: {
          KeyCryptogram: {
            KeyAttributes: {
              KeyUsage: usage,
              KeyClass: 'SYMMETRIC_KEY',
              KeyAlgorithm: algorithm,
              KeyModesOfUse: modesOfUse(widestModes(usage, 'SYMMETRIC_KEY')),
            },
            Exportable: true,
            ImportToken,
            WrappingSpec: 'RSA_OAEP_SHA_256',
            WrappedKeyCryptogram: publicEncrypt(oaep, clear).toString('hex').toUpperCase(),
          },
        },
        Tags: [TAG],
      });
      if (alias !== undefined) await setAlias(client, alias, Key.KeyArn);
      yield { ...(alias !== undefined && { AliasName: alias }), Key };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      throw new Failure(error.exitCode, `Line ${line}: ${error.message}`, error.answer);
    }
  }
}
