import { ApiError, control } from '../api.js';
import { useChange, useUnchanged } from '../change.js';
import { Editable } from '../components/editable.js';
import { Sheet } from '../components/sheet.js';
import { Await, Failure } from '../components/states.js';
import { useLoad } from '../load.js';

/** Lines of the editor of a key that has no policy. */
const NEW_POLICY_ROWS = 8;

/** The resource-based policy of a payment key, with an editor. */
export function KeyPolicy({ arn }: { arn: string }) {
  const load = async () => {
    try {
      return indented((await control<{ Policy: string }>('GetResourcePolicy', { ResourceArn: arn })).Policy);
    } catch (error) {
      if (error instanceof ApiError && error.name === 'ResourceNotFoundException') return '';
      throw error;
    }
  };
  const loaded = useLoad(load, [arn]);
  const { failure, run } = useChange();
  const expectUnchanged = useUnchanged(load);
  const save = (Policy: string, before: string) => {
    const isEmpty = Policy.trim() === '';
    return run(
      async () => {
        await expectUnchanged(before);
        return isEmpty
          ? control<object>('DeleteResourcePolicy', { ResourceArn: arn })
          : control<object>('PutResourcePolicy', { ResourceArn: arn, Policy });
      },
      isEmpty ? 'Deleted the policy' : 'Saved the policy',
    );
  };
  return (
    <Sheet title="Key policy">
      <Await loaded={loaded}>
        {(policy, reload) => (
          <Editable
            label="Key policy"
            text={policy}
            rows={policy === '' ? NEW_POLICY_ROWS : Math.min(24, policy.split('\n').length + 1)}
            empty="None. Policies of users and roles alone decide who may use this key."
            hint="It is validated when you save it. Empty it and save to delete the policy."
            save={async (text) => {
              const saved = await save(text, policy);
              reload();
              return saved !== undefined;
            }}
          />
        )}
      </Await>
      {failure && <Failure error={failure} />}
    </Sheet>
  );
}

function indented(policy: string): string {
  return JSON.stringify(JSON.parse(policy), null, 2);
}
