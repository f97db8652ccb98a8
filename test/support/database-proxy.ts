import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Returns PostgreSQL's message for an error that ends the connection. */
function fatal(code: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0Mrefused by the spec\0\0`);
  const head = Buffer.from('E0000');
  head.writeInt32BE(4 + fields.length, 1);
  return Buffer.concat([head, fields]);
}

/** A Unix socket that leads to the PostgreSQL server of the run until it is closed, cut or frozen. */
export class DatabaseProxy {
  readonly #folder = mkdtempSync(join(tmpdir(), 'keyblock-proxy-'));
  readonly #path = join(this.#folder, '.s.PGSQL.5432');
  readonly #server: URL;
  readonly #sockets = new Set<Socket>();
  #proxy?: Server;
  #isFrozen = false;

  /** @param databaseUrl URL of the database that the socket leads to */
  constructor(databaseUrl: string) {
    this.#server = new URL(databaseUrl);
  }

  get url(): string {
    const { username, password, pathname } = this.#server;
    const user = password === '' ? username : `${username}:${password}`;
    return `postgresql://${user}@${encodeURIComponent(this.#folder)}${pathname}`;
  }

  async open(): Promise<void> {
    this.#isFrozen = false;
    await this.#listen((client) => {
      const { hostname, port } = this.#server;
      const host = decodeURIComponent(hostname);
      const server = host.startsWith('/')
        ? connect(join(host, '.s.PGSQL.5432'))
        : connect(Number(port || '5432'), host);
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
        from.on('data', (data) => this.#isFrozen || to.write(data));
      }
    });
  }

  /** Answers each connection with an error from now on, as a server does. @param code SQLSTATE */
  async refuse(code: string): Promise<void> {
    await this.close();
    await this.#listen((client) => client.on('error', () => undefined).once('data', () => client.end(fatal(code))));
  }

  /** Ends all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Removes the socket, as a server does when it ends. */
  async close(): Promise<void> {
    this.#proxy?.close();
    this.cut();
    while (existsSync(this.#path)) await pause(5);
  }

  /** Stops all traffic from now on, in both directions. */
  freeze(): void {
    this.#isFrozen = true;
  }

  async #listen(connected: (client: Socket) => void): Promise<void> {
    this.#proxy = createServer(connected);
    this.#proxy.listen(this.#path);
    await once(this.#proxy, 'listening');
  }

  async remove(): Promise<void> {
    await this.close();
    rmSync(this.#folder, { recursive: true });
  }
}
