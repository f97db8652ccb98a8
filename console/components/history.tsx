import { loadEvents } from '../events.js';
import { useLoad } from '../load.js';
import { hrefOf } from '../router.js';
import { Changes } from './changes.js';
import { Sheet } from './sheet.js';
import { Await, Empty } from './states.js';

/** The latest changes of a key, and exports and imports with it. */
export function History({ arn }: { arn: string }) {
  const loaded = useLoad(() => loadEvents({ Key: arn, Changes: true, MaxResults: 10 }), [arn]);
  return (
    <Sheet title="History" aside={<a href={hrefOf(['audit'], { find: arn, time: 'all' })}>In the audit log</a>}>
      <Await loaded={loaded}>
        {({ Events }) =>
          Events.length === 0 ? (
            <Empty title="No change is in the audit log">
              <p>The log contains this key’s changes and exports for as long as events are kept.</p>
            </Empty>
          ) : (
            <Changes events={Events} />
          )
        }
      </Await>
    </Sheet>
  );
}
