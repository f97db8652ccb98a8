import fc from 'fast-check';
import { runCommand, testServices } from '../support/host-commands.js';
import { COMMANDS } from '../../src/hostcommands/registry.js';

/**
 * Changes the PIN block, the MAC or the card value of a verification that succeeds, to another value of the same form,
 * and expects that it never succeeds.
 *
 * FUZZ_CASES is the number of verifications. FUZZ_SEED reproduces a run.
 */
const CASES = Number(process.env['FUZZ_CASES'] ?? 2000);
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() & 0x7fffffff);

// Made once: keys are cached.
const services = testServices();
const run = (text: string) => runCommand(COMMANDS, text, {}, services);

/** Braces enclose the verified part. */
const VERIFICATIONS = [
  'CYU9B4934384B19946B040CD702B4D58145{561}4123456789012345;8701101',
  'DC0406FBB23A5214DFX367930344805B1FAD6146EF4ED7502B3{AE7A708F877571A9}0155000002532114402',
  'DCU8463435FC4B4DAA0C49025272C29B12CX367930344805B1FAD6146EF4ED7502B3{028DCC093FB0471F}0355000002532114402',
  'ECU1EF828AA8F6B80EB83E19FBC373F3A85X367930344805B1FAD6146EF4ED7502B3{91DDDA0A7C12CFAA}0155000002532114402',
  'DATEFF270C330101C2D6B23DF72EA8FFEBD0E491D62E2E3D1519B395FB9FE5F07DA12{EEC12744E8F13E16}010692300000043134567890123456789230000N0431330309FFFFFF',
  'M801032003U19D25F349FD03CC3556BB05F65283CA1004072C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F2{5F1448EE}',
];

/** The verification with another digit, or with other digits. */
function changed(text: string): fc.Arbitrary<string> {
  const [begin = '', right = '', end = ''] = text.split(/[{}]/);
  const digit = fc.nat(text.startsWith('CY') ? 9 : 15).map((value) => value.toString(16).toUpperCase());
  const flipped = fc
    .tuple(fc.nat(right.length - 1), digit)
    .map(([at, other]) => right.slice(0, at) + other + right.slice(at + 1));
  const all = { minLength: right.length, maxLength: right.length };
  const others = fc.array(digit, all).map((digits) => digits.join(''));
  return fc
    .oneof(flipped, others)
    .filter((value) => value !== right)
    .map((value) => begin + value + end);
}

test('a changed PIN block, MAC or card value is never verified', async () => {
  process.stderr.write(`Fuzzing with FUZZ_SEED=${SEED}\n`);
  const codes = new Map<string, number>();
  const cases = fc.oneof(...VERIFICATIONS.map(changed));
  const property = fc.asyncProperty(cases, async (text) => {
    const code = (await run(text)).slice(2);
    codes.set(code, (codes.get(code) ?? 0) + 1);
    expect(['01', '20', '24']).toContain(code);
  });
  await fc.assert(property, { numRuns: CASES, seed: SEED, endOnFailure: true });
  process.stderr.write(`  ${CASES} verifications, answered ${[...codes].map((code) => code.join(': ')).join(', ')}\n`);
});

test.each(VERIFICATIONS)('unchanged, %s is', async (text) => {
  expect((await run(text.replaceAll(/[{}]/g, ''))).slice(2)).toBe('00');
});
