import { useState } from 'preact/hooks';
import { Copy } from '../components/copy.js';
import { Sheet } from '../components/sheet.js';
import { region } from '../session.js';
import { Segments } from './calculator.js';
import { shellWord } from './shell.js';

export type Members = Readonly<Record<string, unknown>>;

/** A call of the API. */
export interface Call {
  /** E.g. `VerifyMac`. */
  operation: string;
  /** The control plane's operations have another client. */
  plane?: 'control';
  /** The request, with an example for each value that is chosen or typed. */
  input: Members;
}

const FORMS = { cli: 'AWS CLI', json: 'JSON', sdk: 'SDK' } as const;

const LINES: Readonly<Record<keyof typeof FORMS, (call: Call) => string>> = {
  cli: cliLines,
  json: ({ input }) => JSON.stringify(input, undefined, 2),
  sdk: sdkLines,
};

/** Shows calls as lines of the AWS CLI, as JSON, and as lines of the AWS SDK for JavaScript. */
export function CallLines({ calls }: { calls: readonly Call[] }) {
  const [form, setForm] = useState<keyof typeof FORMS>('cli');
  const text = calls.map(LINES[form]).join('\n\n');
  return (
    <Sheet
      title="The call"
      aside={
        <span class="row">
          <Segments label="Form" value={form} onInput={setForm} options={FORMS} />
          <Copy text={text} what="the call" />
        </span>
      }
    >
      <div class="body">
        <pre class="wrap">{text}</pre>
      </div>
    </Sheet>
  );
}

/** Formats a call as a line of the AWS CLI. */
export function cliLines({ operation, plane, input }: Call): string {
  const options = Object.entries(input).map(([name, value]) =>
    typeof value === 'boolean' ? `--${value ? '' : 'no-'}${kebab(name)}` : `--${kebab(name)} ${cliValue(value)}`,
  );
  return [
    `aws payment-cryptography${plane === 'control' ? '' : '-data'} ${kebab(operation)}`,
    `--endpoint-url ${location.origin} --region ${region.value}`,
    ...options,
  ].join(' \\\n  ');
}

function cliValue(value: unknown): string {
  return shellWord(typeof value === 'string' ? value : JSON.stringify(value));
}

/** E.g. `verify-mac`; digits are joined to the preceding word, as in the AWS CLI. */
function kebab(name: string): string {
  return name.replace(/(?<=.)[A-Z]/g, '-$&').toLowerCase();
}

/** Formats a call as a line of the AWS SDK for JavaScript. */
export function sdkLines({ operation, input }: Call): string {
  const json = JSON.stringify(input, undefined, 2).replace(/"(\w+)":/g, '$1:');
  return `await client.send(new ${operation}Command(${json}));`;
}
