import type { Command, Streams } from './command.js';
import { EXIT, Failure } from './failure.js';
import type { VerifiedRow } from './payshield-key-file.js';
import type { PayshieldKeys } from './payshield-keys.js';
import { addTry } from './payshield-try.js';
import { type InputOptions, readInput, withInput } from './input.js';
import { print, type OutputOptions, withOutput } from './results.js';
import { connect } from './service/client.js';
import { type ServiceOptions, withService } from './service/connection.js';

const DOCUMENT = 'docs/host-commands.md';
const DESCRIPTION = `Help with the host commands of a payShield.

Host commands are served if KEYBLOCK_PAYSHIELD_FILE names their configuration. Keyblock is not a product of Thales.`;
const KEYS = `Maintain the key table.

The table says which key of the service stands for a key field of hosts. It is a YAML file, read at start. All commands but import open the database with the environment of the service.`;
const IMPORT = `Import a key block, and add a row with its key to the key table.

Takes a TR-31 key block and the key in the service that it is wrapped under. Unlike the other commands, this one calls the service, by the operation ImportKey. The file is created if it is missing.`;

interface TableOption {
  table: string;
}

interface CommandsOption {
  commands?: string[];
}

interface ImportOptions extends TableOption, CommandsOption, InputOptions, ServiceOptions {
  under: string;
}

/** Adds `keyblock payshield`. */
export function addPayshield(program: Command, streams: Streams): void {
  const payshield = program.command('payshield').description(DESCRIPTION).readOn(DOCUMENT);
  addKeys(payshield, streams);
  addTry(payshield, streams);
}

function addKeys(payshield: Command, streams: Streams): void {
  const keys = payshield.command('keys').description(KEYS).readOn(DOCUMENT);
  const command = (name: string, description: string) => keys.command(name).description(description).readOn(DOCUMENT);

  const add = command(
    'add',
    'Add a row to the key table.\n\nThe key must exist and be enabled. The file is created if it is missing.',
  )
    .argument('<field>', 'key field, exactly as hosts send it')
    .argument('<key>', 'key ARN, alias ARN or alias name')
    .requiredOption('--table <path>', 'The key table.')
    .option('--commands <codes...>', 'Commands to which the row applies; all by default.')
    .examples(
      'keyblock payshield keys add BAB32D775A38E4AB alias/zpk --table keys.yaml',
      'keyblock payshield keys add BAB32D775A38E4AB alias/zpk --table keys.yaml \\\n  --commands CA CC',
    );
  withOutput(add).action((field: string, key: string, options: TableOption & OutputOptions & CommandsOption) =>
    withKeys(async (stored) => {
      const row = await stored.add(options.table, field, { key, ...usageOf(options) });
      print(streams, options, presentRow(row), [lineOf(row)]);
    }),
  );
  const take = command('import', IMPORT)
    .argument('<field>', 'key field, exactly as hosts send it')
    .requiredOption('--under <key>', 'The key that the block is wrapped under: ARN or alias.')
    .requiredOption('--table <path>', 'The key table.')
    .option('--commands <codes...>', 'Commands to which the row applies; all by default.')
    .examples(
      'keyblock payshield keys import BAB32D775A38E4AB --file zpk.tr31 \\\n  --under alias/kek --table keys.yaml',
      'keyblock payshield keys import BAB32D775A38E4AB "$(cat zpk.tr31)" \\\n  --under alias/kek --table keys.yaml --commands CA CC',
    );
  withService(withInput(take, 'block', 'TR-31 key block')).action(
    async (field: string, text: string | undefined, options: ImportOptions) => {
      const { table: path, under } = options;
      const block = (await readInput(text, options, streams.stdin)).toString('latin1');
      const { importRow } = await import('./payshield-key-file.js');
      const row = await importRow(await connect(options), path, field, { block, under, ...usageOf(options) });
      print(streams, options, presentRow(row), [lineOf(row)]);
    },
  );
  const verify = command(
    'verify',
    'Look up the key of every row.\n\nPrints check values, and exits with 1 if a key cannot be used.',
  )
    .requiredOption('--table <path>', 'The key table.')
    .examples(
      'keyblock payshield keys verify --table payshield-keys.yaml',
      'keyblock payshield keys verify --table keys.yaml && keyblock start',
    );
  withOutput(verify, 'Print a JSON line for each row.').action((options: TableOption & OutputOptions) =>
    withKeys(async (stored) => {
      const rows = await stored.verify(options.table);
      for (const row of rows) print(streams, options, presentRow(row), [lineOf(row)]);
      const faults = rows.filter(({ fault }) => fault !== undefined).length;
      if (faults > 0) throw new Failure(EXIT.no, `${faults} of ${rows.length} keys can't be used.`);
    }),
  );
  const suggest = command(
    'suggest',
    'List the keys with the check value of a key block.\n\nThe block needs optional block KC. Six digits are too few to identify a key: compare more data before you add a row.',
  )
    .argument('<block>', 'TR-31 key block')
    .examples(
      'keyblock payshield keys suggest "$(cat zpk.tr31)"',
      'keyblock payshield keys suggest "$(cat zpk.tr31)" | head -1',
    );
  withOutput(suggest, 'Print a JSON line for each key.').action((block: string, options: OutputOptions) =>
    withKeys(async (stored) => {
      for (const { arn, kcv } of await stored.suggest(block))
        print(streams, options, { KeyArn: arn, KeyCheckValue: kcv }, [`${kcv}  ${arn}`]);
    }),
  );
}

function usageOf({ commands }: CommandsOption): { usage?: ReadonlySet<string> } {
  return commands ? { usage: new Set(commands) } : {};
}

function lineOf({ match, key, kcv, fault }: VerifiedRow): string {
  return fault === undefined ? `${kcv}  ${key}  ${match}` : `-       ${key}  ${match}: ${fault}`;
}

function presentRow({ match, key, kcv, fault }: VerifiedRow): object {
  return { Match: match, Key: key, KeyCheckValue: kcv, Fault: fault };
}

async function withKeys(work: (keys: PayshieldKeys) => Promise<void>): Promise<void> {
  // Imported on demand, because the module loads the whole service.
  const { withPayshieldKeys } = await import('./payshield-keys.js');
  await withPayshieldKeys(work);
}
