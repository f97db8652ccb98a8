import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

const MODULE = new URL('../../../dist/log-output.js', import.meta.url).href;
const COUNT = 5000;

const ENDS = ['throw new Error()', 'process.exit(1)', ''];

test.each(ENDS)('every log record is written in order by a process that ends with "%s"', async (end) => {
  const script = `
    import { LogOutput } from '${MODULE}';
    const output = new LogOutput();
    for (let i = 0; i < ${COUNT}; i++) output.write(i + ' is a line of the log\\n');
    ${end}`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const lines = (await text(child.stdout)).trimEnd().split('\n');
  expect(lines).toEqual(Array.from({ length: COUNT }, (_, i) => `${i} is a line of the log`));
});
