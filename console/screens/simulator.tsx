import { useState } from 'preact/hooks';
import type { ExplainAccessOutput } from '../../src/admin/admin.schema.js';
import { plainLines } from '../../src/approvals/shown-text.js';
import { admin, control } from '../api.js';
import { TextArea, TextField } from '../components/field.js';
import { Head } from '../components/head.js';
import { Sheet } from '../components/sheet.js';
import { Await, Empty } from '../components/states.js';
import { Tag } from '../components/tag.js';
import { useLoad } from '../load.js';
import { loadPolicy, principalOf, statementsOf } from '../principals.js';
import { place, setQuery } from '../router.js';
import { identity, region } from '../session.js';
import { principalWords } from '../words.js';
import { AccessTabs } from './principals.js';

/** A hypothetical request, as in the URL. */
type Question = Record<'principal' | 'action' | 'resource' | 'context', string>;

/** Evaluates policies for a request, and shows the statements that match and that don't. */
export function Simulator() {
  const { query } = place.value;
  const asked: Question = {
    principal: query.get('principal') ?? identity.value?.arn ?? '',
    action: query.get('action') ?? '',
    resource: query.get('resource') ?? '*',
    context: query.get('context') ?? '',
  };
  return (
    <>
      <Head title="Simulator">
        <p>How do the policies decide this request, and by which statement?</p>
      </Head>
      <AccessTabs here="simulator" />
      <div class="cols form">
        <QuestionForm asked={asked} key={JSON.stringify(asked)} />
        <div>
          {asked.action === '' ? (
            <Sheet title="Decision">
              <Empty title="No question yet">
                <p>Type an action, e.g. payment-cryptography:GenerateMac, and the ARN of a key.</p>
              </Empty>
            </Sheet>
          ) : (
            <Answer asked={asked} />
          )}
        </div>
      </div>
    </>
  );
}

function QuestionForm({ asked }: { asked: Question }) {
  const [question, setQuestion] = useState(asked);
  const set = (name: keyof Question) => (text: string) => setQuestion({ ...question, [name]: text });
  return (
    <Sheet title="Request">
      <form
        class="body"
        onSubmit={(event) => {
          event.preventDefault();
          setQuery(question);
        }}
      >
        <TextField
          label="Principal"
          value={question.principal}
          onInput={set('principal')}
          hint="ARN of the root, a user, a role or a session of a role."
          mono
          required
        />
        <TextField
          label="Action"
          value={question.action}
          onInput={set('action')}
          hint="The service prefix is optional if only one service has the action, e.g. TranslatePinData."
          mono
          required
        />
        <TextField
          label="Resource"
          value={question.resource}
          onInput={set('resource')}
          hint="ARN, or * for an operation without a resource."
          mono
          required
        />
        <TextArea
          label="Context"
          value={question.context}
          onInput={set('context')}
          rows={3}
          hint="Optional: a condition key and its value on each line, e.g. aws:SourceIp=10.1.2.3."
        />
        <button type="submit" class="btn go">
          Explain
        </button>
      </form>
    </Sheet>
  );
}

function contextOf(text: string): Record<string, string[]> {
  const pairs = text.split('\n').flatMap((line) => {
    const at = line.indexOf('=');
    return at < 1 ? [] : [[line.slice(0, at).trim(), line.slice(at + 1).trim()] as const];
  });
  return Object.fromEntries([...Map.groupBy(pairs, ([key]) => key)].map(([key, own]) => [key, own.map(([, v]) => v)]));
}

function Answer({ asked }: { asked: Question }) {
  const { principal, action, resource, context } = asked;
  const loaded = useLoad(
    () =>
      admin<ExplainAccessOutput>('ExplainAccess', ['POST', 'explain'], {
        body: { Principal: principal, Action: action, Resource: resource, Context: contextOf(context) },
        resource: principal,
      }),
    [principal, action, resource, context, region.value],
  );
  return (
    <>
      <Sheet title="Decision">
        <Await loaded={loaded}>
          {({ Decision, Reason }) => (
            <div class={Decision === 'allowed' ? 'verdict' : 'verdict bad'} role="status">
              <h2>{Decision === 'allowed' ? 'Allowed' : 'Denied'}</h2>
              <p class="wrap">{Reason}</p>
            </div>
          )}
        </Await>
      </Sheet>
      {loaded.state === 'ready' && <Considered answer={loaded.value} principal={principal} />}
    </>
  );
}

/** The statements of each policy that was considered. */
function Considered({ answer, principal }: { answer: ExplainAccessOutput; principal: string }) {
  const policies = [...Map.groupBy(answer.Considered, ({ Policy }) => Policy)];
  return (
    <>
      {policies.map(([name, statements]) => (
        <PolicySheet key={name} name={name} statements={statements} principal={principal} by={answer.Statement} />
      ))}
    </>
  );
}

type Statements = ExplainAccessOutput['Considered'];

function PolicySheet({
  name,
  statements,
  principal,
  by,
}: {
  name: string;
  statements: Statements;
  principal: string;
  by: ExplainAccessOutput['Statement'];
}) {
  const ofKey = name.startsWith('arn:');
  const text = useLoad(() => loadStatements(name, principal), [name, principal]);
  return (
    <Sheet
      title={ofKey ? 'Key policy' : name}
      aside={<span class="quiet wrap">{ofKey ? name : `Policy of ${principalWords(principal)}`}</span>}
    >
      {text.state === 'failed' && (
        <p class="body quiet">
          The statements can’t be shown: {text.error.message} ({text.error.action})
        </p>
      )}
      <ul class="statements">
        {statements.map(({ Number: number, Sid, Effect, FailedOn }) => {
          const decides = by?.Policy === name && by.Number === number;
          const written = text.state === 'ready' ? text.value[number - 1] : undefined;
          return (
            <li key={number} class={decides ? `decides ${Effect.toLowerCase()}` : undefined}>
              <div class="row">
                <h3>
                  {Effect}, statement {number}
                  {Sid !== undefined && ` (${Sid})`}
                </h3>
                <StatementVerdict decides={decides} effect={Effect} failedOn={FailedOn} />
              </div>
              {written && <pre tabIndex={0}>{plainLines(JSON.stringify(written, null, 2))}</pre>}
            </li>
          );
        })}
      </ul>
    </Sheet>
  );
}

function StatementVerdict({
  decides,
  effect,
  failedOn,
}: {
  decides: boolean;
  effect: Statements[number]['Effect'];
  failedOn: string | undefined;
}) {
  if (decides) return <Tag tone={effect === 'Allow' ? 'ok' : 'bad'}>Decides</Tag>;
  return failedOn === undefined ? <Tag>Matches</Tag> : <Tag tone="warn">{failedOn} doesn’t match</Tag>;
}

/** Loads the text of the statements of a policy of the principal, or of a payment key. @throws ApiError */
async function loadStatements(name: string, principal: string): Promise<readonly object[]> {
  if (name.startsWith('arn:aws:payment-cryptography:')) {
    const { Policy } = await control<{ Policy: string }>('GetResourcePolicy', { ResourceArn: name });
    return statementsOf(JSON.parse(Policy) as object);
  }
  const of = principalOf(principal);
  return of === undefined || name.startsWith('arn:') ? [] : statementsOf(await loadPolicy(of, name));
}
