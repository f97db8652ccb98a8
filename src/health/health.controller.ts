import { Controller, Get, Header, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import { DataSource } from 'typeorm';
import { Metrics } from '../http/metrics.js';
import { checkMasterKey } from '../provider/master-key-check.js';
import { MasterKey } from '../provider/master-key.js';

/** For orchestrators and Prometheus; unsigned. */
@Controller()
export class HealthController {
  constructor(
    private readonly database: DataSource,
    private readonly masterKey: MasterKey,
    private readonly metrics: Metrics,
  ) {}

  /** The process answers. */
  @Get('healthz')
  @RouteConfig({ public: true })
  health(): { status: string } {
    return { status: 'ok' };
  }

  /** The database answers and takes writes, and the master key opens its check value. */
  @Get('readyz')
  @RouteConfig({ public: true })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<{ status: string; reason?: string }> {
    try {
      await checkMasterKey(this.database.manager, this.masterKey);
      await checkWritable(this.database);
      return { status: 'ok' };
    } catch (error) {
      reply.status(503);
      return { status: 'unavailable', reason: (error as Error).name };
    }
  }

  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  @RouteConfig({ public: true })
  text(): Promise<string> {
    return this.metrics.text();
  }
}

/** The database takes no writes: a standby, or one whose disk is full. */
class ReadOnlyDatabaseError extends Error {
  override readonly name = 'ReadOnlyDatabaseError';
}

async function checkWritable(database: DataSource): Promise<void> {
  const [row] = await database.query<{ isReadOnly: string }[]>(
    `SELECT current_setting('transaction_read_only') AS "isReadOnly"`,
  );
  if (row?.isReadOnly !== 'off') throw new ReadOnlyDatabaseError();
}
