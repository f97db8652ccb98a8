import { Controller, Get, Header, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import { DataSource } from 'typeorm';
import { Metrics } from '../http/metrics.js';
import { checkMasterKey } from '../provider/master-key-check.js';
import { MasterKey } from '../provider/master-key.js';

/** Probes for orchestrators, and metrics for Prometheus. They need no signature. */
@Controller()
export class HealthController {
  constructor(
    private readonly database: DataSource,
    private readonly masterKey: MasterKey,
    private readonly metrics: Metrics,
  ) {}

  /** Liveness: the process responds. */
  @Get('healthz')
  @RouteConfig({ public: true })
  health(): { status: string } {
    return { status: 'ok' };
  }

  /** Readiness: the database is reachable and writable, and the master key opens its check value. */
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

  /** Returns the metrics of all processes. */
  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  @RouteConfig({ public: true })
  text(): Promise<string> {
    return this.metrics.text();
  }
}

/** Thrown if the database is read-only: a standby, or an embedded one whose disk is full. */
class ReadOnlyDatabaseError extends Error {
  override readonly name = 'ReadOnlyDatabaseError';
}

async function checkWritable(database: DataSource): Promise<void> {
  const [row] = await database.query<{ isReadOnly: string }[]>(
    `SELECT current_setting('transaction_read_only') AS "isReadOnly"`,
  );
  if (row?.isReadOnly !== 'off') throw new ReadOnlyDatabaseError();
}
