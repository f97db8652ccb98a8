import { useService } from '../../../support/api.js';
import { importKeys, importMaterial, keyBlock, type KeyImports } from '../../../support/import.js';

const service = useService();
let imports: KeyImports;
beforeAll(async () => {
  imports = await importKeys(service);
});

const KEY = {
  clear: '0123456789ABCDEFFEDCBA9876543210',
  usage: 'TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY',
  algorithm: 'TDES_2KEY',
  modes: ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap'],
} as const;
const block = (more: Parameters<typeof keyBlock>[2] = {}) =>
  keyBlock({ algorithm: 'AES', key: imports.kek.clear }, KEY, more);
const importBlock = (WrappedKeyBlock: string) =>
  importMaterial(service, { Tr31KeyBlock: { WrappingKeyIdentifier: imports.kek.KeyArn, WrappedKeyBlock } });
const refused = (message: string) => ({ name: 'ValidationException', message });

const encrypt = async (Tr31KeyBlock: string) =>
  (
    await service.send({
      path: `/keys/${encodeURIComponent(imports.kek.KeyArn)}/encrypt`,
      body: JSON.stringify({
        PlainText: '0011223344556677',
        EncryptionAttributes: { Symmetric: { Mode: 'ECB' } },
        WrappedKey: { WrappedKeyMaterial: { Tr31KeyBlock } },
      }),
    })
  ).json;

test.each(['c1', 'c9', 'cA'])(
  'refuses key version number %s, which indicates a component',
  async (keyVersionNumber) => {
    const message =
      `The key block holds a component of a key (key version number ${keyVersionNumber}), not a key: combine the ` +
      'components first.';
    const component = block({ header: { keyVersionNumber } });
    await expect(importBlock(component)).rejects.toMatchObject(refused(message));
    expect(await encrypt(component)).toMatchObject({ __type: 'ValidationException', message });
  },
);

test.each(['00', '12', 'C1', '1c'])(
  'accepts key version number %s, which does not indicate a component',
  async (keyVersionNumber) => {
    const whole = block({ header: { keyVersionNumber } });
    expect(await importBlock(whole)).toMatchObject({ KeyCheckValue: '08D7B4' });
    expect(await encrypt(whole)).toMatchObject({ KeyCheckValue: '08D7B4' });
  },
);

test('quotes the offending characters, the leftmost first', async () => {
  const good = block();
  const altered = (offset: number, value: string) => good.slice(0, offset) + value + good.slice(offset + value.length);
  for (const [text, message] of [
    [altered(0, 'E'), 'offset 0: key block version ID has the value "E", which X9.143 does not define'],
    [altered(1, '01'), undefined],
    [altered(1, '02'), `offset 1: key block length "0212" must be the number of characters that the block has, 112`],
    [altered(5, 'Z9'), 'offset 5: key usage has the value "Z9", which X9.143 does not define'],
    [altered(0, 'E0112Z9'), 'offset 0: key block version ID has the value "E", which X9.143 does not define'],
    [`S${good}`, 'offset 0: the key scheme letter "S" of an HSM precedes the key block: leave it out'],
    [`R${good}`, 'offset 0: the key scheme letter "R" of an HSM precedes the key block: leave it out'],
  ] as const) {
    if (message === undefined) await importBlock(text);
    else await expect(importBlock(text)).rejects.toMatchObject(refused(`Malformed key block at ${message}`));
  }
});
