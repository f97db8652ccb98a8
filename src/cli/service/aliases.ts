import type { Alias, AliasOutput, ListAliasesOutput } from '../../payment/controlplane/aliases/aliases.schema.js';
import type { KeyOutput } from '../../payment/controlplane/keys/keys.schema.js';
import type { Command, Streams } from '../command.js';
import { Failure } from '../failure.js';
import { print, printItems, remark } from '../results.js';
import { connect, type ServiceClient } from './client.js';
import { type ServiceOptions, withService } from './connection.js';

const DOCUMENT = 'docs/cli.md';

/** Adds `keyblock aliases`. */
export function addAliases(program: Command, streams: Streams): void {
  const aliases = program.command('aliases').description('Give names to payment keys.').readOn(DOCUMENT);
  const list = aliases
    .command('list')
    .description('List aliases and the keys that they name.')
    .option('--key <key>', 'Only aliases of this key: its ARN or an alias.')
    .examples('keyblock aliases list', 'keyblock aliases list --key alias/pek')
    .readOn(DOCUMENT);
  withService(list, 'Print a JSON line for each alias.').action(async (options: ServiceOptions & { key?: string }) => {
    const client = await connect(options);
    const KeyArn = options.key === undefined ? undefined : await keyArnOf(client, options.key);
    const found: Alias[] = [];
    const pages = client.pages((paging) =>
      client.control<ListAliasesOutput>('ListAliases', { ...paging, ...(KeyArn !== undefined && { KeyArn }) }),
    );
    for await (const { Aliases } of pages) found.push(...Aliases);
    printItems(streams, options, found, ['ALIAS', 'KEY'], (alias) => [alias.AliasName, alias.KeyArn ?? '-']);
  });

  const set = aliases
    .command('set')
    .description('Point an alias at a key.\n\nThe alias is created, or moved from the key that it names.')
    .argument('<alias>', 'such as alias/pek')
    .argument('<key>', 'ARN of the key, or another alias of it')
    .examples(
      'keyblock aliases set alias/pek alias/pek-2027',
      'keyblock aliases set alias/pek "$(keyblock keys create P0 AES_128)"',
    )
    .readOn(DOCUMENT);
  withService(set).action(async (alias: string, key: string, options: ServiceOptions) => {
    const client = await connect(options);
    const answer = await setAlias(client, alias, await keyArnOf(client, key));
    print(streams, options, answer, []);
    remark(streams, options, `${alias} names ${answer.Alias.KeyArn}.`);
  });

  const remove = aliases
    .command('remove')
    .description('Remove an alias. The key stays, and can get the alias again.')
    .argument('<alias>', 'such as alias/pek')
    .examples('keyblock aliases remove alias/pek-2025', 'keyblock aliases remove alias/pek-2025 --quiet')
    .readOn(DOCUMENT);
  withService(remove).action(async (alias: string, options: ServiceOptions) => {
    const client = await connect(options);
    await client.control('DeleteAlias', { AliasName: alias });
    print(streams, options, {}, []);
    remark(streams, options, `${alias} is removed.`);
  });
}

/** Finds the ARN of a key by an alias; an ARN is returned as it is. */
export async function keyArnOf(client: ServiceClient, key: string): Promise<string> {
  if (!key.startsWith('alias/')) return key;
  return (await client.control<KeyOutput>('GetKey', { KeyIdentifier: key })).Key.KeyArn;
}

/** Creates an alias of a key, or moves an alias to it. */
export async function setAlias(client: ServiceClient, AliasName: string, KeyArn: string): Promise<AliasOutput> {
  try {
    return await client.control<AliasOutput>('UpdateAlias', { AliasName, KeyArn });
  } catch (error) {
    // Either the alias or the key doesn't exist: CreateAlias determines which.
    if (!(error instanceof Failure) || error.answer.name !== 'ResourceNotFoundException') throw error;
    return client.control<AliasOutput>('CreateAlias', { AliasName, KeyArn });
  }
}
