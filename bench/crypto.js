// The constructions of src/crypto beside the bare cost of their block operations: npm run bench:crypto
import { CONSTRUCTIONS, measure } from './support/constructions.js';
import { startSecondNode } from './support/second-node.js';

const ROUNDS = 21;

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

const { SECOND_NODE } = process.env;
const second = SECOND_NODE && (await startSecondNode(SECOND_NODE));

/** The two processes measure a construction right after one another, so that both meet the same machine. */
const rounds = CONSTRUCTIONS.map(() => []);
for (let round = 0; round < ROUNDS; round++)
  for (const [i, construction] of CONSTRUCTIONS.entries())
    rounds[i].push({ ...measure(construction), second: await second?.measure(i) });
second?.stop();

const total = (counts) => Object.values(counts).reduce((count, more) => count + more, 0);
const table = {};
for (const [i, { name, blocks, keys, held }] of CONSTRUCTIONS.entries()) {
  const ratio = (ours, bare) => Number(median(rounds[i].map((round) => ours(round) / bare(round))).toFixed(1));
  table[name] = {
    blocks: total(blocks),
    keys: total(keys),
    'bare/s': Math.round(1e6 / median(rounds[i].map((round) => round.blocks + round.keys))),
    'ours/s': Math.round(1e6 / median(rounds[i].map((round) => round.cold))),
    times: ratio(
      ({ cold }) => cold,
      ({ blocks, keys }) => blocks + keys,
    ),
    ...(held && {
      'held times': ratio(
        ({ held }) => held,
        ({ blocks }) => blocks,
      ),
    }),
  };
}
console.log(
  'blocks: block operations; keys: keys they are done under; bare/s: OpenSSL alone, objects for the keys included;',
);
console.log('ours/s: the construction from its keys; times: how many times the bare cost;');
console.log('held times: with ciphers made before, over the blocks alone\n');
console.table(table);

if (second) {
  const perSecond = (times) => Math.round(1e6 / median(times));
  const versions = {};
  for (const [i, { name }] of CONSTRUCTIONS.entries())
    versions[name] = {
      [`${process.version}/s`]: perSecond(rounds[i].map(({ cold }) => cold)),
      [`${second.version}/s`]: perSecond(rounds[i].map((round) => round.second.cold)),
      times: Number(median(rounds[i].map(({ cold, second }) => second.cold / cold)).toFixed(2)),
    };
  console.log(`\ntimes: how many times as long a construction takes with Node ${second.version}\n`);
  console.table(versions);
}
