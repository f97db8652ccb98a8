#!/usr/bin/env node
// Runs the built command.
import { existsSync } from 'node:fs';

const command = new URL('../dist/bundle/cli.js', import.meta.url);
if (existsSync(command)) await import(command.href);
else {
  process.stderr.write('Keyblock is not built in this folder. Run: npm run build\n');
  process.exitCode = 4;
}
