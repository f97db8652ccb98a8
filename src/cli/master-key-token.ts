import type { Config } from '../config/config.js';
import { readTokenKey } from '../config/master-key-source.js';
import { KeyFileError } from '../config/key-file.js';
import type { TokenKey, TokenKeySettings } from '../provider/token-key.js';
import type { Command, Streams } from './command.js';
import { EXIT, Failure } from './failure.js';
import { requireNew, writeKeyFile } from './key-output.js';
import type { Operator } from './operator.js';
import { type OutputOptions, print, withOutput } from './results.js';

const DOCUMENT = 'docs/hsm.md';
const BY_LABEL = `\\
  'pkcs11:token=hsm;object=key?module-path=/lib/hsm.so&pin-source=file:/pin'`;
const BY_SERIAL = `\\
  'pkcs11:serial=5b3c29;object=key?module-path=/lib/hsm.so&pin-source=env:PIN'`;
const INIT_DESCRIPTION = `Generate the key of a PKCS#11 token that encrypts the master key.

The key is AES-256, never leaves the token, and only encrypts and decrypts. The service never generates this key, so that a mistyped label can't create a new one.`;
const TO_DESCRIPTION = `Encrypt the master key under a key of a PKCS#11 token.

The master key stays the same, and no other row is changed. Afterwards, start the service with KEYBLOCK_MASTER_KEY_TOKEN instead of the master key or its files. The command reads the current environment of the service.`;
const FROM_DESCRIPTION = `Write the clear master key, which a token encrypts, to a new file.

This reverses to-token: afterwards, start the service with KEYBLOCK_MASTER_KEY_FILE. The file holds the clear master key, and only its owner can read it. The command reads the environment of the service.`;
const REWRAP_DESCRIPTION = `Encrypt the master key under another key, which may be on another token.

The old key still opens the master key until a service or a command has started with the new one. The service need not stop. The command reads the environment of the service.`;

/** Adds the subcommands of `keyblock master-key` for tokens. */
export function addMasterKeyToken(masterKey: Command, streams: Streams): void {
  const init = masterKey
    .command('token-init')
    .description(INIT_DESCRIPTION)
    .requiredOption('--token <uri>', 'PKCS#11 URI of the new key: its token, label, module and PIN.')
    .examples(
      `keyblock master-key token-init --token ${BY_LABEL}`,
      `keyblock master-key token-init --token ${BY_SERIAL}`,
    )
    .readOn(DOCUMENT);
  withOutput(init).action(async ({ token, ...options }: OutputOptions & { token: string }) => {
    const { withConfig } = await import('./deployment.js');
    const { TokenKey } = await import('../provider/token-key.js');
    await withConfig(async (config) => {
      const key = await TokenKey.generate(settingsOf(token, config));
      await key.close();
      const { label, id } = key;
      const { serial } = key.token.info;
      print(streams, options, { Label: label, Id: id, SerialNumber: serial }, [
        `Key "${label}" with CKA_ID ${id} generated on the token with serial number ${serial}.`,
      ]);
    });
  });
  const toToken = masterKey
    .command('to-token')
    .description(TO_DESCRIPTION)
    .requiredOption('--token <uri>', 'PKCS#11 URI of the key that will encrypt the master key.')
    .examples(`keyblock master-key to-token --token ${BY_LABEL}`, `keyblock master-key to-token --token ${BY_SERIAL}`)
    .readOn(DOCUMENT);
  withOutput(toToken).action(async ({ token, ...options }: OutputOptions & { token: string }) => {
    const id = await wrap('MasterKeyWrapped', token);
    print(streams, options, { Id: id }, [
      `Master key ${id} is encrypted by the token. Start the service with KEYBLOCK_MASTER_KEY_TOKEN.`,
    ]);
  });
  const fromToken = masterKey
    .command('from-token')
    .description(FROM_DESCRIPTION)
    .requiredOption('--file <path>', 'Write to this file, which must not exist.')
    .examples(
      'keyblock master-key from-token --file /run/secrets/master-key',
      'keyblock master-key from-token --file master-key',
    )
    .readOn(DOCUMENT);
  withOutput(fromToken).action(async ({ file, ...options }: OutputOptions & { file: string }) => {
    const id = await unwrap(file);
    print(streams, options, { Id: id, File: file }, [
      `Master key ${id} written to ${file}. Start the service with KEYBLOCK_MASTER_KEY_FILE.`,
    ]);
  });
  const rewrap = masterKey
    .command('rewrap')
    .description(REWRAP_DESCRIPTION)
    .requiredOption('--to <uri>', 'PKCS#11 URI of the key that will encrypt the master key.')
    .examples(`keyblock master-key rewrap --to ${BY_LABEL}`, `keyblock master-key rewrap --to ${BY_SERIAL}`)
    .readOn(DOCUMENT);
  withOutput(rewrap).action(async ({ to, ...options }: OutputOptions & { to: string }) => {
    const id = await wrap('MasterKeyRewrapped', to);
    print(streams, options, { Id: id }, [
      `Master key ${id} is encrypted by the new key as well. Start the service with the new URI.`,
    ]);
  });
}

function settingsOf(uri: string, { tokens }: Config): TokenKeySettings {
  try {
    return { ...readTokenKey(uri, process.env), ...tokens };
  } catch (error) {
    throw error instanceof KeyFileError ? new Failure(EXIT.usage, `The URI ${error.message}.`) : error;
  }
}

/** Adds an envelope of every master key in use. @returns the id of the active one */
async function wrap(operation: 'MasterKeyWrapped' | 'MasterKeyRewrapped', uri: string): Promise<string> {
  const [{ withOperator }, { TokenKey }, { MasterKeyEnvelope }] = await Promise.all([
    import('./operator.js'),
    import('../provider/token-key.js'),
    import('../provider/master-key-envelope.entity.js'),
  ]);
  let id = '';
  await withOperator(`keyblock master-key`, async (operator) => {
    const { config, masterKey, clock, tokenKey: present } = operator.deployment;
    if (operation === 'MasterKeyRewrapped') requireToken(present);
    else if (present)
      throw new Failure(EXIT.state, 'A token already encrypts the master key: use keyblock master-key rewrap.');
    const tokenKey = await TokenKey.open(settingsOf(uri, config));
    try {
      if (present?.id === tokenKey.id) throw new Failure(EXIT.state, 'This key already encrypts the master key.');
      const ids = [masterKey.id, ...(masterKey.retiringId === undefined ? [] : [masterKey.retiringId])];
      const envelopes = await Promise.all(ids.map((each) => tokenKey.wrap(masterKey, each, clock.now())));
      const call = operator.call(operation, { masterKey: masterKey.id, ...tokenKey.description });
      const changes = await operator.guardedChanges();
      await operator.audited(() =>
        changes.transaction(call, async (manager) => {
          await manager.upsert(MasterKeyEnvelope, envelopes, ['masterKeyId', 'tokenKeyId']);
        }),
      );
    } finally {
      await tokenKey.close();
    }
    id = masterKey.id;
  });
  return id;
}

/** @returns the id of the master key */
async function unwrap(file: string): Promise<string> {
  const { withOperator } = await import('./operator.js');
  let id = '';
  await withOperator('keyblock master-key', async (operator: Operator) => {
    const { masterKey, tokenKey } = operator.deployment;
    requireToken(tokenKey);
    if (masterKey.retiringId !== undefined)
      throw new Failure(EXIT.state, 'A rotation of the master key is in progress: finish it first.');
    const call = operator.call('MasterKeyUnwrapped', { masterKey: masterKey.id, ...tokenKey?.description });
    requireNew(file);
    const changes = await operator.guardedChanges();
    // The file is written last: a call that lacks an approval is refused at the end of its transaction.
    await operator.audited(() => changes.transaction(call, () => Promise.resolve()));
    masterKey.lend((key) => writeKeyFile(file, key));
    id = masterKey.id;
  });
  return id;
}

function requireToken(tokenKey: TokenKey | undefined): void {
  if (!tokenKey)
    throw new Failure(
      EXIT.state,
      'No token encrypts the master key: set KEYBLOCK_MASTER_KEY_TOKEN as for the service.',
    );
}
