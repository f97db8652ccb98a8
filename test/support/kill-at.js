// Loaded before a command (node --import): kills its process at the step of which KILL_AT has the number. A step is the
// moment before a change of the file system, or before a statement that writes or commits is sent.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { Socket } from 'node:net';

const KILL_AT = Number(process.env['KILL_AT']);
const STATEMENTS = /COMMIT|DROP TABLE|INSERT INTO audit|UPDATE audit/;
let steps = 0;

function step() {
  steps += 1;
  if (steps === KILL_AT) process.kill(process.pid, 'SIGKILL');
}

const handle = await fs.promises.open('/dev/null');
const fileHandle = Object.getPrototypeOf(handle);
await handle.close();

for (const [holder, names] of [
  [fs, ['open', 'write', 'writev', 'fsync', 'close']], // of streams
  [fs.promises, ['mkdir', 'rename', 'rm', 'writeFile']],
  [fileHandle, ['sync']],
])
  for (const name of names) {
    const call = holder[name];
    holder[name] = function (...args) {
      step();
      return call.apply(this, args);
    };
  }
syncBuiltinESMExports();

const { write } = Socket.prototype;
Socket.prototype.write = function (data, ...rest) {
  if (STATEMENTS.test(Buffer.isBuffer(data) ? data.toString('latin1') : String(data))) step();
  return write.call(this, data, ...rest);
};
