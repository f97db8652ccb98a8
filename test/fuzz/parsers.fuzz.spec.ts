import fc from 'fast-check';
import { Failure } from '../../src/cli/failure.js';
import { CryptoError } from '../../src/crypto/errors.js';
import { TARGETS } from './targets.js';
import { watched } from './watchdog.js';

/**
 * Feeds slightly modified valid inputs to every function that reads data from outside. The function may refuse the
 * input, or accept it if its meaning is unchanged. It must not throw any other error, run forever, or accept modified
 * content as authentic.
 *
 * FUZZ_CASES is the number of cases across all targets. FUZZ_SEED reproduces a run.
 */
const CASES = Number(process.env['FUZZ_CASES'] ?? 2000);
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() & 0x7fffffff);

const sum = TARGETS.reduce((total, { share }) => total + share, 0);
const casesOf = (share: number) => Math.ceil((CASES * share) / sum);

beforeAll(() => void process.stderr.write(`Fuzzing with FUZZ_SEED=${SEED}\n`));

test.each(TARGETS)('$name refuses or correctly reads modified input', ({ name, share, input, run }) => {
  let [cases, refused, same] = [0, 0, 0];
  const property = fc.property(input, (changed) => {
    cases++;
    try {
      const accepted = watched(() => run(changed as never));
      if (accepted !== undefined) throw new Error(`Accepted as authentic: ${accepted}`);
      same++;
    } catch (error) {
      if (!(error instanceof CryptoError) && !(error instanceof Failure)) throw error;
      refused++;
    }
  });
  fc.assert(property, { numRuns: casesOf(share), seed: SEED, endOnFailure: false });
  process.stderr.write(`  ${name}: ${cases} cases, ${refused} refused, ${same} accepted\n`);
  // If nothing is refused, the changes do not reach the function.
  expect(refused).toBeGreaterThan(0);
});

test('stops a case that does not terminate', () => {
  const endless = () => {
    for (;;);
  };
  expect(() => watched(endless, 50)).toThrow(expect.objectContaining({ code: 'ERR_SCRIPT_EXECUTION_TIMEOUT' }));
});
