import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  compileShim,
  describeWithSoftHsm,
  newSoftHsm,
  PIN,
  SOFTHSM,
  type SoftHsm,
} from '../../test/support/softhsm.js';
import { tokenProcessesOf } from '../../test/support/process.js';
import { Token } from './token.js';
import { TokenError } from './token-error.js';

const AAD = Buffer.from('associated data');
const PLAINTEXT = Buffer.alloc(32, 7);
const ID = Buffer.alloc(16, 1);

describeWithSoftHsm('a token', () => {
  const environment = { ...process.env };
  let softHsm: SoftHsm;
  let serial: string;
  const open: Token[] = [];

  beforeAll(async () => {
    softHsm = newSoftHsm();
    serial = softHsm.init('payments');
    Object.assign(process.env, softHsm.env);
    await (await opened()).run('generateAesKey', { label: 'a key', id: ID });
  });
  afterEach(async () => {
    for (const token of open.splice(0)) await token.close();
  });
  afterAll(() => {
    process.env = environment;
    softHsm.remove();
  });

  async function opened(address = {}, settings = {}): Promise<Token> {
    const token = await Token.open({
      address: { module: SOFTHSM, label: 'payments', ...address },
      pin: PIN,
      sessions: 4,
      timeoutMs: 20_000,
      ...settings,
    });
    open.push(token);
    return token;
  }

  async function refusal(work: Promise<unknown>): Promise<TokenError> {
    const error: unknown = await work.then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(error).toBeInstanceOf(TokenError);
    expect((error as TokenError).message).not.toContain(PIN);
    return error as TokenError;
  }

  test('generates a key that encrypts, decrypts and cannot be read', async () => {
    const token = await opened();
    expect(token.info).toMatchObject({ label: 'payments', serial, manufacturer: 'SoftHSM project' });
    const id = Buffer.alloc(16, 3);
    const key = await token.run('generateAesKey', { label: 'a new key', id });
    expect(key).toEqual({ label: 'a new key', id, isSensitive: true, isExtractable: false });
    const encrypted = await token.run('encrypt', id, 'aes-gcm', PLAINTEXT, AAD);
    expect([encrypted.iv.length, encrypted.ciphertext.length]).toEqual([12, 48]);
    expect(await token.run('decrypt', id, 'aes-gcm', encrypted, AAD)).toEqual(PLAINTEXT);
    expect(await token.run('findKeys', { label: 'a new key' }, 'aes-gcm')).toEqual([key]);
  });

  test('finds a token by its serial number', async () => {
    expect((await opened({ label: undefined, serial })).info.label).toBe('payments');
  });

  test.each([
    ['another module path', { module: '/nowhere/module.so' }, 'MODULE_NOT_LOADED'],
    ['a file that is not a module', { module: import.meta.filename }, 'MODULE_NOT_LOADED'],
    ['an unknown label', { label: 'nothing' }, 'TOKEN_NOT_FOUND'],
    ['another serial number', { serial: '00' }, 'TOKEN_NOT_FOUND'],
  ])('is refused with %s', async (_, address, code) => {
    expect((await refusal(opened(address))).code).toBe(code);
  });

  test('is not found by a label that two tokens have', async () => {
    const serials = [softHsm.init('twin'), softHsm.init('twin')];
    expect((await refusal(opened({ label: 'twin' }))).code).toBe('TOKEN_AMBIGUOUS');
    expect((await opened({ label: 'twin', serial: serials[0] })).info.serial).toBe(serials[0]);
  });

  test('is refused with a wrong PIN', async () => {
    const error = await refusal(opened({}, { pin: 'another-pin' }));
    expect([error.code, error.isOfPin]).toEqual(['CKR_PIN_INCORRECT', true]);
  });

  test.each([
    ['changed ciphertext', (e: { ciphertext: Buffer }) => (e.ciphertext[0]! ^= 1), AAD],
    ['changed tag', (e: { ciphertext: Buffer }) => (e.ciphertext[e.ciphertext.length - 1]! ^= 1), AAD],
    ['changed IV', (e: { iv: Buffer }) => (e.iv[0]! ^= 1), AAD],
    ['other associated data', () => undefined, Buffer.from('other')],
  ])('does not decrypt with %s', async (_, change, aad) => {
    const token = await opened();
    const encrypted = await token.run('encrypt', ID, 'aes-gcm', PLAINTEXT, AAD);
    change(encrypted);
    expect((await refusal(token.run('decrypt', ID, 'aes-gcm', encrypted, aad))).isOfToken).toBe(false);
    expect(token.isUp).toBe(true);
  });

  test('does not decrypt with an IV of another length, which SoftHSM2 would accept', async () => {
    const token = await opened();
    const encrypted = { ...(await token.run('encrypt', ID, 'aes-gcm', PLAINTEXT, AAD)), iv: Buffer.alloc(0) };
    expect((await refusal(token.run('decrypt', ID, 'aes-gcm', encrypted, AAD))).code).toBe(
      'CKR_MECHANISM_PARAM_INVALID',
    );
  });

  test('does not generate a second key with the same label or CKA_ID', async () => {
    const token = await opened();
    for (const key of [
      { label: 'a key', id: Buffer.alloc(16, 2) },
      { label: 'another', id: ID },
    ])
      expect((await refusal(token.run('generateAesKey', key))).code).toBe('KEY_AMBIGUOUS');
  });

  test('does not find a key that does not exist', async () => {
    const token = await opened();
    const missing = Buffer.alloc(16, 9);
    expect((await refusal(token.run('encrypt', missing, 'aes-gcm', PLAINTEXT, AAD))).code).toBe('KEY_NOT_FOUND');
    expect(await token.run('destroyKey', { label: 'a key', id: missing })).toBe(0);
  });

  test('does not destroy a key that has only the CKA_ID or only the label', async () => {
    const token = await opened();
    expect(await token.run('destroyKey', { label: 'another', id: ID })).toBe(0);
    expect(await token.run('destroyKey', { label: 'a key', id: Buffer.alloc(16, 9) })).toBe(0);
    expect(await token.run('findKeys', { id: ID }, 'aes-gcm')).toHaveLength(1);
  });

  test('a session in which a call failed does not fail the next call', async () => {
    const token = await opened({}, { sessions: 1 });
    const encrypted = await token.run('encrypt', ID, 'aes-gcm', PLAINTEXT, AAD);
    const short = { ...encrypted, ciphertext: Buffer.alloc(1) };
    for (let i = 0; i < 3; i++) {
      await refusal(token.run('decrypt', ID, 'aes-gcm', short, AAD));
      expect(await token.run('decrypt', ID, 'aes-gcm', encrypted, AAD)).toEqual(PLAINTEXT);
    }
  });

  test('serves 200 concurrent calls with four sessions', async () => {
    const token = await opened();
    const plaintexts = Array.from({ length: 200 }, (_, i) => Buffer.alloc(32, i));
    const decrypted = await Promise.all(
      plaintexts.map(async (plaintext) => {
        const encrypted = await token.run('encrypt', ID, 'aes-gcm', Buffer.from(plaintext), AAD);
        return token.run('decrypt', ID, 'aes-gcm', encrypted, AAD);
      }),
    );
    expect(decrypted).toEqual(plaintexts);
  });

  test('a key that another process destroys is not found, and the token stays up', async () => {
    const [token, other] = [await opened(), await opened()];
    const id = Buffer.alloc(16, 5);
    await token.run('generateAesKey', { label: 'short-lived', id });
    await token.run('encrypt', id, 'aes-gcm', PLAINTEXT, AAD);
    expect(await other.run('destroyKey', { label: 'short-lived', id })).toBe(1);
    expect((await refusal(token.run('encrypt', id, 'aes-gcm', PLAINTEXT, AAD))).code).toBe('KEY_NOT_FOUND');
    expect(token.isUp).toBe(true);
  });

  test('a token that vanishes is lost, and recovers by itself', async () => {
    const token = await opened();
    const changes: boolean[] = [];
    token.onChange((fault) => changes.push(fault === undefined));
    renameSync(softHsm.tokens, `${softHsm.tokens}-away`);
    await until(() => !token.isUp);
    expect((await refusal(token.run('random', 16))).isOfToken).toBe(true);
    await until(() => token.failedProbes >= 3);
    renameSync(`${softHsm.tokens}-away`, softHsm.tokens);
    await until(() => token.isUp);
    expect(changes).toEqual([false, true]);
    expect(token.failedProbes).toBe(0);
    expect(await token.run('random', 16)).toHaveLength(16);
  });

  test('the PIN and the secrets of the service are neither in the environment nor in the arguments of the process', async () => {
    Object.assign(process.env, { KEYBLOCK_MASTER_KEY: 'secret-1', PGPASSWORD: 'secret-2', TOKEN_PIN: PIN });
    await opened({}, { secretVariables: ['TOKEN_PIN'] });
    const [child] = tokenProcessesOf(process.pid);
    expect(child).toBeDefined();
    expect(read(child!, 'environ')).toContain('SOFTHSM2_CONF=');
    expect(`${read(child!, 'environ')}${read(child!, 'cmdline')}`).not.toMatch(new RegExp(`${PIN}|secret-[12]`));
    for (const name of ['KEYBLOCK_MASTER_KEY', 'PGPASSWORD', 'TOKEN_PIN']) Reflect.deleteProperty(process.env, name);
  });

  describe('whose module misbehaves', () => {
    let folder: string;
    let module: string;
    let orders: string;
    let logins: string;

    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'keyblock-shim-'));
      module = compileShim(folder);
      [orders, logins] = [join(folder, 'orders'), join(folder, 'logins')];
      Object.assign(process.env, { SHIM_ORDERS: orders, SHIM_LOGINS: logins });
    });
    beforeEach(() => {
      writeFileSync(orders, '');
      writeFileSync(logins, '');
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    test.each(['crash', 'abort', 'hang', 'garbage', 'removed'])(
      'by a %s fails or answers each of 100 calls in flight correctly, and serves later ones',
      async (order) => {
        const encrypted = await (await opened()).run('encrypt', ID, 'aes-gcm', Buffer.from(PLAINTEXT), AAD);
        const token = await opened({ module }, { timeoutMs: 1000 });
        const calls = Array.from({ length: 100 }, () => token.run('decrypt', ID, 'aes-gcm', encrypted, AAD));
        writeFileSync(orders, order);
        const later = Array.from({ length: 20 }, () => token.run('decrypt', ID, 'aes-gcm', encrypted, AAD));
        for (const outcome of await Promise.allSettled([...calls, ...later]))
          if (outcome.status === 'fulfilled') expect(outcome.value).toEqual(PLAINTEXT);
          else expect((outcome.reason as TokenError).isOfToken).toBe(true);
        writeFileSync(orders, '');
        await until(async () => {
          const answer = await token.run('decrypt', ID, 'aes-gcm', encrypted, AAD).catch(() => undefined);
          return answer?.equals(PLAINTEXT) === true;
        });
      },
    );

    test('by slow answers, refuses the calls that get no session in time, and serves the others', async () => {
      const token = await opened({ module }, { sessions: 1, timeoutMs: 5000 });
      writeFileSync(orders, 'wait');
      const before = tokenProcessesOf(process.pid);
      const outcomes = await Promise.allSettled(Array.from({ length: 40 }, () => token.run('random', 16)));
      const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as Error] : []));
      expect(new Set(refusals.map((error) => (error as TokenError).code))).toEqual(new Set(['BUSY']));
      expect(refusals.length).toBeLessThan(40);
      expect(token.isUp).toBe(true);
      expect(tokenProcessesOf(process.pid)).toEqual(before);
    });

    test('by answers that are too short is not trusted', async () => {
      const token = await opened({ module });
      const encrypted = await token.run('encrypt', ID, 'aes-gcm', Buffer.from(PLAINTEXT), AAD);
      writeFileSync(orders, 'short');
      for (const call of [
        () => token.run('encrypt', ID, 'aes-gcm', Buffer.from(PLAINTEXT), AAD),
        () => token.run('decrypt', ID, 'aes-gcm', encrypted, AAD),
      ])
        expect((await refusal(call())).code).toBe('MODULE_FAILED');
    });

    test('by not describing a new key leaves none on the token', async () => {
      const token = await opened({ module });
      const key = { label: 'a key that is not described', id: Buffer.alloc(16, 14) };
      writeFileSync(orders, 'no-attributes');
      expect((await refusal(token.run('generateAesKey', key))).code).toBe('CKR_ATTRIBUTE_TYPE_INVALID');
      writeFileSync(orders, '');
      expect(await token.run('generateAesKey', key)).toMatchObject(key);
    });

    test('by doing nothing is not trusted', async () => {
      const token = await opened({ module });
      const encrypt = () => token.run('encrypt', ID, 'aes-gcm', Buffer.from(PLAINTEXT), AAD);
      await encrypt();
      writeFileSync(orders, 'idle-random');
      for (const call of [encrypt, () => token.run('random', 16)])
        expect((await refusal(call())).code).toBe('MODULE_FAILED');
      writeFileSync(orders, 'idle-encrypt');
      expect((await refusal(encrypt())).code).toBe('MODULE_FAILED');
    });

    test('by closing all sessions fails no call', async () => {
      const token = await opened({ module });
      for (let i = 0; i < 3; i++) {
        writeFileSync(orders, '');
        await Promise.all(Array.from({ length: 8 }, () => token.run('encrypt', ID, 'aes-gcm', PLAINTEXT, AAD)));
        writeFileSync(orders, 'sessions');
        const encrypted = await token.run('encrypt', ID, 'aes-gcm', Buffer.from(PLAINTEXT), AAD);
        expect(await token.run('decrypt', ID, 'aes-gcm', encrypted, AAD)).toEqual(PLAINTEXT);
      }
    });

    test('by giving the handle of a key to another encrypts with the right one', async () => {
      const token = await opened({ module });
      const [first, second] = [Buffer.alloc(16, 11), Buffer.alloc(16, 12)];
      for (const id of [first, second]) await token.run('generateAesKey', { label: `key ${id[0]}`, id });
      const encrypt = (id: Buffer) => token.run('encrypt', id, 'aes-gcm', Buffer.from(PLAINTEXT), AAD);
      writeFileSync(orders, 'wait');
      const slow = encrypt(first);
      // The call generates its IV for 300 ms, and encrypts for 300 ms.
      await pause(450);
      writeFileSync(orders, 'sessions');
      await encrypt(second);
      expect(await token.run('decrypt', first, 'aes-gcm', await slow, AAD)).toEqual(PLAINTEXT);
    });

    test('by logging out is logged in to again before a key counts as missing', async () => {
      const other = await opened();
      const key = { label: 'a key that is not looked up', id: Buffer.alloc(16, 13) };
      await other.run('generateAesKey', key);
      const token = await opened({ module });
      writeFileSync(orders, 'logout');
      expect(await token.run('encrypt', key.id, 'aes-gcm', Buffer.from(PLAINTEXT), AAD)).toBeDefined();
      writeFileSync(orders, '');
      await token.run('random', 16);
      await token.run('encrypt', key.id, 'aes-gcm', Buffer.from(PLAINTEXT), AAD);
      writeFileSync(orders, 'logout');
      expect(await token.run('destroyKey', key)).toBe(1);
    });

    test('by refusing a new login for a while is logged in to again, but not at every call', async () => {
      const token = await opened({ module });
      const encrypt = () => token.run('encrypt', ID, 'aes-gcm', Buffer.from(PLAINTEXT), AAD);
      await encrypt();
      writeFileSync(orders, 'no-login');
      for (let i = 0; i < 100; i++) expect((await refusal(encrypt())).isOfToken).toBe(true);
      await until(() => !token.isUp);
      expect(readFileSync(logins, 'utf8').length).toBeLessThan(20);
      writeFileSync(orders, '');
      await until(() =>
        encrypt().then(
          () => true,
          () => false,
        ),
      );
    });

    test('by serving this process no longer, although the token answers, is served by another', async () => {
      const token = await opened({ module });
      const [before] = tokenProcessesOf(process.pid);
      writeFileSync(orders, 'stale');
      expect((await refusal(token.run('random', 16))).code).toBe('CKR_USER_NOT_LOGGED_IN');
      writeFileSync(orders, '');
      expect(await token.run('random', 16)).toHaveLength(16);
      expect(tokenProcessesOf(process.pid)).not.toContain(before);
    });

    test('tries a wrong PIN once', async () => {
      await refusal(opened({ module }, { pin: 'another-pin' }));
      expect(readFileSync(logins, 'utf8')).toBe('.');
    });

    test('is not logged in to again after its PIN was changed', async () => {
      const label = 'changing';
      softHsm.init(label);
      const token = await opened({ module, label });
      writeFileSync(orders, 'removed');
      await until(() => !token.isUp);
      // As if the token came back with another PIN.
      const before = `${softHsm.tokens}-before`;
      renameSync(softHsm.tokens, before);
      const again = newSoftHsm();
      again.init(label, 'a-new-pin-9876');
      renameSync(again.tokens, softHsm.tokens);
      writeFileSync(orders, '');
      writeFileSync(logins, '');
      await until(() => readFileSync(logins, 'utf8') !== '');
      await pause(2500);
      expect(readFileSync(logins, 'utf8')).toBe('.');
      expect((await refusal(token.run('random', 16))).code).toBe('CKR_PIN_INCORRECT');
      again.remove();
      rmSync(softHsm.tokens, { recursive: true });
      renameSync(before, softHsm.tokens);
    });
  });
});

function read(pid: number, file: string): string {
  return readFileSync(`/proc/${pid}/${file}`, 'utf8');
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(50);
}
