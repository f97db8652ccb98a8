/** Groups rows by their key, and omits rows of other keys. */
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
