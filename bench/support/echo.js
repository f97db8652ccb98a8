// What the service is measured against: Fastify alone, that parses a JSON body and answers with it.
import fastify from 'fastify';

const app = fastify();
app.post('*', (request) => request.body);
process.stderr.write(`Echo listens at ${await app.listen({ port: 0, host: '127.0.0.1' })}\n`);
