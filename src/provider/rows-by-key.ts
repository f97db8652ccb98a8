/** Groups rows by the key that they belong to, and leaves out those that belong to none. */
export function rowsByKey<T extends { keyArn: string | null }>(rows: readonly T[]): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const row of rows) {
    if (row.keyArn === null) continue;
    const own = found.get(row.keyArn) ?? [];
    own.push(row);
    found.set(row.keyArn, own);
  }
  return found;
}
