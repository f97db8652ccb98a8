import { parseTraceParent } from './trace-parent.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

// The first is the example of W3C Trace Context, section 3.2.3.1.
test.each([
  ['a sampled parent', `00-${TRACE}-${SPAN}-01`, true],
  ['a parent that is not sampled', `00-${TRACE}-${SPAN}-00`, false],
  ['unknown flags', `00-${TRACE}-${SPAN}-fe`, false],
  ['a later version with another field', `cc-${TRACE}-${SPAN}-01-what-the-future-will-be-like`, true],
])('takes %s', (_, header, isSampled) => {
  expect(parseTraceParent(header)).toEqual({ traceId: TRACE, spanId: SPAN, isSampled });
});

test.each([
  ['no header', undefined],
  ['an empty header', ''],
  ['version ff', `ff-${TRACE}-${SPAN}-01`],
  ['another field in version 00', `00-${TRACE}-${SPAN}-01-extra`],
  ['a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
  ['a span id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['capital letters', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
  ['a short trace id', `00-${TRACE.slice(1)}-${SPAN}-01`],
  ['a long span id', `00-${TRACE}-${SPAN}0-01`],
  ['no flags', `00-${TRACE}-${SPAN}`],
  ['two headers', `00-${TRACE}-${SPAN}-01,00-${TRACE}-${SPAN}-01`],
])('ignores %s', (_, header) => {
  expect(parseTraceParent(header)).toBeUndefined();
});
