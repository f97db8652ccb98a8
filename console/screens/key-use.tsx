import type { GetKeyUseOutput } from '../../src/admin/keys.schema.js';
import { Sheet } from '../components/sheet.js';
import { Await } from '../components/states.js';
import { Table } from '../components/table.js';
import { Tag } from '../components/tag.js';
import type { Loaded } from '../load.js';
import { agoWords, principalWords } from '../words.js';

export type LastUsed = NonNullable<GetKeyUseOutput['LastUsed']>;

/** The last users of the key, and the number of uses by operation. */
export function Use({ loaded }: { loaded: Loaded<GetKeyUseOutput> }) {
  return (
    <Sheet title="Use" aside={<span class="quiet">Last 30 days</span>}>
      <Await loaded={loaded}>
        {({ LastUsed, Days }) => (
          <>
            <p class="body">{lastUseWords(LastUsed)}</p>
            {Days.length > 0 && <UseTable days={Days} />}
          </>
        )}
      </Await>
    </Sheet>
  );
}

function UseTable({ days }: { days: GetKeyUseOutput['Days'] }) {
  const byOperation = [...Map.groupBy(days, ({ Operation }) => Operation)].map(([operation, own]) => ({
    operation,
    served: own.reduce((sum, { Served }) => sum + Served, 0),
    refused: own.reduce((sum, { Refused }) => sum + Refused, 0),
  }));
  return (
    <Table head={['Operation', '#Served', '#Refused']}>
      {byOperation.map(({ operation, served, refused }) => (
        <tr key={operation}>
          <td class="wide">{operation}</td>
          <td class="num" data-k="Served">
            {served.toLocaleString('en-GB')}
          </td>
          <td class="num" data-k="Refused">
            {refused === 0 ? 0 : <Tag tone="bad">{refused.toLocaleString('en-GB')}</Tag>}
          </td>
        </tr>
      ))}
    </Table>
  );
}

export function lastUseWords(last: LastUsed | undefined): string {
  if (last === undefined) return 'Never used.';
  return `Last used ${agoWords(last.Time)}, by ${principalWords(last.By)}: ${last.Operation}.`;
}
