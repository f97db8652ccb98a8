import TestSequencer from '@jest/test-sequencer';

/** Specs that mostly wait for time limits and processes, the longest first. */
const WAITING = [
  'embedded-database/hung',
  'embedded-database/',
  'attacks/slow',
  'service/master-key/',
  'service/nodes/',
];

/**
 * Starts with the specs that wait, so that other specs compute meanwhile. Jest itself starts with the largest files.
 */
export default class Sequencer extends TestSequencer {
  sort(tests) {
    const rank = ({ path }) => [...WAITING, path].findIndex((part) => path.includes(part));
    return super.sort(tests).sort((a, b) => rank(a) - rank(b));
  }
}
