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

  /** The database answers, and the master key opens its check value. */
  @Get('readyz')
  @RouteConfig({ public: true })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<{ status: string; reason?: string }> {
    try {
      await checkMasterKey(this.database.manager, this.masterKey);
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
