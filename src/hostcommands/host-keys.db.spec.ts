import { CreateAliasCommand, StartKeyUsageCommand, StopKeyUsageCommand } from '@aws-sdk/client-payment-cryptography';
import { rootCall } from '../../test/support/call.js';
import { runCommand, TEST_LMKS, testServices } from '../../test/support/host-commands.js';
import { createKeyOf } from '../../test/support/keys.js';
import { document, identityOf, USER } from '../../test/support/policy.js';
import { startTestService, type TestService } from '../../test/support/service.js';
import { lendBytes } from '../crypto/held-key.js';
import { KEY_ARGUMENTS } from '../payment/dataplane/keys/key-arguments.js';
import { KeyRepository } from '../payment/keys/key.repository.js';
import { CryptoProvider } from '../provider/crypto-provider.js';
import { HostCall, type HostServices, type KeyNeeds } from './command.js';
import { KEY_COMMANDS } from './commands/key-commands.js';
import { FieldKeys } from './host-keys.js';
import { KeyIssuer } from './key-issuer.js';
import { parseKeyTable } from './key-table.js';
import type { KeyField } from './layouts/request-fields.js';
import type { Lmks } from './lmk/lmks.js';
import { VariantLmk } from './lmk/variant-lmk.js';
import { LmkPins } from './pins-under-lmk.js';

let service: TestService;
let keys: FieldKeys;
let lmks: Lmks;
let services: Partial<HostServices>;
const arns: Record<string, string> = {};
const arnOf = (name: string) => arns[name] ?? '';

const wrapping = {
  usage: 'TR31_K0_KEY_ENCRYPTION_KEY',
  algorithm: 'AES_256',
  modes: ['Wrap', 'Unwrap', 'Encrypt', 'Decrypt'],
};

beforeAll(async () => {
  service = await startTestService();
  for (const name of ['lmk', 'other-lmk', 'stopped-lmk']) arns[name] = (await createKeyOf(service, wrapping)).arn;
  const pek = {
    usage: 'TR31_P0_PIN_ENCRYPTION_KEY',
    algorithm: 'TDES_2KEY',
    modes: ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap'],
  };
  arns['zpk'] = (await createKeyOf(service, pek)).arn;
  arns['zmk'] = (await createKeyOf(service, wrapping)).arn;
  arns['small-lmk'] = (await createKeyOf(service, { ...wrapping, algorithm: 'AES_128' })).arn;
  for (const name of ['lmk', 'zpk'])
    await service.controlPlane.send(new CreateAliasCommand({ AliasName: `alias/${name}`, KeyArn: arns[name] }));
  const block = (id: string, key: string) => [id, { scheme: 'keyblock', id, pinLength: 4, key }] as const;
  lmks = new Map([
    ...TEST_LMKS,
    block('01', 'alias/lmk'),
    block('02', arnOf('other-lmk')),
    block('03', arnOf('stopped-lmk')),
    block('04', 'alias/none'),
    block('05', arnOf('small-lmk')),
    block('06', arnOf('zpk')),
    ['07', { scheme: 'variant', id: '07', pinLength: 4, lmk: VariantLmk.test() }],
  ]);
  const table = parseKeyTable(
    `keys:\n  - {match: 'U0123', key: alias/zpk}\n  - {match: 'S0ABC', key: alias/zpk, usage: ['CC']}\n  - {match: 'X9', key: alias/none}`,
  );
  keys = new FieldKeys(lmks, table, service.app.get(KeyRepository), service.app.get(CryptoProvider));
  services = { keys, issuer: new KeyIssuer(lmks, keys.blocks) };
});
afterAll(() => service.stop());

const run = (text: string) => runCommand(KEY_COMMANDS, text, { lmks }, services);
const refusal = (code: string) => expect.objectContaining({ name: 'HostError', code }) as Error;
const PEK = KEY_ARGUMENTS.TranslatePinData.IncomingKeyIdentifier.ISO_FORMAT_0;
const needs = { type: '001', rule: PEK };

const fieldOf = (text: string): KeyField => ({
  name: 'ZPK',
  scheme: text.charAt(0) as KeyField['scheme'],
  text,
  value: text.startsWith('@') ? text.slice(1, -1) : text.slice(1),
});
const hostOf = (lmk: string, namesLmk = false, command = 'CC', call = rootCall('TranslatePinData')) =>
  new HostCall(call, lmk, testServices(), { command, namesLmk });
const find = async (text: string, host = hostOf('00'), wanted: KeyNeeds = needs) =>
  keys.find(host, fieldOf(text), wanted);

/** Generates a key under an LMK and returns its block. */
const generate = async (header = 'P0T2B00E00', lmk = '01') => {
  const reply = await run(`A00FFFS%${lmk}#${header}`);
  const [, block = ''] = /^A100(S.+).{6}$/.exec(reply) ?? [];
  expect(reply).toMatch(/^A100S1/);
  return block;
};

describe('key blocks', () => {
  test('of A0 are opened with the LMK that they name', async () => {
    const block = await generate();
    const key = await find(block);
    expect(key).toMatchObject({ arn: arns['lmk'], algorithm: 'TDES_2KEY', bytes: 16 });
    expect(await run(`BUFFF${block};FFF;001`)).toBe(`BV00${key.kcv}`);
    expect(await find(block)).toMatchObject({ kcv: key.kcv });
    const held = await Promise.all([find(block), find(block)]);
    expect(held[0].use((each) => each)).toBe(held[1].use((each) => each));
  });

  test('of components form a key with their attributes, which may be less exportable', async () => {
    const components = `${await generate('P0A1Bc1E00')}${await generate('P0A1Bc2E00')}`;
    const form = (options: string) => run(`A42FFFS${components}%01${options}`);
    for (const options of ['&N', '#P0A1B00N00', '#P0A1B00E00&N'])
      expect(await form(options)).toMatch(/^A500S1.{4}P0AB00N0001/);
    expect(await form('#D0A1B00E00')).toBe('A5A6');
    expect(await form('#P0A2B00E00')).toBe('A5A7');
    expect(await form('#P0A1E00E00')).toBe('A5A8');
    expect(await form('#P0A1B00S00')).toBe('A5AA');
    expect(await form('&S')).toBe('A5AA');
  });

  test.each(['P0A1B00E00', 'P0A2B00E00', 'D0A3B00N00', 'P0T3D00S00', 'V1D1C00E00', 'K0T2B00E00', 'B0T2X00E00'])(
    'are generated for %s',
    async (header) => {
      expect(await run(`BUFFF${await generate(header)}`)).toMatch(/^BV00[0-9A-F]{16}$/);
    },
  );

  test('under an LMK other than the one that the command names are refused', async () => {
    const block = await generate();
    await expect(find(block, hostOf('02', true))).rejects.toThrow(refusal('13'));
    expect(await find(block, hostOf('01', true))).toMatchObject({ bytes: 16 });
  });

  test('whose LMK identifier was changed are refused', async () => {
    const block = await generate();
    const under = (id: string) => find(`${block.slice(0, 15)}${id}${block.slice(17)}`);
    await expect(under('02')).rejects.toThrow(refusal('A4'));
    await expect(under('00')).rejects.toThrow(refusal('A3'));
    await expect(under('04')).rejects.toThrow(refusal('A3'));
    await expect(under('05')).rejects.toThrow(refusal('A3'));
    await expect(under('06')).rejects.toThrow(refusal('A3'));
    await expect(under('09')).rejects.toThrow(refusal('A3'));
    await expect(under('FF')).rejects.toThrow(refusal('A3'));
  });

  test('of another account are refused', async () => {
    const block = await generate();
    const stranger = hostOf('01', false, 'CC', rootCall('TranslatePinData', '111122223333'));
    await expect(find(block, stranger)).rejects.toThrow(refusal('A3'));
  });

  test.each([
    ['D0T2B00E00', 'A6'],
    ['K0T2B00E00', 'A6'],
    ['P0A1B00E00', 'A7'],
    ['P0T2E00E00', 'A8'],
    ['P0T2B' + 'c1E00', 'A9'],
  ])('of %s are refused with %s where a ZPK is wanted', async (header, code) => {
    const block = await generate(header);
    await expect(find(block)).rejects.toThrow(refusal(code));
  });

  test('are forgotten when the LMK is stopped, and served again after it is started', async () => {
    const block = await generate('P0T2B00E00', '03');
    const sent = { KeyIdentifier: arns['stopped-lmk']! };
    expect(await find(block)).toMatchObject({ bytes: 16 });
    await service.controlPlane.send(new StopKeyUsageCommand(sent));
    await expect(find(block)).rejects.toThrow(refusal('A3'));
    await service.controlPlane.send(new StartKeyUsageCommand(sent));
    expect(await find(block)).toMatchObject({ bytes: 16 });
  });

  test('need the permission for the operation on the key of the LMK', async () => {
    const block = await generate();
    const user = (resource: string, action = 'payment-cryptography:TranslatePinData') => {
      const call = rootCall('TranslatePinData');
      const statements = identityOf(document([{ Effect: 'Allow', Action: action, Resource: resource }]));
      const identity = { type: 'User', name: 'ann', userId: 'AIDA', statements } as const;
      return hostOf('01', false, 'CC', {
        ...call,
        principal: { ...call.principal, arn: USER, principalArn: USER, identity },
      });
    };
    expect(await find(block, user(arns['lmk']!))).toMatchObject({ bytes: 16 });
    await expect(find(block, user(arns['other-lmk']!))).rejects.toThrow(refusal('29'));
    await expect(find(block, user(arns['lmk']!, 'payment-cryptography:VerifyPinData'))).rejects.toThrow(refusal('29'));
  });

  test('move between LMKs by A8 and A6 under a ZMK, with the attributes that they have', async () => {
    const zmk = await generate('K0A3B00E00');
    const block = await generate('P0T2E00E00');
    for (const scheme of ['R', 'S']) {
      const [, exported = '', check] = /^A900(.+)(.{6})$/.exec(await run(`A8FFF${zmk}${block}${scheme}`)) ?? [];
      expect(exported).toMatch(scheme === 'R' ? /^RD/ : /^S1.{13}FF/);
      const [, imported = ''] = /^A700(S.+).{6}$/.exec(await run(`A6FFF${zmk}${exported}S`)) ?? [];
      expect(imported).toBe(''); // The default LMK is the variant LMK.
      const [, under01 = ''] = /^A700(S.+).{6}$/.exec(await run(`A6FFF${zmk}${exported}S%01`)) ?? [];
      expect(under01.slice(6, 17)).toBe('P0TE00E0001');
      expect(await run(`BUFFF${under01};FFF;001`)).toBe(`BV00${check}`);
    }
  });

  test.each([
    ['P0T2B00N00', 'R', 'AA'],
    ['P0T2B00E00', 'U', '26'],
    ['P0T2B00E00', 'R#D0T2B00E00', 'A6'],
    ['P0T2B00E00', 'R#P0T2E00E00', 'A8'],
    ['P0T2B00E00', 'R&S', 'AA'],
    ['P0T2B00E00', 'R#P0T2B00S00', 'AA'],
    ['P0T2B00E00', 'R!B', '26'],
  ])('of %s are not exported with %s: %s', async (header, scheme, code) => {
    const zmk = await generate('K0A3B00S00');
    const block = await generate(header);
    const reply = await run(`A8FFF${zmk}${block}${scheme.replace(/^(.)/, '$1%01')}`);
    expect([`A9${code}`, 'A9AA']).toContain(reply);
  });

  test('refuse A0 without a header, with a key type and with another scheme', async () => {
    expect(await run('A00FFFS%01')).toBe('A115');
    expect(await run('A00FFFU%01#P0T2B00E00')).toBe('A126');
    expect(await run('A00402S%01#P0T2B00E00')).toBe('A128');
    expect(await run('A00FFFS%04#P0T2B00E00')).toBe('A1A3');
    expect(await run('A00FFFS%01#P0T2G00E00')).toBe('A1A8');
    expect(await run('A00FFFS%01#B0T3X00E00%02')).toBe('A115');
  });

  test('of components form a key', async () => {
    const components = [await generate('P0A1Bc1E00'), await generate('P0A1Bc2E00')];
    const [, formed = ''] = /^A500(S.+).{6}$/.exec(await run(`A42FFFS${components.join('')}%01`)) ?? [];
    expect(formed.slice(6, 17)).toBe('P0AB00E0001');
    const component = await generate('K0A3Bc1E00');
    // An AES key of zeros has no parity that gives it away, and opens whatever is exported under it.
    expect(await run(`A42FFFS${component}${component}%01`)).toBe('A511');
    const [, sum = ''] = /^A500(S.+).{6}$/.exec(await run(`A42FFFS${components.join('')}%01#P0A1Bc3E00`)) ?? [];
    expect(await run(`A43FFFS${components.join('')}${sum}%01`)).toBe('A511');
    const whole = await generate('P0A1B00E00');
    expect(await run(`A42FFFS${components[0]}${whole}%01`)).toBe('A5A9');
    const other = await generate('D0A1Bc2E00');
    expect(await run(`A42FFFS${components[0]}${other}%01`)).toBe('A5A6');
  });
});

test('a key block under a key block LMK does not lose its attributes under a variant LMK', async () => {
  const variant = 'U1EF828AA8F6B80EB83E19FBC373F3A85';
  const [first, second] = [await generate('P0T2Bc1N00'), await generate('P0T2Bc2N00')];
  // The block names its LMK, and the variant LMK is the default one.
  expect(await run(`A43001U${variant}${first}${second}`)).toBe('A5A9');
  expect(await run(`A43001U${first}${second}${variant}`)).toBe('A5A9');
  const block = await generate('P0T2B00N00');
  expect(await run(`BW01F${block};0U0%07`)).toBe('BX28');
  expect(await run(`B0001${block}U`)).toBe('B128');
});

describe('keys of the service', () => {
  test('are named by the table or by the field', async () => {
    const id = arnOf('zpk').replace(/^.*\//, '');
    const aliasArn = arnOf('zpk').replace(/key\/.*/, 'alias/zpk');
    for (const text of ['U0123', 'S0ABC', '@alias/zpk@', `@${aliasArn}@`, `@${id}@`])
      expect(await find(text)).toMatchObject({ arn: arns['zpk'], algorithm: 'TDES_2KEY', bytes: 16 });
    const key = await find('U0123');
    expect(key.use<number>((held) => lendBytes(held, (clear) => clear.length))).toBe(16);
  });

  test.each([
    ['X9', '10'],
    ['@alias/none@', '10'],
    ['@abcdefghijklmnop@', '10'],
    ['@abcdefghijklmno@', '10'],
    ['@zpk@', '10'],
    ['@ALIAS/zpk@', '10'],
    ['@arn:aws:payment-cryptography:us-east-1:000000000000:alias/none@', '10'],
    ['@arn:aws:kms:us-east-1:000000000000:alias/zpk@', '10'],
    ['R0123', '26'],
    ['Q', '26'],
  ])('%s is refused with %s', async (text, code) => {
    const attempt = text === 'Q' ? find('R') : find(text);
    await expect(attempt).rejects.toThrow(refusal(code));
  });

  test('are refused for another usage, algorithm or mode, as blocks or as other keys', async () => {
    const cvk = { type: '402', rule: KEY_ARGUMENTS.GenerateCardValidationData.KeyIdentifier.CardVerificationValue1 };
    const iso4 = { type: '001', rule: KEY_ARGUMENTS.TranslatePinData.IncomingKeyIdentifier.ISO_FORMAT_4 };
    await expect(find('U0123', hostOf('00'), cvk)).rejects.toThrow(refusal('28'));
    await expect(find('@alias/zpk@', hostOf('00'), cvk)).rejects.toThrow(refusal('A6'));
    await expect(find('U0123', hostOf('00'), iso4)).rejects.toThrow(refusal('27'));
    await expect(find('S0ABC', hostOf('00'), iso4)).rejects.toThrow(refusal('A7'));
  });

  test('are not components, and cannot be moved under the LMK by BW or B0', async () => {
    const component = 'U1EF828AA8F6B80EB83E19FBC373F3A85';
    const named = { lmks, takesKeyNames: true };
    for (const key of ['@alias/zpk@', 'U0123']) {
      await expect(find(key, hostOf('00'), { ...needs, isComponent: true })).rejects.toThrow(refusal('A9'));
      if (!key.startsWith('@')) continue;
      expect(await runCommand(KEY_COMMANDS, `A43001U${component}${component}${key}`, named, services)).toBe('A5A9');
      expect(await runCommand(KEY_COMMANDS, `BW011${key};0U0%07`, named, services)).toBe('BX28');
      expect(await runCommand(KEY_COMMANDS, `B0001${key}U`, named, services)).toBe('B128');
    }
  });

  test('are found by their id in the account and Region of the caller only, and by the whole id', async () => {
    const id = arnOf('zpk').replace(/^.*\//, '');
    const stranger = hostOf('00', false, 'CC', rootCall('TranslatePinData', '111122223333'));
    await expect(find(`@${id}@`, stranger)).rejects.toThrow(refusal('10'));
    const elsewhere = hostOf('00', false, 'CC', { ...rootCall('TranslatePinData'), region: 'eu-west-1' });
    await expect(find(`@${id}@`, elsewhere)).rejects.toThrow(refusal('10'));
    for (const name of [`key/${id}`, id.slice(1), `${id}0`, id.toUpperCase(), ` ${id}`, `${id}%`])
      await expect(find(`@${name}@`)).rejects.toThrow(refusal('10'));
    await expect(find(`@${id}@`, hostOf('00'), { ...needs, code: '11' })).resolves.toMatchObject({
      bytes: 16,
    });
    await expect(find('@none@', hostOf('00'), { ...needs, code: '11' })).rejects.toThrow(refusal('11'));
    const sent = { KeyIdentifier: arnOf('zpk') };
    await service.controlPlane.send(new StopKeyUsageCommand(sent));
    await expect(find(`@${id}@`)).rejects.toThrow(refusal('10'));
    await service.controlPlane.send(new StartKeyUsageCommand(sent));
  });

  test('are refused in commands that the table does not list', async () => {
    await expect(find('S0ABC', hostOf('00', false, 'CA'))).rejects.toThrow(refusal('29'));
  });
});

describe('PINs under a key block LMK', () => {
  const pins = () => new LmkPins(lmks, keys.blocks);
  const ACCOUNT = '550000025321';

  test('open for their account and LMK only', async () => {
    const encrypted = await pins().encrypt(hostOf('01'), '123456', ACCOUNT);
    expect(encrypted).toMatch(/^J[0-9A-F]{32}$/);
    expect(await pins().encrypt(hostOf('01'), '123456', ACCOUNT)).not.toBe(encrypted);
    expect(await pins().decrypt(hostOf('01'), encrypted, ACCOUNT)).toBe('123456');
    const decrypt = async (id: string, account: string, text = encrypted) => pins().decrypt(hostOf(id), text, account);
    await expect(decrypt('01', '550000025322')).rejects.toThrow(refusal('14'));
    await expect(decrypt('02', ACCOUNT)).rejects.toThrow(refusal('14'));
    await expect(decrypt('01', ACCOUNT, `J${'0'.repeat(32)}`)).rejects.toThrow(refusal('14'));
    await expect(decrypt('04', ACCOUNT)).rejects.toThrow(refusal('A3'));
  });
});
