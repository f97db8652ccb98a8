// The baseline for the service: Fastify alone, which parses a JSON body and returns it.
import fastify from 'fastify';

const app = fastify();
// AWS KMS has a content type of its own.
app.addContentTypeParser(
  'application/x-amz-json-1.1',
  { parseAs: 'string' },
  app.getDefaultJsonParser('error', 'error'),
);
app.post('*', (request) => request.body);
process.stderr.write(`Echo listens at ${await app.listen({ port: 0, host: '127.0.0.1' })}\n`);
