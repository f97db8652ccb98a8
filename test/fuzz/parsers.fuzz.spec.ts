import fc from 'fast-check';
import { Failure } from '../../src/cli/failure.js';
import { CryptoError } from '../../src/crypto/errors.js';
import { TARGETS } from './targets.js';
import { watched } from './watchdog.js';

/**
 * Valid inputs with a few changes, for everything that reads what others send. It may accept what is still the same, or
 * refuse; it may not throw anything else, not end, or take what was changed for authentic.
 *
 * FUZZ_CASES is the number of cases for all targets together, FUZZ_SEED what makes them the same again.
 */
const CASES = Number(process.env['FUZZ_CASES'] ?? 2000);
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() & 0x7fffffff);

const sum = TARGETS.reduce((total, { share }) => total + share, 0);
const casesOf = (share: number) => Math.ceil((CASES * share) / sum);

beforeAll(() => void process.stderr.write(`Fuzzing with FUZZ_SEED=${SEED}\n`));

test.each(TARGETS)('$name', ({ name, share, input, run }) => {
  let [cases, refused, same] = [0, 0, 0];
  const property = fc.property(input, (changed) => {
    cases++;
    try {
      const accepted = watched(() => run(changed as never));
      if (accepted !== undefined) throw new Error(`Taken for authentic: ${accepted}`);
      same++;
    } catch (error) {
      if (!(error instanceof CryptoError) && !(error instanceof Failure)) throw error;
      refused++;
    }
  });
  fc.assert(property, { numRuns: casesOf(share), seed: SEED, endOnFailure: false });
  process.stderr.write(`  ${name}: ${cases} cases, ${refused} refused, ${same} read\n`);
  // Where nothing is refused, the changes don't reach the function.
  expect(refused).toBeGreaterThan(0);
});

test('a case that does not end is stopped', () => {
  const endless = () => {
    for (;;);
  };
  expect(() => watched(endless, 50)).toThrow(expect.objectContaining({ code: 'ERR_SCRIPT_EXECUTION_TIMEOUT' }));
});
