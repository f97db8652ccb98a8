import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { createServer as createTlsServer, type Server as TlsServer, type TLSSocket } from 'node:tls';
import type { Logger } from 'pino';
import type { HostListenerConfig, HostTls } from '../config/payshield-file.js';
import { TlsWatch } from '../http/tls-watch.js';
import { Connection } from './connection.js';
import type { Dispatcher } from './dispatcher.js';
import type { ListenerCounts } from './listener-reports.js';
import { type Peer, peerOf } from './peer.js';
import type { TurnWrites } from './turn-writes.js';

const HANDSHAKE_MS = 10_000;
/** Idle time before TCP keep-alive: without a time limit, a host that is gone would keep its connection slot. */
const PROBE_MS = 60_000;
/** Interval at which a stopping listener checks for running commands. */
const POLL_MS = 20;

/** A port on which host commands are served. */
export class HostListener {
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  /** Sockets of all connections, including those in a handshake. */
  readonly #sockets = new Set<Socket>();
  #dispatcher?: Dispatcher;
  #tlsWatch?: TlsWatch;

  /** @param dispatcherOf called with the address of the listener before it accepts connections */
  constructor(
    private readonly config: HostListenerConfig,
    private readonly turns: TurnWrites,
    private readonly counts: ListenerCounts,
    private readonly logger: Logger,
  ) {
    const { tls } = config;
    const options = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: PROBE_MS };
    const accept = tls ? this.#tlsServer(tls) : (socket: Socket) => this.#accept(socket);
    this.#server = createServer(options, (socket) => this.#admit(socket, accept));
  }

  /** Address for audit events and the log. */
  get name(): string {
    const { host } = this.config;
    return `${host.includes(':') ? `[${host}]` : host}:${this.port}`;
  }

  /** Expiry of the certificate; undefined without TLS. */
  get certificateExpiresAt(): Date | undefined {
    return this.#tlsWatch?.expiresAt;
  }

  /** The port, even if chosen by the system. */
  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? this.config.port;
  }

  /** Accepts connections. @param dispatcherOf called when the port is known */
  async listen(dispatcherOf: (listener: HostListener) => Dispatcher): Promise<void> {
    const { host, port } = this.config;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, backlog: 511 }, () => {
        this.#server.off('error', reject);
        // This runs before the first connection, which needs another turn of the event loop.
        this.#dispatcher = dispatcherOf(this);
        resolve();
      });
    });
    this.logger.info({ listener: this.name, tls: this.config.tls !== undefined }, 'host commands are served');
  }

  /**
   * Accepts no more connections, answers the commands that have arrived, and closes the connections.
   *
   * @param deadlineMs by the monotonic clock; connections that are open then are reset
   */
  async close(deadlineMs: number): Promise<void> {
    this.#tlsWatch?.close();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const connection of this.#connections) connection.finish();
    const isBusy = () => this.#connections.size > 0 || (this.#dispatcher?.waiting ?? 0) > 0;
    while (isBusy() && performance.now() < deadlineMs) await pause(POLL_MS);
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Prepares TLS. @returns the function that begins a handshake on a connection */
  #tlsServer(tls: HostTls): (socket: Socket) => void {
    const server: TlsServer = createTlsServer({
      ...tls,
      requestCert: tls.ca !== undefined,
      rejectUnauthorized: tls.ca !== undefined,
      minVersion: 'TLSv1.2',
      handshakeTimeout: HANDSHAKE_MS,
    });
    server.on('secureConnection', (socket: TLSSocket) => this.#accept(socket));
    server.on('tlsClientError', ({ message }: Error, socket: TLSSocket) => {
      this.#refused(socket.remoteAddress, message);
      // Node reports a handshake that takes too long, and leaves its connection open.
      socket.destroy();
    });
    this.#tlsWatch = new TlsWatch(server, tls, this.logger);
    return (socket) => server.emit('connection', socket);
  }

  /**
   * Closes a connection beyond the limit, which includes handshakes. Node's own limit doesn't close it in a worker: the
   * workers pass it to each other for as long as all of them are full.
   */
  #admit(socket: Socket, accept: (socket: Socket) => void): void {
    const { maxConnections } = this.config;
    if (this.#sockets.size === maxConnections) {
      this.#refused(socket.remoteAddress, `there are ${maxConnections} already`);
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    accept(socket);
  }

  #accept(socket: Socket): void {
    const dispatcher = this.#dispatcher;
    const peer = peerOf(socket, this.config);
    if (!peer || !dispatcher) {
      // A host that is already gone has no address.
      if (socket.remoteAddress !== undefined)
        this.#refused(socket.remoteAddress, 'its certificate does not belong to a principal');
      socket.on('error', () => undefined);
      socket.destroy();
      return;
    }
    const connection = this.#connect(socket, peer, dispatcher);
    this.#connections.add(connection);
    this.counts.connections = this.#connections.size;
    socket.on('close', () => {
      this.#connections.delete(connection);
      this.counts.connections = this.#connections.size;
    });
  }

  #connect(socket: Socket, peer: Peer, dispatcher: Dispatcher): Connection {
    return new Connection(socket, {
      ...this.config,
      turns: this.turns,
      answer: (message) => dispatcher.answer(message, peer),
    });
  }

  #refused(sourceIp: string | undefined, reason: string): void {
    this.counts.refusedConnections += 1;
    this.logger.warn({ listener: this.name, sourceIp, reason }, 'a connection for host commands was refused');
  }
}
