import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { statement, useAdmin } from '../../support/admin.js';
import { runKeyblock } from '../../support/cli.js';
import { refused, useCli } from '../../support/cli-caller.js';
import { MISSING_KEY } from '../../support/keys.js';

const { service, caller } = useAdmin();
const { cli, useCredentials, ok, printed, json } = useCli(service);

describe('keys', () => {
  test('are created, shown, listed, stopped, started, deleted and restored', async () => {
    const arn = await printed(['keys', 'create', 'c0', 'tdes_2key', '--tag', 'line=3', '--tag', 'shop=']);
    const id = arn.split('/').at(-1)!;
    expect(arn).toMatch(/^arn:aws:payment-cryptography:us-east-1:000000000000:key\/\w{16}$/);
    expect(await printed(['keys', 'show', arn])).toMatch(
      /usage +TR31_C0_CARD_VERIFICATION_KEY\n.*\nmodes +Generate, Verify\n[^]*\nstate +enabled\nexportable +no\n/,
    );
    const { Key } = (await json(['keys', 'show', arn])) as { Key: { KeyCheckValue: string } };
    expect(await printed(['keys', 'list', '--query', 'shop'])).toMatch(
      new RegExp(
        `^ALIAS  KEY +USAGE  ALGORITHM  STATE +KCV +LAST USED\n- {6}${id}  C0 +TDES_2KEY  enabled  ${Key.KeyCheckValue}  -$`,
      ),
    );
    expect(await ok(['keys', 'stop', arn])).toEqual({ stdout: '', stderr: `${arn} is stopped.\n` });
    expect(await ok(['keys', 'start', arn, '--quiet'])).toEqual({ stdout: '', stderr: '' });
    expect(await runKeyblock(['keys', 'delete', arn])).toEqual(refused(2, `Destroy the key ${arn} in 7 days?`));
    expect((await ok(['keys', 'delete', arn, '--yes'])).stderr).toMatch(/is pending deletion until \d{4}-/);
    expect(await json(['keys', 'list', '--query', 'shop'])).toMatchObject({ KeyState: 'DELETE_PENDING', KeyArn: arn });
    expect(await printed(['keys', 'list', '--state', 'CREATE_COMPLETE', '--query', 'shop'])).toMatch(/^ALIAS[^\n]*$/);
    expect(await json(['keys', 'restore', arn])).toMatchObject({ Key: { Enabled: false } });
    expect(await runKeyblock(['keys', 'delete', arn, '--yes', '--days', '2'])).toEqual(
      refused(2, 'ValidationException'),
    );
    expect(await printed(['keys', 'use', arn])).toBe('No call has used the key.');
  });

  test('are refused with the exit code of the reason', async () => {
    expect(await runKeyblock(['keys', 'show', 'alias/none'])).toEqual(refused(4, 'There is no '));
    expect(await runKeyblock(['keys', 'create', 'B0', 'RSA_2048'])).toEqual(refused(2, 'ValidationException'));
    expect(await runKeyblock(['keys', 'create', 'C0', 'AES_128', '--modes', 'Encrypt'])).toEqual(
      refused(2, 'KeyModesOfUse {Encrypt} are invalid'),
    );
    expect(await runKeyblock(['keys', 'use', 'none'])).toEqual(refused(2, 'ValidationException'));
    useCredentials(await caller('carl', statement('payment-cryptography:GetKey')));
    expect(await runKeyblock(['keys', 'create', 'B0', 'AES_128'])).toEqual(
      refused(3, 'payment-cryptography:CreateKey'),
    );
    expect(await runKeyblock(['keys', 'list'])).toEqual(refused(3, 'keyblock:ListKeyInventory'));
  });

  test('are exported and imported in key blocks, and in requests', async () => {
    const kek = await printed(['keys', 'create', 'K1', 'AES_256', '--exportable']);
    const key = await printed(['keys', 'create', 'P0', 'AES_128', '--exportable']);
    const block = await printed(['keys', 'export', key, '--under', kek]);
    expect(block).toMatch(/^D0\d{3}P0AB00E/);
    const imported = await printed(
      ['keys', 'import', '--under', kek, '-'],
      `${block.slice(0, 40)}\n${block.slice(40)}\n`,
    );
    const request = { KeyMaterial: { Tr31KeyBlock: { WrappingKeyIdentifier: kek, WrappedKeyBlock: block } } };
    const again = await printed(['keys', 'import', '--request', '-'], JSON.stringify(request));
    const kcv = async (arn: string) =>
      ((await json(['keys', 'show', arn])) as { Key: { KeyCheckValue: string } }).Key.KeyCheckValue;
    expect([await kcv(imported), await kcv(again)]).toEqual([await kcv(key), await kcv(key)]);
    const wish = {
      KeyMaterial: { Tr31KeyBlock: { WrappingKeyIdentifier: kek, KeyBlockHeaders: { KeyVersion: '07' } } },
    };
    expect(await json(['keys', 'export', key, '--request', '-'], JSON.stringify(wish))).toMatchObject({
      WrappedKey: { KeyMaterial: expect.stringMatching(/^D0\d{3}P0AB07/) },
    });
    expect(await runKeyblock(['keys', 'import', '--under', kek, block.slice(0, -1)])).toEqual(
      refused(2, 'ValidationException'),
    );
    expect(await runKeyblock(['keys', 'import', '--request', '-'], '[{"secret":1')).toEqual(
      refused(2, 'Standard input must have one JSON object.'),
    );
    expect(
      await runKeyblock(['keys', 'export', await printed(['keys', 'create', 'P0', 'AES_128']), '--under', kek]),
    ).toEqual(refused(2, 'ValidationException'));
  });

  test('with known bits are imported from a file, up to the line that is refused', async () => {
    const file = join(cli.folder, 'test-keys.txt');
    const weak = '0123456789ABCDEF0123456789ABCDEF';
    writeFileSync(
      file,
      [
        '# alias usage algorithm key',
        'alias/known/bdk B0 TDES_2KEY 0123456789ABCDEFFEDCBA9876543210',
        '- TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY TDES_3KEY 0123456789ABCDEFFEDCBA98765432101122334455667788',
        '',
        'alias/known/zpk  P0  AES_128  00112233445566778899aabbccddeeff',
      ].join('\n'),
    );
    expect(await printed(['keys', 'import-test', file])).toMatch(
      /^ALIAS +KCV +KEY\nalias\/known\/bdk +08D7B4 +arn:\S+\n- +\w{6} +arn:\S+\nalias\/known\/zpk +\w{6} +arn:\S+$/,
    );
    expect(await json(['keys', 'list', '--query', 'alias/known/bdk'])).toMatchObject({
      KeyCheckValue: '08D7B4',
      Exportable: true,
      Tags: [{ Key: 'test-key', Value: 'known-bits' }],
    });
    const lines = `alias/known/bdk B0 TDES_2KEY FEDCBA98765432100123456789ABCDEF\n- B0 TDES_2KEY ${weak}\n`;
    const { exitCode, stdout, stderr } = await runKeyblock(['keys', 'import-test', '-', '--json'], lines);
    expect([exitCode, JSON.parse(stdout) as object]).toEqual([
      2,
      expect.objectContaining({ AliasName: 'alias/known/bdk' }),
    ]);
    expect(JSON.parse(stderr)).toMatchObject({
      error: { name: 'ValidationException', message: expect.stringMatching(/^Line 2: /) },
    });
    expect(stdout + stderr).not.toContain(weak);
  });
});

describe('aliases', () => {
  test('are set, moved, listed page by page, and removed', async () => {
    const [one, other] = [
      await printed(['keys', 'create', 'B0', 'AES_128']),
      await printed(['keys', 'create', 'B0', 'AES_128']),
    ];
    expect(await ok(['aliases', 'set', 'alias/page/0', one])).toEqual({
      stdout: '',
      stderr: `alias/page/0 names ${one}.\n`,
    });
    for (let i = 1; i <= 100; i++) await ok(['aliases', 'set', `alias/page/${i}`, 'alias/page/0', '--quiet']);
    const lines = (await printed(['aliases', 'list', '--key', 'alias/page/0', '--json'])).split('\n');
    expect(lines).toHaveLength(101);
    expect(JSON.parse(lines[0]!)).toEqual({ AliasName: 'alias/page/0', KeyArn: one });
    expect(await json(['aliases', 'set', 'alias/page/7', other])).toEqual({
      Alias: { AliasName: 'alias/page/7', KeyArn: other },
    });
    expect(await printed(['aliases', 'list', '--key', other])).toBe(`ALIAS         KEY\nalias/page/7  ${other}`);
    await ok(['aliases', 'remove', 'alias/page/7']);
    expect(await runKeyblock(['aliases', 'remove', 'alias/page/7'])).toEqual(refused(4, 'There is no '));
    expect(await runKeyblock(['aliases', 'set', 'alias/new', MISSING_KEY])).toEqual(refused(4, 'There is no '));
    expect(await runKeyblock(['aliases', 'set', 'new', one])).toEqual(refused(2, 'ValidationException'));
  });
});
