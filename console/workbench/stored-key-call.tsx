import { useState } from 'preact/hooks';
import { Copy } from '../components/copy.js';
import { Sheet } from '../components/sheet.js';
import { region } from '../session.js';
import { Segments } from './calculator.js';

/** A call of the API that computes with a stored key what the calculator computes with a test key. */
export interface ApiCall {
  /** E.g. `VerifyMac`. */
  operation: string;
  /** The control plane's operations have another client. */
  plane?: 'control';
  input: Readonly<Record<string, unknown>>;
}

const FORMS = { cli: 'AWS CLI', json: 'JSON', sdk: 'SDK' } as const;

const LINES: Readonly<Record<keyof typeof FORMS, (call: ApiCall) => string>> = {
  cli: cliLines,
  json: ({ input }) => JSON.stringify(input, undefined, 2),
  sdk: sdkLines,
};

/** Shows the calls as lines of the AWS CLI, as JSON, and as lines of the AWS SDK for JavaScript. */
export function StoredKeyCalls({
  calls,
  title = 'The same with your stored key',
}: {
  calls: readonly ApiCall[];
  title?: string;
}) {
  const [form, setForm] = useState<keyof typeof FORMS>('cli');
  const text = calls.map(LINES[form]).join('\n\n');
  return (
    <Sheet
      title={title}
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

function cliLines({ operation, plane, input }: ApiCall): string {
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
  return typeof value === 'string' ? value : `'${JSON.stringify(value).replaceAll("'", `'\\''`)}'`;
}

/** E.g. `verify-mac`; digits stay with the word before them, as in the AWS CLI. */
function kebab(name: string): string {
  return name.replace(/(?<=.)[A-Z]/g, '-$&').toLowerCase();
}

function sdkLines({ operation, input }: ApiCall): string {
  const json = JSON.stringify(input, undefined, 2)
    .replace(/"(\w+)":/g, '$1:')
    .replaceAll('"', "'");
  return `await client.send(new ${operation}Command(${json}));`;
}
