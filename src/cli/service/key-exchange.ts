import type { ExportKeyOutput } from '../../payment/controlplane/exchange/exchange.schema.js';
import type { KeyOutput } from '../../payment/controlplane/keys/keys.schema.js';
import type { Command, Streams } from '../command.js';
import { EXIT, Failure } from '../failure.js';
import { type InputOptions, readInput, readJson, withInput } from '../input.js';
import { print } from '../results.js';
import { connect } from './client.js';
import { type ServiceOptions, withService } from './connection.js';

const DOCUMENT = 'docs/cli.md';
const IMPORT = `Import a key, and print its ARN.

Takes a TR-31 key block and the key in the service that it is wrapped under. Every other form, such as TR-34, RSA, ECDH or a certificate, is a request in JSON as the operation ImportKey takes it.`;
const EXPORT = `Export a key, and print it wrapped.

Wraps the key in a TR-31 key block under another key. For other mechanisms, such as TR-34, RSA or ECDH, give the JSON request of ExportKey without ExportKeyIdentifier.`;

interface ExchangeOptions extends ServiceOptions {
  under?: string;
  request?: string;
}

/** Adds `keyblock keys import` and `keyblock keys export`. */
export function addExchange(keys: Command, streams: Streams): void {
  const take = keys
    .command('import')
    .description(IMPORT)
    .option('--under <key>', 'The key that the block is wrapped under: ARN or alias.')
    .option('--request <path>', 'Read a request in JSON; - reads standard input.')
    .examples(
      'keyblock keys import --under alias/kek --file pek.tr31',
      'keyblock keys import --request import-tr34.json',
    )
    .readOn(DOCUMENT);
  withService(withInput(take, 'block', 'TR-31 key block')).action(
    async (text: string | undefined, options: ExchangeOptions & InputOptions) => {
      const request = await importRequest(text, options, streams);
      const client = await connect(options);
      const answer = await client.control<KeyOutput>('ImportKey', request);
      print(streams, options, answer, [answer.Key.KeyArn]);
    },
  );

  const give = keys
    .command('export')
    .description(EXPORT)
    .argument('<key>', 'key ARN or alias, such as alias/pek')
    .option('--under <key>', 'The key to wrap it under: ARN or alias.')
    .option('--request <path>', 'Read a request in JSON; - reads standard input.')
    .examples(
      'keyblock keys export alias/pek --under alias/kek >pek.tr31',
      'keyblock keys export alias/pek --request export-tr34.json',
    )
    .readOn(DOCUMENT);
  withService(give).action(async (key: string, options: ExchangeOptions) => {
    const { under, request } = options;
    if ((under === undefined) === (request === undefined))
      throw new Failure(EXIT.usage, 'Give either --under or --request.');
    const input =
      request === undefined
        ? { KeyMaterial: { Tr31KeyBlock: { WrappingKeyIdentifier: under } } }
        : await readJson(request, streams.stdin);
    const client = await connect(options);
    const answer = await client.control<ExportKeyOutput>('ExportKey', { ...input, ExportKeyIdentifier: key });
    print(streams, options, answer, [answer.WrappedKey?.KeyMaterial ?? '']);
  });
}

async function importRequest(
  text: string | undefined,
  options: ExchangeOptions & InputOptions,
  { stdin }: Streams,
): Promise<object> {
  const { under, request } = options;
  if (request !== undefined) {
    if (under !== undefined || text !== undefined || options.file !== undefined)
      throw new Failure(EXIT.usage, 'Give either --request, or a key block and --under.');
    return readJson(request, stdin);
  }
  if (under === undefined) throw new Failure(EXIT.usage, 'Give --under with the key that the block is wrapped under.');
  const block = (await readInput(text, options, stdin)).toString('latin1').replace(/\s/g, '');
  return { KeyMaterial: { Tr31KeyBlock: { WrappingKeyIdentifier: under, WrappedKeyBlock: block } } };
}
