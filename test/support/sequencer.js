import TestSequencer from '@jest/test-sequencer';

/** Specs that mostly wait for time limits and processes, and then the longest ones, the longest first. */
const FIRST = [
  'embedded-database/hung',
  'embedded-database/',
  'attacks/slow',
  'service/master-key/',
  'service/nodes/',
  'service/docs',
  'console/calculators',
  'test/fuzz/',
  'audit/export-killed',
  'e2e/console/',
  'kms/import-wrapping',
  'test/bounds',
  'cckm/brute-force',
];

/**
 * Starts with the specs that wait, so that other specs compute meanwhile, and with the longest ones, so that none runs
 * alone at the end. Until Jest knows the durations, it starts with the largest files, which aren't the slowest ones.
 */
export default class Sequencer extends TestSequencer {
  sort(tests) {
    const rank = ({ path }) => [...FIRST, path].findIndex((part) => path.includes(part));
    return super.sort(tests).sort((a, b) => rank(a) - rank(b));
  }
}
