import { useLoad } from '../load.js';
import { Sheet } from './sheet.js';
import { Await } from './states.js';
import { Plain } from './plain.js';
import { Tag } from './tag.js';

/** The tags of a key. @param load returns each as `key=value` */
export function Tags({ arn, load }: { arn: string; load: (arn: string) => Promise<readonly string[]> }) {
  const loaded = useLoad(() => load(arn), [arn]);
  return (
    <Sheet title="Tags">
      <Await loaded={loaded}>
        {(tags) => (
          <div class="body row tags">
            {tags.length === 0 ? (
              <span class="quiet">None.</span>
            ) : (
              tags.map((tag) => (
                <Tag key={tag}>
                  <Plain text={tag} />
                </Tag>
              ))
            )}
          </div>
        )}
      </Await>
    </Sheet>
  );
}
