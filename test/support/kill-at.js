// Loaded before a command (node --import): kills its process at the step whose number is in KILL_AT. A step is the
// moment before a change of the file system that other processes see, or before a statement that writes or commits is
// sent.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { Socket } from 'node:net';

const KILL_AT = Number(process.env['KILL_AT']);
const STATEMENTS = /COMMIT|DROP TABLE|INSERT INTO audit|UPDATE audit/;
const always = () => true;
let steps = 0;

/** Makes a function call a step if its arguments are those of a change. */
function watch(holder, name, isChange) {
  const call = holder[name];
  holder[name] = function (...args) {
    if (isChange(...args) && ++steps === KILL_AT) process.kill(process.pid, 'SIGKILL');
    return call.apply(this, args);
  };
}

// Streams write with these.
watch(fs, 'open', (_, flags) => flags !== 'r');
for (const name of ['write', 'writev']) watch(fs, name, always);
for (const name of ['mkdir', 'rename', 'rm', 'writeFile']) watch(fs.promises, name, always);
syncBuiltinESMExports();
watch(Socket.prototype, 'write', (data) =>
  STATEMENTS.test(Buffer.isBuffer(data) ? data.toString('latin1') : String(data)),
);
