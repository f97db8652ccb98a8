import { explain, type Recorded } from './linearizability.js';

type Call = { set: number } | 'get';

const step = (state: number, call: Call) =>
  call === 'get' ? { state, answer: state } : { state: call.set, answer: 'ok' };

/** Returns a call that was made and answered at these times. */
const recorded = (invokedAt: number, answeredAt: number, call: Call, answer: unknown = 'ok'): Recorded<Call> => ({
  call,
  answer,
  invokedAt,
  answeredAt,
});

test.each<[string, Recorded<Call>[], number[]]>([
  ['nothing happened', [], [0]],
  ['one after another', [recorded(0, 1, { set: 1 }), recorded(2, 3, { set: 2 }), recorded(4, 5, 'get', 2)], [2]],
  ['two at once: either may be last', [recorded(0, 3, { set: 1 }), recorded(1, 2, { set: 2 })], [2, 1]],
  [
    'two at once, and a read that shows which was last',
    [recorded(0, 3, { set: 1 }), recorded(1, 2, { set: 2 }), recorded(4, 5, 'get', 1)],
    [1],
  ],
  ['a read before the end of a write may see it', [recorded(0, 9, { set: 1 }), recorded(1, 2, 'get', 1)], [1]],
  ['a read that sees an overwritten value', [recorded(0, 1, { set: 1 }), recorded(2, 3, 'get', 0)], []],
  ['a value that was never written', [recorded(0, 9, { set: 1 }), recorded(1, 2, 'get', 3)], []],
  [
    'two clients that saw two writes in different orders',
    [
      recorded(0, 9, { set: 1 }),
      recorded(0, 9, { set: 2 }),
      recorded(1, 2, 'get', 1),
      recorded(3, 4, 'get', 2),
      recorded(5, 6, 'get', 1),
    ],
    [],
  ],
])('%s', (_, calls, ends) => {
  expect(explain(0, calls, step).sort()).toEqual([...ends].sort());
});
