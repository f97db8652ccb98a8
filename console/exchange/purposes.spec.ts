import { KEY_USAGES } from '../../src/payment/keys/key-attributes.js';
import { checkCombination, COMBINATIONS, modesOfUse } from '../../src/payment/keys/key-rules.js';
import { attributesOf, purposesOf, suggestedFor } from './purposes.js';

const CREATED = purposesOf('SYMMETRIC_KEY', 'ASYMMETRIC_KEY_PAIR');

test('every usage has a sentence, and every combination of a class is offered once', () => {
  expect(new Set(CREATED.map(({ usage }) => usage))).toEqual(new Set(KEY_USAGES));
  const all = purposesOf('SYMMETRIC_KEY', 'ASYMMETRIC_KEY_PAIR', 'PUBLIC_KEY');
  expect(all.map(({ usage, class: keyClass }) => `${usage} ${keyClass}`).toSorted()).toEqual(
    COMBINATIONS.map(({ usage, class: keyClass }) => `${usage} ${keyClass}`).toSorted(),
  );
  expect(new Set(CREATED.map(({ words }) => words)).size).toBe(CREATED.length);
});

test('the service accepts every combination that is offered', () => {
  for (const purpose of purposesOf('SYMMETRIC_KEY', 'ASYMMETRIC_KEY_PAIR', 'PUBLIC_KEY'))
    for (const algorithm of purpose.algorithms)
      purpose.modes.forEach((modes, at) => {
        const attributes = attributesOf(purpose, { usage: purpose.usage, algorithm, modes: String(at) });
        expect(Object.keys(attributes.KeyModesOfUse)).toEqual(modes);
        expect(() => checkCombination({ ...attributes, KeyModesOfUse: modesOfUse(modes) })).not.toThrow();
      });
});

test.each(CREATED)('$words: the first combination offered is one of the choices', (purpose) => {
  const { algorithm, modes } = suggestedFor(purpose);
  expect(purpose.algorithms).toContain(algorithm);
  expect(purpose.modes[Number(modes)]).not.toContain('NoRestrictions');
  expect(purpose.modes[Number(modes)]).toBeDefined();
});
