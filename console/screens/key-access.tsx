import type { ExplainKeyAccessOutput } from '../../src/admin/admin.schema.js';
import { admin } from '../api.js';
import { Sheet } from '../components/sheet.js';
import { Await } from '../components/states.js';
import { Tag } from '../components/tag.js';
import { useLoad } from '../load.js';
import { simulatorHref } from '../router.js';
import { count, principalWords } from '../words.js';

/** Principals that may use the key, by the policy or grant that allows it. */
export function Access({ arn }: { arn: string }) {
  const loaded = useLoad(
    () => admin<ExplainKeyAccessOutput>('ExplainKeyAccess', ['POST', 'explain-key'], { body: { Resource: arn } }),
    [arn],
  );
  return (
    <Sheet
      title="Who may use it"
      aside={<a href={simulatorHref({ action: 'payment-cryptography:GetKey', resource: arn })}>Simulate</a>}
    >
      <Await loaded={loaded}>
        {({ Principals, Truncated }) => (
          <>
            <ul class="items plain">
              {Principals.map(({ Arn, Actions, By, GrantId }) => (
                <li key={`${Arn} ${By?.Policy} ${By?.Number} ${GrantId}`}>
                  <div>
                    <h3>{principalWords(Arn)}</h3>
                    <ActionNames of={Actions} />
                  </div>
                  <Tag tone={By?.Policy === arn ? 'warn' : undefined}>
                    {By === undefined ? (GrantId === undefined ? 'Root' : 'Grant') : policyWords(By, arn)}
                  </Tag>
                </li>
              ))}
            </ul>
            {Truncated && <p class="body problem">There are more users and roles than one response covers.</p>}
          </>
        )}
      </Await>
    </Sheet>
  );
}

function policyWords({ Policy, Sid }: { Policy: string; Sid?: string | undefined }, arn: string): string {
  return `${Policy === arn ? 'Key policy' : Policy}${Sid === undefined ? '' : `, ${Sid}`}`;
}

/** Number of actions that a list names; the others are only counted. */
const NAMED_ACTIONS = 4;

function ActionNames({ of: actions }: { of: readonly string[] }) {
  const names = actions.map((action) => action.replace(/^.*:/, ''));
  if (names.length <= NAMED_ACTIONS) return <p>{names.join(', ')}</p>;
  return (
    <details>
      <summary>{count(names.length, 'operation')}</summary>
      <p class="wrap">{names.join(', ')}</p>
    </details>
  );
}
