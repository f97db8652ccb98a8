import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { CreateKeyCommand, PaymentCryptographyClient } from '@aws-sdk/client-payment-cryptography';
import PaymentCryptographyData from 'aws-sdk/clients/paymentcryptographydata.js';
import { MASTER_KEY } from '../../../support/database.js';
import { Pair } from '../../../support/failover.js';
import { controlPlaneOf, listArns, type ServiceProcess, useProcesses } from '../../../support/process.js';
import { CREDENTIALS, REGION } from '../../../support/service.js';

const CLI = fileURLToPath(new URL('../../../../dist/bundle/cli.js', import.meta.url));

let pair: Pair;
const spawnService = useProcesses();
beforeEach(async () => {
  pair = await Pair.start();
  databaseUrl = pair.url;
});
afterEach(() => pair.stop());

let databaseUrl: string;
const env = () => ({
  DATABASE_URL: databaseUrl,
  KEYBLOCK_DATABASE_CONNECTIONS: '4',
  KEYBLOCK_PORT: '0',
  KEYBLOCK_MASTER_KEY: MASTER_KEY,
  KEYBLOCK_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
  KEYBLOCK_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
});

/** A service process that handles CreateKey and GenerateMac, one after another, until it is stopped. */
class LoadedNode {
  readonly #controlPlane: PaymentCryptographyClient;
  readonly #dataPlane: PaymentCryptographyData;
  readonly #load: Promise<void>[];
  #isStopping = false;
  /** Keys whose creation was acknowledged. */
  created: string[] = [];
  macs = 0;
  /** Names of the exceptions with which changes failed. */
  failures = new Set<string>();

  constructor(
    readonly process: ServiceProcess,
    readonly url: string,
    keyArn: string,
  ) {
    const client = { region: REGION, endpoint: url, credentials: CREDENTIALS };
    this.#controlPlane = new PaymentCryptographyClient({ ...client, maxAttempts: 1 });
    this.#dataPlane = new PaymentCryptographyData({ ...client, maxRetries: 0 });
    this.#load = [
      this.#repeat(async () => {
        this.created.push(await createKey(this.#controlPlane));
      }),
      this.#repeat(async () => {
        const GenerationAttributes = { Algorithm: 'CMAC' };
        await this.#dataPlane
          .generateMac({ KeyIdentifier: keyArn, MessageData: '3132333435363738', GenerationAttributes })
          .promise();
        this.macs += 1;
      }),
    ];
  }

  async #repeat(work: () => Promise<void>): Promise<void> {
    while (!this.#isStopping) await work().catch((error: unknown) => this.failures.add((error as Error).name));
  }

  /** Waits for this many more acknowledged changes and MACs. */
  async more(count: number): Promise<void> {
    const [created, macs] = [this.created.length + count, this.macs + count];
    while (this.created.length < created || this.macs < macs) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#load);
    this.#controlPlane.destroy();
    this.process.child.kill('SIGTERM');
    expect(await this.process.ended).toBe(0);
  }
}

async function createKey(controlPlane: PaymentCryptographyClient): Promise<string> {
  const KeyAttributes = {
    KeyUsage: 'TR31_M6_ISO_9797_5_CMAC_KEY',
    KeyClass: 'SYMMETRIC_KEY',
    KeyAlgorithm: 'AES_128',
    KeyModesOfUse: { Generate: true },
  } as const;
  const { Key } = await controlPlane.send(new CreateKeyCommand({ KeyAttributes, Exportable: false }));
  return Key!.KeyArn!;
}

async function startNodes(): Promise<[LoadedNode, LoadedNode]> {
  const started = [spawnService(env()), spawnService(env())] as const;
  const urls = await Promise.all([started[0].listening, started[1].listening]);
  const client = new PaymentCryptographyClient({ region: REGION, endpoint: urls[0], credentials: CREDENTIALS });
  const keyArn = await createKey(client);
  client.destroy();
  return [new LoadedNode(started[0], urls[0], keyArn), new LoadedNode(started[1], urls[1], keyArn)];
}

async function verify(): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [CLI, 'audit', 'verify'], { env: { PATH: process.env['PATH'], ...env() } });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { exitCode, stdout, stderr };
}

const brokenChains = async (url: string) =>
  /^keyblock_audit_chains_broken_total (\d+)$/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1];

test('nodes continue to change keys after the promotion of a standby that lacks their last transactions', async () => {
  const nodes = await startNodes();
  await Promise.all(nodes.map((node) => node.more(5)));
  await pair.detach();
  await Promise.all(nodes.map((node) => node.more(5)));
  for (const { failures } of nodes) expect([...failures]).toEqual([]);
  await pair.failOver();
  await Promise.all(nodes.map((node) => node.more(1)));
  const before = nodes.map(({ created }) => created.length);
  for (const node of nodes) node.failures.clear();
  await Promise.all(nodes.map((node) => node.more(20)));
  for (const { failures } of nodes) expect([...failures]).toEqual([]);
  for (const { url } of nodes) expect(await brokenChains(url)).toBe('1');
  for (const node of nodes) await node.stop();

  const { exitCode, stdout, stderr } = await verify();
  expect([exitCode, stderr]).toEqual([1, 'Not intact: 2 of 4 chains.\n']);
  expect(stdout.match(/: ok, /g)).toHaveLength(4);
  for (const chain of [1, 2])
    expect(stdout).toMatch(
      new RegExp(
        `^chain ${chain} ends at \\d+, but its process had written up to \\d+ \\(.*\\): a failover or a restore lost the rest`,
        'm',
      ),
    );
  for (const { process } of nodes) expect(process.log()).toContain('starting another chain');
  // All changes acknowledged after the promotion have events.
  const counted = /^chain 3 .*: ok, (\d+) events.*\n(?:.*\n)?chain 4 .*: ok, (\d+) events/m.exec(stdout)!;
  const written = Number(counted[1]) + Number(counted[2]);
  const acknowledged = nodes.reduce((sum, { created }, i) => sum + created.length - before[i]!, 0);
  expect(written).toBeGreaterThanOrEqual(acknowledged + 2);
});

test('nodes that know both hosts find the promoted standby, which has all that was acknowledged if it is synchronous', async () => {
  databaseUrl = pair.hosts;
  const nodes = await startNodes();
  await pair.synchronize();
  await Promise.all(nodes.map((node) => node.more(10)));
  for (const { failures } of nodes) expect([...failures]).toEqual([]);
  await pair.failOver();
  const before = nodes.flatMap(({ created }) => created);
  await Promise.all(nodes.map((node) => node.more(10)));
  // Refused as unavailable, and nothing else.
  for (const { failures } of nodes)
    expect(['InternalServerException', 'ServiceUnavailableException']).toEqual(expect.arrayContaining([...failures]));
  for (const { url } of nodes) expect(await brokenChains(url)).toBe('0');
  const controlPlane = controlPlaneOf(nodes[0].url);
  const found = new Set(await listArns(controlPlane));
  controlPlane.destroy();
  expect(before.filter((arn) => !found.has(arn))).toEqual([]);
  const metrics = await (await fetch(`${nodes[0].url}/metrics`)).text();
  expect(metrics).toMatch(/^keyblock_database_errors_total\{code="(?:57P0\d|E\w+|none)"\} [1-9]/m);
  expect(metrics).toMatch(/^keyblock_database_connections\{state="busy"\} \d/m);
  expect(metrics).toMatch(/^keyblock_database_wait_seconds_count [1-9]/m);
  for (const node of nodes) await node.stop();
  expect(await verify()).toMatchObject({ exitCode: 0, stderr: '' });
});
