import { execFileSync } from 'node:child_process';
import { shellWord } from './shell.js';

test.each(['', '$(echo x)', '`echo x`', "it's", 'a b', 'a;echo x', 'a\nb', '*', '~', '!x', '"', '\\', '#', '>x'])(
  'keeps the shell from interpreting %j',
  (text) => {
    expect(execFileSync('sh', ['-c', `printf %s ${shellWord(text)}`]).toString()).toBe(text);
  },
);

test.each(['alias/pek', 'arn:aws:kms:us-east-1:000000000000:key/1', '12AB'])('does not quote %j', (text) => {
  expect(shellWord(text)).toBe(text);
});
