import { useState } from 'preact/hooks';
import { kms } from '../api.js';
import { useChange } from '../change.js';
import type { Grant } from '../grants.js';
import { keyId } from '../payment-keys.js';
import { hrefOf } from '../router.js';
import { region } from '../session.js';
import { principalWords, timeWords } from '../words.js';
import { Dialog } from './dialog.js';
import { Plain } from './plain.js';
import { Failure } from './states.js';
import { Table } from './table.js';

const ENDS = {
  RevokeGrant: 'Revoke',
  RetireGrant: 'Retire',
} as const;
type End = keyof typeof ENDS;

/**
 * Grants with buttons to revoke and retire them.
 *
 * @param nameOf returns the name of a key; without it, grants show their grantee instead
 */
export function GrantTable({
  grants,
  reload,
  nameOf,
}: {
  grants: readonly Grant[];
  reload: () => void;
  nameOf?: (arn: string) => string;
}) {
  const [ending, setEnding] = useState<{ grant: Grant; by: End }>();
  const close = () => setEnding(undefined);
  const { failure, run } = useChange();
  const end = async (operation: End, { KeyId, GrantId }: Grant) => {
    const done = operation === 'RevokeGrant' ? 'Revoked the grant' : 'Retired the grant';
    if (await run(() => kms<object>(operation, { KeyId, GrantId }), done)) reload();
  };
  return (
    <>
      <Table head={[nameOf ? 'Key' : 'Grantee', 'Operations', 'Created', '']}>
        {grants.map((grant) => (
          <tr key={grant.GrantId}>
            <td class="wrap">
              {nameOf ? (
                <a href={hrefOf(['kms-keys', region.value, keyId(grant.KeyId)])}>{nameOf(grant.KeyId)}</a>
              ) : (
                principalWords(grant.GranteePrincipal)
              )}
              {grant.Name !== undefined && <small>{grant.Name}</small>}
            </td>
            <td class="wide wrap">
              {grant.Operations?.join(', ')}
              {grant.Constraints && (
                <small>
                  Only with <Plain text={JSON.stringify(grant.Constraints)} />
                </small>
              )}
              {grant.RetiringPrincipal !== undefined && (
                <small>{principalWords(grant.RetiringPrincipal)} may retire it</small>
              )}
            </td>
            <td data-k="Created">{grant.CreationDate !== undefined && timeWords(grant.CreationDate)}</td>
            <td class="wide">
              <span class="row">
                {Object.entries(ENDS).map(([operation, text]) => (
                  <button
                    type="button"
                    key={operation}
                    class="btn slim stop"
                    onClick={() => setEnding({ grant, by: operation as End })}
                  >
                    {text}
                    <span class="vh"> {grant.GrantId}</span>
                  </button>
                ))}
              </span>
            </td>
          </tr>
        ))}
      </Table>
      {failure && <Failure error={failure} />}
      {ending && (
        <Dialog title={`${ENDS[ending.by]} the grant?`} onClose={close}>
          <p class="lede wrap">
            {principalWords(ending.grant.GranteePrincipal)} loses {ending.grant.Operations?.join(', ')} within a second,
            unless a policy allows it.
          </p>
          <div class="row">
            <button
              type="button"
              class="btn stop"
              onClick={() => {
                close();
                void end(ending.by, ending.grant);
              }}
            >
              {ENDS[ending.by]}
            </button>
            <button type="button" class="btn" onClick={close}>
              Cancel
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}
