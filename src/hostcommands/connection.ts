import type { Socket } from 'node:net';
import type { Message } from './framing.js';
import { MessageReader, ShortMessageError } from './framing.js';
import type { TurnWrites } from './turn-writes.js';

/** Maximum number of commands of a connection whose replies aren't written. */
const MAX_IN_FLIGHT = 64;
/**
 * Time for which further input of a host is discarded after the last reply: closing at once could reset the connection
 * before the host has read the reply.
 */
const LINGER_MS = 1000;

/** The slot of a reply in the order of the requests. */
interface Slot {
  reply?: Buffer | undefined;
}

export interface ConnectionOptions {
  readonly headerLength: number;
  readonly maxMessageBytes: number;
  readonly messageSeconds: number;
  readonly idleSeconds: number;
  readonly turns: TurnWrites;
  /** Answers a message; never throws or rejects. Returns a promise only if something has to be waited for. */
  readonly answer: (message: Message) => Buffer | Promise<Buffer>;
}

/**
 * A connection of a host: reads messages, and writes the replies in the order of the messages. It stops reading while
 * too many replies are pending, or while the host doesn't read them.
 */
export class Connection {
  readonly #reader: MessageReader;
  #slots: Slot[] = [];
  /** True while a write in this turn is scheduled. */
  #isWritePlanned = false;
  /** True while the socket has more to send than the host reads. */
  #isBlocked = false;
  /** True if reading has stopped: the host has closed its side, or the connection is being closed. */
  #isEnding = false;
  #messageTimer?: NodeJS.Timeout | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly options: ConnectionOptions,
  ) {
    this.#reader = new MessageReader(options.headerLength, options.maxMessageBytes);
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      if (this.#isEnding) return;
      this.#reader.push(chunk);
      this.#serve();
    });
    socket.on('end', () => {
      this.#isEnding = true;
      this.#serve();
    });
    socket.on('drain', () => {
      this.#isBlocked = false;
      this.#serve();
    });
    // The event 'close' follows.
    socket.on('error', () => undefined);
    socket.on('close', () => this.#endMessageTimer());
    if (options.idleSeconds > 0) {
      socket.setTimeout(options.idleSeconds * 1000);
      socket.on('timeout', () => {
        // A running command doesn't count as idle time. Its reply restarts the timer.
        if (this.#slots.length === 0 || this.#isBlocked) socket.destroy();
      });
    }
  }

  /** Answers the received messages, stops reading and ends the connection. */
  finish(): void {
    this.#isEnding = true;
    this.socket.pause();
    this.#endIfAnswered();
  }

  /** Writes the replies that are ready, in order. */
  write(): void {
    this.#isWritePlanned = false;
    const { socket } = this;
    const replies: Buffer[] = [];
    for (const { reply } of this.#slots) {
      if (!reply) break;
      replies.push(reply);
    }
    this.#slots = replies.length === this.#slots.length ? [] : this.#slots.slice(replies.length);
    const [first] = replies;
    if (!first || socket.destroyed) return;
    if (!socket.write(replies.length === 1 ? first : Buffer.concat(replies))) this.#isBlocked = true;
    this.#serve();
  }

  /** Processes received messages, up to the limit of commands in flight. */
  #serve(): void {
    const { socket } = this;
    try {
      while (!socket.destroyed && this.#slots.length < MAX_IN_FLIGHT && !this.#isBlocked) {
        const message = this.#reader.next();
        if (!message) break;
        this.#endMessageTimer();
        this.#answer(message);
      }
    } catch (error) {
      if (!(error instanceof ShortMessageError)) throw error;
      this.#close();
    }
    const mustWait = this.#slots.length >= MAX_IN_FLIGHT || this.#isBlocked;
    if (mustWait) socket.pause();
    else if (!this.#isEnding && socket.isPaused()) socket.resume();
    this.#limitMessage(mustWait);
    this.#endIfAnswered();
  }

  #answer(message: Message): void {
    const slot: Slot = {};
    this.#slots.push(slot);
    if (message.isTooLong) this.#close();
    const reply = this.options.answer(message);
    if (reply instanceof Promise)
      void reply.then((answered) => {
        slot.reply = answered;
        this.#planWrite();
      });
    else {
      slot.reply = reply;
      this.#planWrite();
    }
  }

  #planWrite(): void {
    if (this.#isWritePlanned) return;
    this.#isWritePlanned = true;
    this.options.turns.add(this);
  }

  /**
   * Stops reading, because the following bytes can't be split into messages, and ends the connection after the replies.
   */
  #close(): void {
    this.#isEnding = true;
    this.#reader.push(Buffer.alloc(0));
    this.socket.pause();
  }

  #endIfAnswered(): void {
    if (!this.#isEnding || this.#slots.length > 0 || this.#isBlocked || this.#reader.hasMore) return;
    if (this.socket.writableEnded) return;
    this.socket.end();
    this.socket.resume();
    const timer = setTimeout(() => this.socket.destroy(), LINGER_MS).unref();
    this.socket.on('close', () => clearTimeout(timer));
  }

  /** Limits the time to complete a message, excluding time in which reading is paused. */
  #limitMessage(isPaused: boolean): void {
    if (!this.#reader.isWithinMessage || isPaused || this.#isEnding) this.#endMessageTimer();
    else this.#messageTimer ??= setTimeout(() => this.socket.destroy(), this.options.messageSeconds * 1000).unref();
  }

  #endMessageTimer(): void {
    if (this.#messageTimer === undefined) return;
    clearTimeout(this.#messageTimer);
    this.#messageTimer = undefined;
  }
}
