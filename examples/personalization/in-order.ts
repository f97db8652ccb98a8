/**
 * Processes several items concurrently and yields the results in the order of the items.
 *
 * @param limit maximum number of items in progress
 */
export async function* inOrder<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const underWay: Promise<Result>[] = [];
  for (const [i, item] of items.entries()) {
    const result = work(item);
    // A failure is reported when its turn comes. Until then this handler keeps Node from treating it as an unhandled
    // rejection.
    result.catch(() => undefined);
    underWay.push(result);
    if (underWay.length < limit && i < items.length - 1) continue;
    yield await (underWay.shift() as Promise<Result>);
  }
  for (const result of underWay) yield await result;
}
