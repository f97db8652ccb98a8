import type { GetKeyUseOutput, ListKeyInventoryOutput } from '../../admin/keys.schema.js';
import type { KeyOutput } from '../../payment/controlplane/keys/keys.schema.js';
import {
  KEY_MODES,
  type KeyAlgorithm,
  type KeyClass,
  type KeyMode,
  type KeyUsage,
} from '../../payment/keys/key-attributes.js';
import { widestModes } from '../../payment/keys/key-rules.js';
import type { Command, Streams } from '../command.js';
import { type ConfirmationOptions, confirm, withConfirmation } from '../confirmation.js';
import { timeOf, table } from '../layout.js';
import { headed, print, printItems, remark } from '../results.js';
import { keyArnOf } from './aliases.js';
import { connect } from './client.js';
import { type ServiceOptions, withService } from './connection.js';
import { addExchange } from './key-exchange.js';
import { algorithmOf, classOf, modesOf, modesOfUse, tagOf, usageCodeOf, usageOf, wholeNumber } from './key-words.js';
import { addImportTest } from './test-keys.js';

const DOCUMENT = 'docs/cli.md';
const KEY = 'key ARN or alias, such as alias/pek';
/** The whole page of ListKeyInventory. */
const INVENTORY_PAGE = 200;
const DEFAULT_DELETE_DAYS = 7;

type Key = KeyOutput['Key'];

/** Adds `keyblock keys`. */
export function addKeys(program: Command, streams: Streams): void {
  const keys = program
    .command('keys')
    .description('List, create, exchange, stop and delete payment keys.')
    .readOn(DOCUMENT);
  addList(keys, streams);
  addShow(keys, streams);
  addCreate(keys, streams);
  addExchange(keys, streams);
  addImportTest(keys, streams);
  addLifeCycle(keys, streams);
  addUse(keys, streams);
}

interface ListOptions extends ServiceOptions {
  usage?: KeyUsage;
  algorithm?: KeyAlgorithm;
  state?: string;
  exportable?: true;
  query?: string;
  unusedDays?: number;
}

function addList(keys: Command, streams: Streams): void {
  const list = keys
    .command('list')
    .description(
      'List payment keys with their aliases and last use.\n\nNeeds the permission keyblock:ListKeyInventory, and lists the keys that you may read.',
    )
    .option('--usage <usage>', 'Only this usage, such as B0.', usageOf)
    .option('--algorithm <name>', 'Only this algorithm, such as AES_128.', algorithmOf)
    .option('--state <state>', 'Only this state, such as DELETE_PENDING.')
    .option('--exportable', 'Only keys that may be exported.')
    .option('--query <text>', 'Text in the alias, tag or ARN, or the first digits of the KCV.')
    .option('--unused-days <number>', 'Only keys that have not been used for this many days.', wholeNumber)
    .examples('keyblock keys list --usage B0', 'keyblock keys list --unused-days 90 --json')
    .readOn(DOCUMENT);
  withService(list, 'Print a JSON line for each key.').action(async (options: ListOptions) => {
    const client = await connect(options);
    const query = {
      Usage: options.usage,
      Algorithm: options.algorithm,
      State: options.state,
      Exportable: options.exportable && 'true',
      Query: options.query,
      UnusedDays: options.unusedDays,
    };
    const found: ListKeyInventoryOutput['Keys'] = [];
    const pages = client.pages(
      (paging) => client.admin<ListKeyInventoryOutput>('GET', ['keys'], { query: { ...query, ...paging } }),
      INVENTORY_PAGE,
    );
    for await (const { Keys } of pages) found.push(...Keys);
    const header = ['ALIAS', 'KEY', 'USAGE', 'ALGORITHM', 'STATE', 'KCV', 'LAST USED'];
    printItems(streams, options, found, header, (key) => [
      key.Aliases[0] === undefined
        ? '-'
        : `${key.Aliases[0]}${key.Aliases.length > 1 ? ` +${key.Aliases.length - 1}` : ''}`,
      key.KeyArn.split('/').at(-1) ?? '',
      usageCodeOf(key.KeyAttributes.KeyUsage),
      key.KeyAttributes.KeyAlgorithm,
      stateOf(key),
      key.KeyCheckValue,
      timeOf(key.LastUsed?.Time),
    ]);
  });
}

function addShow(keys: Command, streams: Streams): void {
  const show = keys
    .command('show')
    .description('Print the attributes and the state of a key.')
    .argument('<key>', KEY)
    .examples('keyblock keys show alias/pek', 'keyblock keys show alias/pek --json')
    .readOn(DOCUMENT);
  withService(show).action(async (key: string, options: ServiceOptions) => {
    const client = await connect(options);
    const answer = await client.control<KeyOutput>('GetKey', { KeyIdentifier: key });
    print(streams, options, answer, keyLines(answer.Key));
  });
}

interface CreateOptions extends ServiceOptions {
  class?: KeyClass;
  modes?: readonly KeyMode[];
  exportable?: true;
  disabled?: true;
  tag?: { Key: string; Value: string }[];
}

function addCreate(keys: Command, streams: Streams): void {
  const create = keys
    .command('create')
    .description('Create a key, and print its ARN.\n\nThe key gets all modes of its usage, unless you list fewer.')
    .argument('<usage>', 'TR-31 usage, such as B0 or TR31_B0_BASE_DERIVATION_KEY', usageOf)
    .argument('<algorithm>', 'such as AES_128, TDES_2KEY or RSA_2048', algorithmOf)
    .option('--modes <modes>', 'Modes of use, separated by commas.', modesOf)
    .option('--class <class>', 'Class of the key; by default that of the algorithm.', classOf)
    .option('--exportable', 'Let the key be exported; this cannot be changed later.')
    .option('--disabled', 'Create the key stopped.')
    .option('--tag <key=value>', 'Tag the key (repeat the option for more).', tagOf)
    .examples('keyblock keys create P0 AES_128 --exportable', 'keyblock keys create C0 TDES_2KEY --modes Verify')
    .readOn(DOCUMENT);
  withService(create).action(async (usage: KeyUsage, algorithm: KeyAlgorithm, options: CreateOptions) => {
    const KeyClass = options.class ?? (/^(RSA|ECC)_/.test(algorithm) ? 'ASYMMETRIC_KEY_PAIR' : 'SYMMETRIC_KEY');
    const client = await connect(options);
    const answer = await client.control<KeyOutput>('CreateKey', {
      KeyAttributes: {
        KeyUsage: usage,
        KeyClass,
        KeyAlgorithm: algorithm,
        KeyModesOfUse: modesOfUse(options.modes ?? widestModes(usage, KeyClass)),
      },
      Exportable: options.exportable ?? false,
      ...(options.disabled && { Enabled: false }),
      ...(options.tag && { Tags: options.tag }),
    });
    print(streams, options, answer, [answer.Key.KeyArn]);
  });
}

function addLifeCycle(keys: Command, streams: Streams): void {
  const change = (name: string, description: string) =>
    keys
      .command(name)
      .description(description)
      .argument('<key>', KEY)
      .examples(`keyblock keys ${name} alias/pek-2025`, `keyblock keys ${name} alias/pek-2025 --json`)
      .readOn(DOCUMENT);
  const changed = (options: ServiceOptions, answer: KeyOutput) => {
    print(streams, options, answer, []);
    const { DeletePendingTimestamp: until } = answer.Key;
    const deletion = until === undefined ? '' : ` until ${timeOf(until)}`;
    remark(streams, options, `${answer.Key.KeyArn} is ${stateOf(answer.Key)}${deletion}.`);
  };
  for (const [name, operation, description] of [
    ['stop', 'StopKeyUsage', 'Stop the use of a key, until it is started again.'],
    ['start', 'StartKeyUsage', 'Start the use of a key that is stopped.'],
    ['restore', 'RestoreKey', 'Cancel the deletion of a key; it stays stopped.'],
  ] as const)
    withService(change(name, description)).action(async (key: string, options: ServiceOptions) => {
      const client = await connect(options);
      changed(options, await client.control<KeyOutput>(operation, { KeyIdentifier: key }));
    });

  const remove = change(
    'delete',
    'Delete a key after a waiting period.\n\nUntil it ends, keyblock keys restore keeps the key. Then its material is destroyed.',
  ).option('--days <number>', 'Waiting period in days, 3 to 180.', wholeNumber, DEFAULT_DELETE_DAYS);
  withConfirmation(withService(remove)).action(
    async (key: string, options: ServiceOptions & ConfirmationOptions & { days: number }) => {
      await confirm(streams, options, `Destroy the key ${key} in ${options.days} days?`);
      const client = await connect(options);
      changed(
        options,
        await client.control<KeyOutput>('DeleteKey', { KeyIdentifier: key, DeleteKeyInDays: options.days }),
      );
    },
  );
}

function addUse(keys: Command, streams: Streams): void {
  const use = keys
    .command('use')
    .description(
      'Print how often a key was used, by day and operation.\n\nNeeds the permission keyblock:GetKeyUse. Calls are counted within a minute.',
    )
    .argument('<key>', KEY)
    .option('--days <number>', 'Number of days, 1 to 90.', wholeNumber, 30)
    .examples('keyblock keys use alias/pek', 'keyblock keys use alias/pek --days 7 --json')
    .readOn(DOCUMENT);
  withService(use).action(async (key: string, options: ServiceOptions & { days: number }) => {
    const client = await connect(options);
    const id = (await keyArnOf(client, key)).split('/').at(-1) ?? '';
    const query = { Days: options.days };
    const answer = await client.admin<GetKeyUseOutput>('GET', ['keys', id, 'use'], { query });
    const { LastUsed, Days } = answer;
    const rows = Days.map(({ Date, Operation, Served, Refused }) => [Date, Operation, String(Served), String(Refused)]);
    print(streams, options, answer, [
      LastUsed
        ? `Last used ${timeOf(LastUsed.Time)} in ${LastUsed.Operation} by ${LastUsed.By}`
        : 'No call has used the key.',
      ...(rows.length === 0 ? [] : headed(streams, options, ['DATE', 'OPERATION', 'SERVED', 'REFUSED'], rows)),
    ]);
  });
}

/** Describes a key as lines of names and values. */
function keyLines(key: Key): string[] {
  const { KeyUsage, KeyClass, KeyAlgorithm, KeyModesOfUse } = key.KeyAttributes;
  const modes = KEY_MODES.filter((mode) => KeyModesOfUse[mode]);
  return table([
    ['key', key.KeyArn],
    ['usage', KeyUsage],
    ['algorithm', `${KeyAlgorithm}, ${KeyClass}`],
    ['modes', modes.join(', ')],
    ['check value', `${key.KeyCheckValue}, ${key.KeyCheckValueAlgorithm}`],
    ['state', stateOf(key)],
    ['exportable', key.Exportable ? 'yes' : 'no'],
    ['origin', key.KeyOrigin],
    ['created', timeOf(key.CreateTimestamp)],
    ...(key.DeletePendingTimestamp === undefined ? [] : [['deleted', timeOf(key.DeletePendingTimestamp)]]),
    ...(key.MultiRegionKeyType === undefined
      ? []
      : [['Regions', `${key.MultiRegionKeyType}, of ${key.PrimaryRegion}`]]),
  ]);
}

/** Returns a short description of a key's state. */
function stateOf({ KeyState, Enabled }: { KeyState: string; Enabled: boolean }): string {
  if (KeyState === 'CREATE_COMPLETE') return Enabled ? 'enabled' : 'stopped';
  if (KeyState === 'DELETE_PENDING') return 'pending deletion';
  return KeyState === 'DELETE_COMPLETE' ? 'deleted' : 'in creation';
}
