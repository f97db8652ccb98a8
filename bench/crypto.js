// Compares the constructions of src/crypto with the cost of their bare block operations, or two Node.js versions with
// each other: npm run bench:crypto
import { CONSTRUCTIONS, measure } from './support/constructions.js';
import { startNode } from './support/node-process.js';

const ROUNDS = 21;

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

const { SECOND_NODE } = process.env;
if (SECOND_NODE) await compareNodes([process.execPath, SECOND_NODE]);
else compareWithBareCost();

function compareWithBareCost() {
  const rounds = CONSTRUCTIONS.map(() => []);
  for (let round = 0; round < ROUNDS; round++)
    for (const [i, construction] of CONSTRUCTIONS.entries()) rounds[i].push(measure(construction));

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
    'blocks: block operations; keys: keys they use; bare/s: OpenSSL alone, including the objects for the keys;',
  );
  console.log('ours/s: the construction, starting from its keys; times: cost relative to OpenSSL alone;');
  console.log('held times: with ciphers created beforehand, relative to the blocks alone\n');
  console.table(table);
}

/**
 * Measures each construction in both processes back to back in every round, so that both meet the same load on the
 * machine.
 */
async function compareNodes(paths) {
  const nodes = [];
  for (const path of paths) nodes.push(await startNode(path));
  const rounds = CONSTRUCTIONS.map(() => []);
  for (let round = 0; round < ROUNDS; round++)
    for (const i of CONSTRUCTIONS.keys()) {
      const costs = [];
      for (const node of nodes) costs.push(await node.measure(i));
      rounds[i].push(costs);
    }
  for (const node of nodes) node.stop();

  const [first, second] = nodes.map(({ version }) => version);
  const table = {};
  for (const [i, { name }] of CONSTRUCTIONS.entries())
    table[name] = {
      [`${first}, us`]: Number(median(rounds[i].map(([cost]) => cost)).toFixed(1)),
      [`${second}, us`]: Number(median(rounds[i].map(([, cost]) => cost)).toFixed(1)),
      times: Number(median(rounds[i].map(([cost, other]) => other / cost)).toFixed(2)),
    };
  console.log(
    `us: microseconds of CPU per construction, starting from its keys; times: ${second} relative to ${first}\n`,
  );
  console.table(table);
}
