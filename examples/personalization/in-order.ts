/**
 * Works on many items at a time and gives the results in the order of the items.
 *
 * @param limit most items under way
 */
export async function* inOrder<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const underWay: Promise<Result>[] = [];
  for (const [i, item] of items.entries()) {
    const result = work(item);
    // A failure counts when its turn comes; until then nobody listens, which Node would take for a mistake.
    result.catch(() => undefined);
    underWay.push(result);
    if (underWay.length < limit && i < items.length - 1) continue;
    yield await (underWay.shift() as Promise<Result>);
  }
  for (const result of underWay) yield await result;
}
