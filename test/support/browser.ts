import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

/** The headless shell is first, because the whole browser takes a fifth more CPU for the same tests. */
const COMMANDS = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Paths of Chromium and Chrome on Linux distributions and macOS, besides PATH. */
const PLACES = [
  ...['/usr/bin', '/usr/local/bin', '/snap/bin'].flatMap((folder) => COMMANDS.map((command) => join(folder, command))),
  '/opt/google/chrome/chrome',
  ...['/Applications', join(process.env['HOME'] ?? '/', 'Applications')].flatMap((folder) => [
    join(folder, 'Google Chrome.app/Contents/MacOS/Google Chrome'),
    join(folder, 'Chromium.app/Contents/MacOS/Chromium'),
  ]),
];

/** Returns the path of Chromium or Chrome: the one in CHROMIUM, or else the first that is installed. */
export function findBrowser(env: NodeJS.ProcessEnv, places: readonly string[] = PLACES): string | undefined {
  if (env['CHROMIUM']) return env['CHROMIUM'];
  const onPath = (env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .flatMap((folder) => COMMANDS.map((command) => join(folder, command)));
  return [...onPath, ...places].find(isExecutable);
}

/**
 * Declares tests that need a browser. On a machine without one they are skipped with a message, but in continuous
 * integration they fail.
 */
export function describeInBrowser(name: string, tests: (launch: () => Promise<Browser>) => void): void {
  const executablePath = findBrowser(process.env);
  if (executablePath === undefined && process.env['CI'] !== 'true') {
    process.stderr.write(
      `Skipped without a browser: ${name}. Install Chromium or Chrome, or set CHROMIUM to its path.\n`,
    );
    describe.skip(name, () => tests(launch));
    return;
  }
  describe(name, () => tests(launch));

  function launch(): Promise<Browser> {
    if (executablePath === undefined) throw new Error('No browser: install Chromium or Chrome, or set CHROMIUM');
    return chromium.launch({
      executablePath,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
