import { readFileSync } from 'node:fs';

interface Document {
  paths: Record<string, Record<string, { operationId: string }>>;
}

let paths: ReadonlyMap<string, string> | undefined;

/** Returns the paths of the data plane's operations, such as `/keys/{KeyIdentifier}/encrypt`, from its OpenAPI document. */
export function dataPlanePaths(): ReadonlyMap<string, string> {
  if (paths) return paths;
  // The path is the same from src/cli, dist/cli and dist/bundle.
  const file = new URL('../../openapi/dataplane.json', import.meta.url);
  const document = JSON.parse(readFileSync(file, 'utf8')) as Document;
  paths = new Map(
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.values(methods).map(({ operationId }) => [operationId, path] as const),
    ),
  );
  return paths;
}
