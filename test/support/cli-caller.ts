import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runKeyblock } from './cli.js';
import { CREDENTIALS, type RawRequest, type TestService } from './service.js';

/** Exit code and output of a command that fails. @param message part of its stderr */
export const refused = (exitCode: number, message: string, stdout: unknown = '') => ({
  exitCode,
  stdout,
  stderr: expect.stringContaining(message) as string,
});

/**
 * Gives each test of a spec file the environment of a caller on this machine: the URL and the root's credentials of a
 * service, and empty AWS files.
 */
export function useCli(service: Pick<TestService, 'url'>) {
  type Keys = RawRequest['credentials'];
  const cli = {} as { folder: string };
  const before = { ...process.env };

  function useCredentials({ accessKeyId, secretAccessKey }: Keys): void {
    process.env['AWS_ACCESS_KEY_ID'] = accessKeyId;
    process.env['AWS_SECRET_ACCESS_KEY'] = secretAccessKey;
  }

  function useNoCredentials(): void {
    delete process.env['AWS_ACCESS_KEY_ID'];
    delete process.env['AWS_SECRET_ACCESS_KEY'];
  }

  /** Writes the AWS files. */
  function files({ config = '', credentials = '' }): void {
    writeFileSync(join(cli.folder, 'config'), config);
    writeFileSync(join(cli.folder, 'credentials'), credentials);
  }

  /** A profile with an access key, in the AWS files. */
  const section = (name: string, { accessKeyId, secretAccessKey }: Keys) =>
    `[${name}]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`;

  /** Runs a command that must succeed. @returns its output without the line end, and its remarks */
  async function ok(args: string[], input?: string) {
    const { exitCode, stdout, stderr } = await runKeyblock(args, input);
    expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' });
    return { stdout: stdout.trimEnd(), stderr };
  }

  const printed = async (args: string[], input?: string) => (await ok(args, input)).stdout;
  const json = async (args: string[], input?: string) =>
    JSON.parse(await printed([...args, '--json'], input)) as Record<string, unknown>;

  beforeAll(() => {
    cli.folder = mkdtempSync(join(tmpdir(), 'keyblock-cli-service-'));
  });
  beforeEach(() => {
    // Neither the developer's credentials nor a service of this machine.
    for (const name of Object.keys(process.env))
      if (/^(AWS|KEYBLOCK)_/.test(name)) Reflect.deleteProperty(process.env, name);
    process.env['AWS_CONFIG_FILE'] = join(cli.folder, 'config');
    process.env['AWS_SHARED_CREDENTIALS_FILE'] = join(cli.folder, 'credentials');
    process.env['KEYBLOCK_DATA_DIR'] = join(cli.folder, 'none');
    process.env['AWS_ENDPOINT_URL'] = service.url;
    useCredentials(CREDENTIALS);
    files({});
  });
  afterAll(() => {
    process.env = before;
    rmSync(cli.folder, { recursive: true });
  });

  return { cli, useCredentials, useNoCredentials, files, section, ok, printed, json };
}
