import { readFile } from 'node:fs/promises';

/**
 * Reads a file when it is first needed, and keeps it. All responses share its bytes: anyone may request a page, and a client
 * that sends a thousand requests at once without reading the responses must not make the service hold a thousand copies.
 *
 * @param change makes the bytes that are kept from those of the file
 */
export function keptFile(path: string, change = (content: Buffer) => content): () => Promise<Buffer> {
  let kept: Promise<Buffer> | undefined;
  const read = () =>
    readFile(path)
      .then(change)
      .catch((error: unknown) => {
        kept = undefined;
        throw error;
      });
  return () => (kept ??= read());
}
