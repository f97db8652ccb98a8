import { HOST_ERRORS } from '../../src/hostcommands/host-error.js';
import { replyCode } from '../../src/hostcommands/layouts/layout.js';
import { LAYOUTS } from '../../src/hostcommands/layouts/layouts.js';
import { errorOf } from '../../src/hostcommands/layouts/message-text.js';
import { readReply } from '../../src/hostcommands/layouts/messages.js';
import { Calculator, currentTask, Result, Verdict } from './calculator.js';
import { AsSent, BLANK, headerLengthOf, type HostValues, Message, MessageFields, messageOf } from './host-message.js';
import { CommandChoice, ListenerFields, Request } from './host-request.js';
import { useInputs } from './inputs.js';

const TASKS = { request: 'Request', reply: 'Reply' } as const;

/** A request of the protocol's public test data under the public test LMK, and the reply to it. */
const EXAMPLE = {
  form: 'text',
  request: '0000CAU8463435FC4B4DAA0C49025272C29B12CU1EF828AA8F6B80EB83E19FBC373F3A85126428EB94035AF53B0101550000025321',
  reply: '0000CB000491DDDA0A7C12CFAA01',
} as const;

/** Host commands of a payment HSM, field by field: what a message has, and what a request still needs. */
export function HostCommands() {
  const inputs = useInputs(BLANK);
  const { values, change, clear } = inputs;
  const task = currentTask(TASKS);
  return (
    <Calculator
      title="Host commands"
      question={
        task === 'request'
          ? 'What is in this request, would a listener refuse it, and which field comes next?'
          : 'What does this reply say?'
      }
      tasks={TASKS}
      sheet={TASKS[task]}
      inputs={
        <>
          {task === 'request' && <CommandChoice {...inputs} />}
          <Message task={task} {...inputs} />
          {task === 'request' && <ListenerFields {...inputs} />}
        </>
      }
      onLoad={() => change(EXAMPLE)}
      onClear={clear}
    >
      {task === 'request' ? <Request {...inputs} /> : <Reply values={values} />}
    </Calculator>
  );
}

function Reply({ values }: { values: HostValues }) {
  const compute = () => {
    const message = messageOf(values, 'reply', 4);
    const headerLength = headerLengthOf(values);
    const code = message.toString('latin1', headerLength, headerLength + 2);
    const layout = LAYOUTS.find((each) => replyCode(each.code) === code);
    const error = errorOf(message, headerLength);
    return { message, code, layout, error, places: readReply(layout?.code ?? '', message, headerLength) };
  };
  return (
    <Result title="Fields" compute={compute}>
      {({ message, code, layout, error, places }) => (
        <>
          <section class="sheet">
            <Verdict
              tone={error === '00' ? 'ok' : 'bad'}
              title={error === '00' ? 'No error' : `Error ${error}: ${meaningOf(error)}`}
            >
              <p>
                {layout
                  ? `${code} answers ${layout.code}: ${layout.title}.`
                  : `${code} answers no command of Keyblock.`}
              </p>
            </Verdict>
          </section>
          <MessageFields message={message} places={places} />
          <AsSent message={message} />
        </>
      )}
    </Result>
  );
}

function meaningOf(error: string): string {
  return Object.hasOwn(HOST_ERRORS, error) ? HOST_ERRORS[error as keyof typeof HOST_ERRORS] : 'unknown to Keyblock';
}
