import { HostConnection, type HostTarget } from '../host-connection.js';
import { errorOf, fieldsEnd, unescaped } from '../../hostcommands/layouts/message-text.js';
import { replyFields } from '../../hostcommands/layouts/reply-fields.js';
import type { Answer } from './answers.js';
import type { HostCall } from './pairs.js';

/** Repeats recorded host commands on a listener, over one connection. */
export class HostReplay {
  #connection?: HostConnection;

  constructor(private readonly target: HostTarget) {}

  /** Repeats a command. @throws Failure if the listener doesn't answer */
  async answer({ command }: HostCall): Promise<Answer> {
    const { headerLength } = this.target;
    this.#connection ??= new HostConnection(this.target);
    const message = Buffer.concat([Buffer.alloc(headerLength, '0'), unescaped(command)]);
    const reply = await this.#connection.exchange(message);
    return answerOf(command, reply.subarray(headerLength));
  }

  /** Returns the recorded response. */
  recorded({ command, reply }: HostCall): Answer {
    return answerOf(command, unescaped(reply));
  }

  close(): void {
    this.#connection?.close();
  }
}

/** @param reply without its header */
function answerOf(command: string, reply: Buffer): Answer {
  const error = errorOf(reply, 0);
  const fields = replyFields(command.slice(0, 2), reply.toString('latin1', 4, fieldsEnd(reply, 0)));
  const values = new Map(
    fields.map(([name, value], i) => [
      fields.findIndex(([other]) => other === name) === i ? name : `${name} (${i + 1})`,
      value,
    ]),
  );
  return { error: error === '00' ? undefined : error, values };
}
