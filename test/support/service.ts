import { hash } from 'node:crypto';
import { Sha256 } from '@aws-crypto/sha256-js';
import { PaymentCryptographyClient } from '@aws-sdk/client-payment-cryptography';
import { SignatureV4 } from '@smithy/signature-v4';
import PaymentCryptographyData from 'aws-sdk/clients/paymentcryptographydata.js';
import { DataSource } from 'typeorm';
import { Clock } from '../../src/clock.js';
import { DestructionWatch, confirmDestruction } from '../../src/changes/destruction-watch.js';
import { readConfig } from '../../src/config/config.js';
import { type Log, openLog } from '../../src/logger.js';
import { type Service, startService } from '../../src/service.js';
import { newStore, type TestStore } from './database.js';

export const REGION = 'us-east-1';
export const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLEEXAMPLE', secretAccessKey: 'a made-up secret for the root' };

/** A clock that a test can advance. It follows the real clock unless it is created with a fixed time. */
export class TestClock extends Clock {
  #aheadMs = 0;

  constructor(private readonly standsAt?: Date) {
    super();
  }

  override now(): Date {
    return new Date((this.standsAt?.getTime() ?? Date.now()) + this.#aheadMs);
  }

  advance(milliseconds: number): void {
    this.#aheadMs += milliseconds;
  }
}

/** A service on a free port over an empty store, with clients from the real SDKs. */
export interface TestService extends Service {
  store: TestStore;
  clock: TestClock;
  controlPlane: PaymentCryptographyClient;
  dataPlane: PaymentCryptographyData;
  /** Every line that the service logged, parsed. */
  log: Record<string, unknown>[];
  /** Sends a signed request, for calls that no SDK would make. */
  send: (request: Partial<RawRequest>) => Promise<RawResponse>;
  /** Signs a request without sending it. */
  sign: (request: Partial<RawRequest>) => Promise<SentRequest>;
  stop: () => Promise<void>;
}

export interface RawRequest {
  method: string;
  /** Percent-encoded as it goes over the wire. */
  path: string;
  headers: Record<string, string>;
  body: string;
  /** Changes the request after it is signed. */
  tamper: (sent: SentRequest) => void;
  region: string;
  service: string;
  signingDate: Date;
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
}

/** A signed request; `host` is not among the headers. */
export interface SentRequest {
  path: string;
  headers: Record<string, string>;
  body: string;
}

export interface RawResponse {
  status: number;
  headers: Headers;
  text: string;
  /** The body as JSON. */
  json: Record<string, unknown>;
}

export async function startTestService(env: NodeJS.ProcessEnv = {}, clock = new TestClock()): Promise<TestService> {
  const store = await newStore();
  const log: Record<string, unknown>[] = [];
  const service = await startOn(store, env, logTo(log), clock);
  const { url } = service;
  const client = { region: REGION, endpoint: url, credentials: CREDENTIALS };
  const controlPlane = new PaymentCryptographyClient({ ...client, maxAttempts: 1 });
  return {
    ...service,
    store,
    clock,
    log,
    controlPlane,
    dataPlane: new PaymentCryptographyData({ ...client, maxRetries: 0 }),
    send: (request) => send(url, clock, request),
    sign: (request) => sign(url, clock, request),
    stop: async () => {
      controlPlane.destroy();
      await service.close();
      await store.remove();
    },
  };
}

/**
 * Advances the clock of a service and confirms the jump. Otherwise the service, which looks at the clock every minute,
 * might put all destruction on hold at any later time.
 */
export async function advanceConfirmed({ app, clock }: TestService, milliseconds: number): Promise<void> {
  clock.advance(milliseconds);
  await app.get(DestructionWatch).look();
  await confirmDestruction(app.get(DataSource).manager, clock.now());
}

export const SILENT = openLog('silent', { write: () => undefined });

/** Opens a log whose lines are added to an array. */
export function logTo(lines: Record<string, unknown>[], level = 'info'): Log {
  return openLog(level, { write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) });
}

/** Starts a service over a store that may have been used before. */
export function startOn(
  store: TestStore,
  env: NodeJS.ProcessEnv = {},
  log = SILENT,
  clock = new TestClock(),
): Promise<Service> {
  return startService(readConfig({ ...serviceEnv(store), ...env }), log, {
    clock,
    databaseTime: { read: () => Promise.resolve(clock.now()) },
  });
}

/** The environment of a service over a store, in this process or a separate one. */
export function serviceEnv(store: TestStore): NodeJS.ProcessEnv {
  return {
    ...store.env,
    KEYBLOCK_PORT: '0',
    KEYBLOCK_REGION: REGION,
    KEYBLOCK_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    KEYBLOCK_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  };
}

/** The header that routes a control plane operation. */
export const target = (operation: string) => ({ 'x-amz-target': `PaymentCryptographyControlPlane.${operation}` });

/** Sends a signed request, for calls that no SDK would make. */
export async function send(url: string, clock: Clock, request: Partial<RawRequest>): Promise<RawResponse> {
  const { method = 'POST' } = request;
  const sent = await sign(url, clock, request);
  request.tamper?.(sent);
  return answerOf(await fetch(`${url}${sent.path}`, { method, headers: sent.headers, body: sent.body || undefined }));
}

/** Signs a request without sending it. */
export async function sign(url: string, clock: Clock, request: Partial<RawRequest>): Promise<SentRequest> {
  const { method = 'POST', path = '/', headers = {}, body = method === 'POST' ? '{}' : '' } = request;
  const signer = new SignatureV4({
    credentials: request.credentials ?? CREDENTIALS,
    region: request.region ?? REGION,
    service: request.service ?? 'payment-cryptography',
    sha256: Sha256,
    applyChecksum: false,
  });
  const { hostname, port, host } = new URL(url);
  const [pathname = '', query] = path.split('?');
  const signed = await signer.sign(
    {
      method,
      protocol: 'http:',
      hostname,
      port: Number(port),
      path: pathname,
      query: Object.fromEntries(new URLSearchParams(query)),
      headers: { host, ...headers, 'x-amz-content-sha256': hash('sha256', body) },
      body,
    },
    { signingDate: request.signingDate ?? clock.now() },
  );
  const { host: _, ...sentHeaders } = signed.headers;
  return { path, headers: sentHeaders, body };
}

async function answerOf(response: Response): Promise<RawResponse> {
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: (text.startsWith('{') ? JSON.parse(text) : {}) as Record<string, unknown>,
  };
}

/** Sends a request unchanged and unsigned. */
export async function sendUnsigned(url: string, init: RequestInit): Promise<RawResponse> {
  return answerOf(await fetch(url, init));
}
