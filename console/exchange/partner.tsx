import type { ComponentChildren } from 'preact';
import { TextArea } from '../components/field.js';
import { Head } from '../components/head.js';
import { Sheet } from '../components/sheet.js';
import { currentTask, InThisTab, TaskLinks } from '../workbench/calculator.js';
import { ExchangeRecord } from './exchange-record.js';
import { Inspection } from './inspection.js';
import { Mechanism } from './mechanism.js';
import { Certificates } from './partner-certificates.js';
import { inspected } from './protocol.js';
import { TestKey } from './test-key.js';

const TASKS = {
  certificates: '1 Certificates',
  mechanism: '2 Mechanism',
  test: '3 Test key',
  protocol: '4 Protocol',
  inspect: 'Inspect',
} as const;

/** The assistant for the exchange of keys with a new partner. */
export function Partner() {
  const task = currentTask(TASKS);
  return (
    <>
      <Head title="Exchange" actions={<TaskLinks tasks={TASKS} />}>
        <p>From a new partner’s certificates to the first shared key.</p>
      </Head>
      {SCREENS[task]()}
    </>
  );
}

const SCREENS: Readonly<Record<keyof typeof TASKS, () => ComponentChildren>> = {
  certificates: () => <Certificates />,
  mechanism: () => <Mechanism />,
  test: () => <TestKey />,
  protocol: () => <ExchangeRecord />,
  inspect: () => <Inspect />,
};

function Inspect() {
  return (
    <>
      <InThisTab />
      <div class="cols form">
        <Sheet title="Paste it">
          <div class="body">
            <TextArea
              label="Key block, TR-34 token or certificate"
              value={inspected.value}
              onInput={(text) => (inspected.value = text)}
              rows={8}
              hint="A key block as text; a token or certificate as PEM, hexadecimal or base64."
            />
          </div>
        </Sheet>
        <div>
          <Inspection text={inspected.value} empty="Paste what the partner has sent. No key is needed to read it." />
        </div>
      </div>
    </>
  );
}
