import { BOLD, printable } from './layout.js';

const ESCAPE = String.fromCharCode(27);

describe('printable', () => {
  test.each([
    ['a control sequence', `a${ESCAPE}[2J`, 'a\\u{1b}[2J'],
    ['a control sequence that begins like bold text', `${ESCAPE}[11m`, '\\u{1b}[11m'],
    ['a control sequence of one character', 'a\u009b2J', 'a\\u{9b}2J'],
    ['a carriage return', 'refused\rok', 'refused\\u{d}ok'],
    ['a backspace and a bell', '\b\u0007', '\\u{8}\\u{7}'],
    ['NUL and DEL', '\0\u007f', '\\u{0}\\u{7f}'],
    ['an override of the direction', 'user/\u202enimda', 'user/\\u{202e}nimda'],
    ['an isolate', '\u2066a\u2069', '\\u{2066}a\\u{2069}'],
  ])('shows %s as escapes', (_, text, expected) => {
    expect(printable(text)).toBe(expected);
  });

  test.each([
    ['lines and tabs', 'one\n\ttwo\n'],
    ['bold text', `${BOLD.on}NAME${BOLD.off}`],
    ['letters of any script', 'Zürich, ключ, 鍵, مفتاح, 🔑'],
  ])('leaves %s as they are', (_, text) => {
    expect(printable(text)).toBe(text);
  });
});
