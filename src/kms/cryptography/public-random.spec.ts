import { fillWithPublicRandom } from './public-random.js';

test('every buffer gets different bytes, also across draws', () => {
  const values = new Set<string>();
  for (let i = 0; i < 2000; i++) {
    const target = Buffer.alloc(12);
    fillWithPublicRandom(target);
    values.add(target.toString('hex'));
  }
  expect(values.size).toBe(2000);
});
