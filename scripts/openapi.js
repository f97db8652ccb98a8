// Writes openapi/*.json from the built service: npm run openapi
import { writeFileSync } from 'node:fs';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { format, resolveConfig } from 'prettier';
import { DataSource } from 'typeorm';
import { AppModule } from '../dist/app.module.js';
import { Clock } from '../dist/clock.js';
import { readConfig } from '../dist/config/config.js';
import { openApiDocuments } from '../dist/docs/openapi.js';
import { Metrics } from '../dist/http/metrics.js';
import { MasterKey } from '../dist/provider/master-key.js';

// Only controllers and schemas are read, so nothing is instantiated, connects or listens.
const config = readConfig({});
const parts = {
  config,
  clock: new Clock(),
  logger: undefined,
  metrics: new Metrics(),
  drain: undefined,
  database: new DataSource({ type: 'postgres' }),
  masterKey: new MasterKey(Buffer.alloc(32)),
  root: { accessKeyId: '', secretAccessKey: '' },
};
const app = await NestFactory.create(AppModule.forRoot(parts), new FastifyAdapter(), {
  preview: true,
  logger: false,
  abortOnError: false,
});
const options = { ...(await resolveConfig(import.meta.filename)), parser: 'json' };
for (const [name, document] of Object.entries(openApiDocuments(app))) {
  const file = new URL(`../openapi/${name}.json`, import.meta.url);
  writeFileSync(file, await format(JSON.stringify(document), options));
}
