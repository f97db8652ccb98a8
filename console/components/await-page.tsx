import type { ComponentChildren } from 'preact';
import type { Loaded } from '../load.js';
import { Head } from './head.js';
import { Await } from './states.js';

/** Renders the page of a resource once it is loaded, and its title with a placeholder until then. */
export function AwaitPage<Value>({
  title,
  loaded,
  children,
}: {
  title: string;
  loaded: Loaded<Value>;
  children: (value: Value, reload: () => void) => ComponentChildren;
}) {
  if (loaded.state === 'ready') return <>{children(loaded.value, loaded.reload)}</>;
  return (
    <>
      <Head title={title} />
      <section class="sheet">
        <Await loaded={loaded}>{() => null}</Await>
      </section>
    </>
  );
}
