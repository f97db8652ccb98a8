import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { accountFor } from '../../src/database/embedded/account.js';
import { findBinaries, linkLibraries } from '../../src/database/embedded/binaries.js';

/** A primary and a standby behind one address, as a high-availability tool runs them. */

const SETTINGS = ['listen_addresses=', 'fsync=off', 'full_page_writes=off', 'shared_buffers=16MB'];

/** Two PostgreSQL servers that began as copies of each other. The second server follows the first. */
export class Pair {
  readonly #folder = mkdtempSync(join(tmpdir(), 'keyblock-pair-'));
  readonly #binaries = findBinaries();
  readonly #account: ReturnType<typeof accountFor>;
  readonly #env: NodeJS.ProcessEnv;
  readonly #servers: ChildProcess[] = [];
  readonly #proxy: Server;
  readonly #sockets = new Set<Socket>();
  #current = 'primary';

  private constructor() {
    chmodSync(this.#folder, 0o711);
    this.#account = accountFor(this.#binaries.postgres, [this.#folder], join(this.#folder, 'primary'));
    const libraries = linkLibraries(this.#binaries, join(this.#folder, 'lib'));
    this.#env = { PATH: process.env['PATH'], TZ: 'UTC', LD_LIBRARY_PATH: libraries };
    this.#proxy = createServer((client) => {
      const server = connect(join(this.#folder, `${this.#current}-run`, '.s.PGSQL.5432'));
      for (const [from, to] of [
        [client, server],
        [server, client],
      ] as const) {
        this.#sockets.add(from);
        from.on('error', () => to.destroy());
        from.on('close', () => {
          this.#sockets.delete(from);
          to.destroy();
        });
        from.pipe(to);
      }
    });
  }

  static async start(): Promise<Pair> {
    const pair = new Pair();
    try {
      await pair.#start();
      return pair;
    } catch (error) {
      await pair.stop();
      throw error;
    }
  }

  async #start(): Promise<void> {
    for (const name of ['primary', 'primary-run', 'standby-run'])
      this.#own(join(this.#folder, name), (path) => mkdirSync(path, { mode: 0o700 }));
    const [command, ...args] = this.#command(
      this.#binaries.initdb,
      ...['-D', join(this.#folder, 'primary'), '-U', 'keyblock', '-A', 'trust'],
    );
    const made = spawnSync(command, args, { ...this.#account.ids, env: this.#env, encoding: 'utf8' });
    if (made.status !== 0) throw new Error(made.stderr);
    // initdb leaves a server that is shut down, so its files are a consistent copy.
    this.#copy('primary', 'standby');
    const conninfo = `host=${join(this.#folder, 'primary-run')} user=keyblock`;
    appendFileSync(join(this.#folder, 'standby', 'postgresql.conf'), `primary_conninfo = '${conninfo}'\n`);
    this.#own(join(this.#folder, 'standby', 'standby.signal'), (path) => writeFileSync(path, ''));
    await this.#launch('primary');
    await this.#launch('standby');
    await this.#run('primary', 'CREATE DATABASE keyblock');
    this.#proxy.listen(0, '127.0.0.1');
    await once(this.#proxy, 'listening');
  }

  /** Address that leads to the primary, and to the other server after a failover. */
  get url(): string {
    return `postgresql://keyblock@127.0.0.1:${(this.#proxy.address() as AddressInfo).port}/keyblock`;
  }

  /** Address of both servers, the standby first. */
  get hosts(): string {
    const hosts = ['standby', 'primary'].map((name) => encodeURIComponent(join(this.#folder, `${name}-run`)));
    return `postgresql://keyblock@${hosts.join()}/keyblock`;
  }

  /** Lets the primary acknowledge a commit only when the standby has it. */
  async synchronize(): Promise<void> {
    await this.#run('primary', `ALTER SYSTEM SET synchronous_standby_names = '*'`);
    await this.#run('primary', 'SELECT pg_reload_conf()');
    while ((await this.#run('primary', `SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'`)).length === 0)
      await pause(20);
  }

  /** Waits until the standby has caught up, then stops it from following, so that later commits are lost. */
  async detach(): Promise<void> {
    const [row] = await this.#run('primary', 'SELECT pg_current_wal_lsn() AS lsn');
    while (
      (await this.#run('standby', `SELECT 1 WHERE pg_last_wal_replay_lsn() >= '${row!['lsn'] as string}'`)).length === 0
    )
      await pause(20);
    await this.#run('standby', `ALTER SYSTEM SET primary_conninfo = ''`);
    await this.#run('standby', 'SELECT pg_reload_conf()');
    while ((await this.#run('standby', 'SELECT 1 FROM pg_stat_wal_receiver')).length > 0) await pause(20);
  }

  /** Kills the primary, promotes the standby, and lets the address lead to the standby. */
  async failOver(): Promise<void> {
    const [primary] = this.#servers;
    const ended = once(primary!, 'exit');
    primary!.kill('SIGQUIT');
    await ended;
    this.#current = 'standby';
    await this.#run('standby', 'SELECT pg_promote()');
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.#proxy.close();
    for (const socket of this.#sockets) socket.destroy();
    for (const server of this.#servers) {
      if (server.exitCode !== null || server.signalCode !== null) continue;
      const ended = once(server, 'exit');
      server.kill('SIGQUIT');
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #command(program: string, ...args: string[]): [string, ...string[]] {
    const [command = program, ...rest] = [...this.#account.prefix, program, ...args];
    return [command, ...rest];
  }

  /** Creates a file or folder that belongs to PostgreSQL's account. */
  #own(path: string, make: (path: string) => void): void {
    make(path);
    if (this.#account.ids) chownSync(path, this.#account.ids.uid, this.#account.ids.gid);
  }

  #copy(from: string, to: string): void {
    // cp preserves the owners of the files, which Node's cpSync does not.
    spawnSync('cp', ['-a', join(this.#folder, from), join(this.#folder, to)]);
  }

  async #launch(name: string): Promise<void> {
    const run = join(this.#folder, `${name}-run`);
    const settings = [...SETTINGS, `unix_socket_directories=${run}`].flatMap((setting) => ['-c', setting]);
    const [command, ...args] = this.#command(this.#binaries.postgres, '-D', join(this.#folder, name), ...settings);
    const child = spawn(command, args, {
      ...this.#account.ids,
      cwd: run,
      env: this.#env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (data: Buffer) => (said += data.toString()));
    this.#servers.push(child);
    for (;;) {
      if (child.exitCode !== null) throw new Error(`The ${name} ended: ${said}`);
      try {
        await this.#run(name, 'SELECT 1');
        return;
      } catch {
        await pause(20);
      }
    }
  }

  async #run(name: string, sql: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ host: join(this.#folder, `${name}-run`), user: 'keyblock', database: 'postgres' });
    client.on('error', () => undefined); // The query rejects as well.
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  }
}
