// The baseline for host commands: sends back what it receives.
import { createServer } from 'node:net';

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => socket.write(chunk));
});
server.listen({ port: 0, host: '127.0.0.1' }, () => {
  process.stderr.write(`Echo listens at http://127.0.0.1:${server.address().port}\n`);
});
