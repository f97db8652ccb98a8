import { PrincipalRepository } from '../../../src/access/principal.repository.js';
import { allow, policyOf } from '../../support/access.js';
import { listener, useHostCommands } from '../../support/host-listeners.js';
import { frame } from '../../support/payshield-client.js';
import { sendUnsigned } from '../../support/service.js';

/** Commands under the public test LMKs and their replies, from public test suites; each was recomputed by other code. */
const VECTORS: [command: string, reply: string][] = [
  ['CWU9B4934384B19946B040CD702B4D581454123456789012345;8701101', 'CX00561'],
  ['CW0A61E674E88C6A7EEABC38C2B2BB492F4999988887777;9105111', 'CX00649'],
  ['CYU9B4934384B19946B040CD702B4D581455614123456789012345;8701101', 'CZ00'],
  ['DC0406FBB23A5214DFX367930344805B1FAD6146EF4ED7502B3AE7A708F877571A90155000002532114402', 'DD00'],
  ['DCU8463435FC4B4DAA0C49025272C29B12CX367930344805B1FAD6146EF4ED7502B3028DCC093FB0471F0355000002532114402', 'DD00'],
  ['ECU1EF828AA8F6B80EB83E19FBC373F3A85X367930344805B1FAD6146EF4ED7502B391DDDA0A7C12CFAA0155000002532114402', 'ED00'],
  ['CCBAB32D775A38E4ABU1EF828AA8F6B80EB83E19FBC373F3A8512F7808F2CBEC631680301550000025321', 'CD000491DDDA0A7C12CFAA01'],
  ['CCBAB32D775A38E4ABU1EF828AA8F6B80EB83E19FBC373F3A8512F7808F2CBEC631680303550000025321', 'CD000482206CCD872229C203'],
  ['CA0406FBB23A5214DFBAB32D775A38E4AB12DC80B186C30902B00301550000025321', 'CB0004E98FFDA17099AF5501'],
  [
    'CAU8463435FC4B4DAA0C49025272C29B12CU1EF828AA8F6B80EB83E19FBC373F3A85126428EB94035AF53B0101550000025321',
    'CB000491DDDA0A7C12CFAA01',
  ],
  [
    'CU001U1EF828AA8F6B80EB83E19FBC373F3A85X367930344805B1FAD6146EF4ED7502B391DDDA0A7C12CFAA0155000002532114402262D1CC277EF0BB4',
    'CV009614',
  ],
  [
    'CIU8E3D3E2FD5919657F05A1AA90D32A014U9D961F6AF1D24B38AB37B320022FF57D605FFFF9876543210E000011B9C1845EB993A7A01401234567890',
    'CJ00047D26134E85E7DADF01',
  ],
  [
    'M601032003U19D25F349FD03CC3556BB05F65283CA1004072C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F2',
    'M7005F1448EE',
  ],
  [
    'BK002TEFF270C330101C2D6B23DF72EA8FFEBD0E491D62E2E3D1519B395FB9FE5F07DA51D392627E88EB18010692300000043134567890123456789230000N0431',
    'BL00328064FFFFFF',
  ],
  [
    'DU002TEFF270C330101C2D6B23DF72EA8FFEBD0E491D62E2E3D1519B395FB9FE5F07DA51D392627E88EB18010692300000043134567890123456789230000N0431328064FFFFFFEEC12744E8F13E16',
    'DV00330309FFFFFF',
  ],
  [
    'DATEFF270C330101C2D6B23DF72EA8FFEBD0E491D62E2E3D1519B395FB9FE5F07DA12EEC12744E8F13E16010692300000043134567890123456789230000N0431330309FFFFFF',
    'DB00',
  ],
  ['B200100123456789ABCDEF', 'B3000123456789ABCDEF'],
  ['BU0200406FBB23A5214DF', 'BV000035BBE340A4B763'],
  ['BU001U93CB819F8FEE4F78BF9C4CDD84750DB1', 'BV00B70AD25C94548822'],
  ['BU011U1EF828AA8F6B80EB83E19FBC373F3A85', 'BV006F1E3F74F826B7EB'],
  [
    'A6001U71979DEB8587E2734F1E99D5DCAEF9ACU482C4E722BB0CF1845E1E5BD16310119U',
    'A700U0E07CDC0161A0DE3B5AA44DF227EC9DEABDEBC',
  ],
  [
    'A6001U71979DEB8587E2734F1E99D5DCAEF9ACXC8E3118AFA853807EB7E92294663A5BAU',
    'A700U1EF828AA8F6B80EB83E19FBC373F3A856F1E3F',
  ],
  ['A6001U1457FF6ADF6250C66C368416B4C9D3832B930A07119F93A8Z', 'A700BAB32D775A38E4AB73936E'],
  ['A60024ED06495741C280C35ED0C0EA7F7D0FAZ', 'A7000406FBB23A5214DF0035BB'],
  [
    'A8002U1457FF6ADF6250C66C368416B4C9D383U8463435FC4B4DAA0C49025272C29B12CU',
    'A900U2C62A23D001B97412950CD8BE66C7639070753',
  ],
  [
    'A43000XX2EC8A0412B5D0E86E3C1E5ABFA19B3F5XFF43378ED5D85B1BC465BF000335FBF1XA235EDF4C58A2CB0C84641D07319CF21',
    'A500XC0BC1DFFC449A402DAB71250CA5869CC8CE396',
  ],
  [
    'DWU1457FF6ADF6250C66C368416B4C9D3836A2C67C227784BC5D8508B6BED82ECB8;0U1',
    'DX00U8E3D3E2FD5919657F05A1AA90D32A01408D7B4',
  ],
  ['AEU8463435FC4B4DAA0C49025272C29B12CU28DDAEC83617D2F6E2302928B28A54D0', 'AF00UB44202060B6C5C0B2F372149A68FA0B5'],
  ['AG0406FBB23A5214DFC6F34693FB39CB6E', 'AH00D3A9103B524C49ACEDFE6926B3B9D27C'],
  [
    'AUU1457FF6ADF6250C66C368416B4C9D3830A61E674E88C6A7EEABC38C2B2BB492F;ZU0',
    'AV006A2C67C227784BC5D8508B6BED82ECB8D5D44FA68CDC',
  ],
  [
    'AWU1457FF6ADF6250C66C368416B4C9D3836A2C67C227784BC5D8508B6BED82ECB8;000',
    'AX000A61E674E88C6A7EEABC38C2B2BB492FD5D44FA68CDC',
  ],
  ['B0000U42BBE7D9A0A55D0EAA54C982B4D06B70X', 'B100XDA05B7A979CBD9A1DA05B7A979CBD9A1'],
  [
    'BY2EC8A0412B5D0E86E3C1E5ABFA19B3F579E1B5D8DC672AF00137070260B5FA8E;XU0',
    'BZ00UF673F2E0149686A7365E73B881152B9713F44F34A77D8263',
  ],
  [
    'DYU1457FF6ADF6250C66C368416B4C9D383U8E3D3E2FD5919657F05A1AA90D32A014;X01',
    'DZ00X6A2C67C227784BC5D8508B6BED82ECB808D7B4',
  ],
  [
    'FCU1457FF6ADF6250C66C368416B4C9D383XF7D53991678347EFB3026882F724E6EE;XU1',
    'FD00U8463435FC4B4DAA0C49025272C29B12C070753',
  ],
  [
    'FEU1457FF6ADF6250C66C368416B4C9D383U8463435FC4B4DAA0C49025272C29B12C;XX1',
    'FF00XF7D53991678347EFB3026882F724E6EE070753',
  ],
  ['GCU1457FF6ADF6250C66C368416B4C9D383BAB32D775A38E4AB;ZZ1', 'GD002B930A07119F93A873936E'],
  [
    'GGA235EDF4C58A2CB0C84641D07319CF21FF43378ED5D85B1BC465BF000335FBF12EC8A0412B5D0E86E3C1E5ABFA19B3F5',
    'GH00XC0BC1DFFC449A402DAB71250CA5869CC8CE39643DA9A9B99',
  ],
  [
    'GY32EC8A0412B5D0E86E3C1E5ABFA19B3F5FF43378ED5D85B1BC465BF000335FBF1A235EDF4C58A2CB0C84641D07319CF21;0U1',
    'GZ00U369835189A058604EB7F84EAE10C7D048CE396',
  ],
  ['MG4ED06495741C280CC6F34693FB39CB6E', 'MH00E6CF9DB3EC5D766FEDFE6926B3B9D27C'],
  ['MI4ED06495741C280CE6CF9DB3EC5D766F', 'MJ00C6F34693FB39CB6EEDFE6926B3B9D27C'],
];

/** Vectors with a PIN under the LMK, whose format is specific to this service: the host gets it from BA. */
const PIN_VECTORS: [begin: string, end: string, account: string, reply: string][] = [
  ['DGX367930344805B1FAD6146EF4ED7502B3', '5500000253211', '550000025321', 'DH004402'],
  ['DGU183DF6EA5EDFF7D5C91C8F2BA6451884', '5500000253211', '550000025321', 'DH000481'],
  ['DGUE9F05D2F2DB8A8579CA3E806B35E336F', '1234567890120', '123456789012', 'DH001226'],
  ['JGTA5E7D4FE829B0D83C5E7352636C16C7827E197349E34A5CD01123456789012', '', '123456789012', 'JH0098A841D13467F185'],
];

const HEADER_LENGTHS = [0, 2, 4, 255];
const GUEST = 'arn:aws:iam::000000000000:user/guest';
const GUEST_PLACE = HEADER_LENGTHS.length;
const commands = { allow: [...new Set([...VECTORS, ...PIN_VECTORS].map(([command]) => command.slice(0, 2))), 'BA'] };
const service = useHostCommands({
  listeners: [
    ...HEADER_LENGTHS.map((headerLength) =>
      listener({ headerLength, commands, pinUnderLmk: true, authorised: ['pin.clear'] }),
    ),
    listener({ principal: GUEST }),
  ],
});
beforeAll(() => service.app.get(PrincipalRepository).create('user', 'guest'));

describe.each(HEADER_LENGTHS.map((headerLength, place) => ({ headerLength, place })))(
  'with a header of $headerLength bytes',
  ({ headerLength, place }) => {
    test.each(VECTORS)('%s is answered %s', async (command, reply) => {
      const client = await service.connect(place, { headerLength });
      expect(await client.ask(command)).toBe(reply);
      expect(await client.ask(`${command}%00\x19TRAILER`)).toBe(`${reply}\x19TRAILER`);
      client.close();
    });
  },
);

test.each(PIN_VECTORS)('%s{1234}%s of account %s is answered %s', async (begin, end, account, reply) => {
  const client = await service.connect(2);
  const pin = (await client.ask(`BA1234F${account}`)).slice(4);
  expect(pin).toMatch(/^[0-9]{5}$/);
  expect(await client.ask(`${begin}${pin}${end}`)).toBe(reply);
});

test('all of them may be sent at once', async () => {
  const client = await service.connect(2);
  client.socket.end(Buffer.concat(VECTORS.map(([command]) => frame(client.message(command)))));
  const replies = (await client.readAll()).map((reply) => reply.toString('latin1', 4));
  expect(replies).toEqual(VECTORS.map(([, reply]) => reply));
});

test('a permission that is revoked is missing at the next command of an open connection', async () => {
  const [[command, reply]] = VECTORS as [[string, string]];
  const principals = service.app.get(PrincipalRepository);
  const client = await service.connect(GUEST_PLACE);
  expect(await client.ask(command)).toBe('CX29');
  await principals.putPolicy(GUEST, 'own', policyOf(allow('GenerateCardValidationData')));
  expect(await client.ask(command)).toBe(reply);
  expect(await client.ask(VECTORS[2]![0])).toBe('CZ29');
  await principals.removePolicy(GUEST, 'own');
  expect(await client.ask(command)).toBe('CX29');
});

describe('permissions of the older forms of A0, A4, A6 and A8', () => {
  const OLDER = VECTORS.filter(([command]) => /^(?:A[EGUW]|B0|BY|D[WY]|F[CE]|G[CGY]|M[GI])/.test(command));
  const EXPORTS = ['AE', 'AG', 'AU', 'DY', 'FE', 'GC', 'MG'];
  const grant = (...operations: string[]) =>
    service.app.get(PrincipalRepository).putPolicy(GUEST, 'own', policyOf(allow(operations)));

  test.each(['ImportKey', 'ExportKey', 'GetKey'])('with %s alone', async (operation) => {
    await grant(operation);
    const client = await service.connect(GUEST_PLACE);
    for (const [command, reply] of OLDER) {
      const isAllowed = operation === (EXPORTS.includes(command.slice(0, 2)) ? 'ExportKey' : 'ImportKey');
      expect(await client.ask(command)).toBe(isAllowed ? reply : `${reply.slice(0, 2)}29`);
    }
  });

  test('generation needs CreateKey, and ExportKey for the key under the ZMK', async () => {
    const command = 'FI0U1457FF6ADF6250C66C368416B4C9D383;UU1';
    const client = await service.connect(GUEST_PLACE);
    for (const operations of [['CreateKey'], ['ExportKey'], ['ImportKey', 'GetKey']]) {
      await grant(...operations);
      expect(await client.ask(command)).toBe('FJ29');
    }
    await grant('CreateKey', 'ExportKey');
    const [, underZmk, underLmk, check] = /^FJ00(U.{32})(U.{32})(.{6})$/.exec(await client.ask(command)) ?? [];
    await grant('ImportKey');
    expect(await client.ask(`FK0U1457FF6ADF6250C66C368416B4C9D383${underZmk};0U1`)).toBe(`FL00${underLmk}${check}`);
    await grant('ExportKey');
    const exported = await client.ask(`FM0U1457FF6ADF6250C66C368416B4C9D383${underLmk};U01`);
    expect(exported).toBe(`FN00${underZmk}${check}`);
  });

  test.each(['AS', 'BI', 'FGU1457FF6ADF6250C66C368416B4C9D383;UU1', 'IAU1457FF6ADF6250C66C368416B4C9D383'])(
    '%s is off by default',
    async (command) => {
      await grant('CreateKey', 'ExportKey');
      expect((await (await service.connect(GUEST_PLACE)).ask(command)).slice(2)).toBe('68');
    },
  );
});

test('no metric contains any part of a PIN, a PAN or a key', async () => {
  const client = await service.connect(2);
  for (const [command, reply] of VECTORS) expect(await client.ask(command)).toBe(reply);
  const { text } = await sendUnsigned(`${service.url}/metrics`, { method: 'GET' });
  expect(text).toContain('service="hostcommands",operation="CA",outcome="00"');
  expect(text).not.toMatch(/550000025321|0406FBB23A5214DF/);
});
