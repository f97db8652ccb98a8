/** Announces the next step. */
export function say(text: string): void {
  console.log(`\n${text}`);
}

/** Prints a named value. */
export function show(name: string, value: string): void {
  console.log(`    ${name.padEnd(28)}${value}`);
}

/** Prints a named value and checks that it is the expected one. */
export function check(name: string, actual: string, expected: string): void {
  if (actual !== expected) throw new Error(`${name} is ${actual} but should be ${expected}`);
  show(name, `${actual}, as it should be`);
}

/** Checks that the service refuses a call. */
export async function refused(name: string, call: Promise<unknown>, exception: string): Promise<void> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown as { code?: string; message: string },
  );
  if (error === undefined) throw new Error(`${name}: accepted, but should have been refused`);
  if (error.code !== exception) throw new Error(`${name}: ${error.code} ${error.message}`);
  show(name, `refused, ${error.code}: ${error.message}`);
}

/** Runs an example; the process exits with 1 if it fails. */
export async function run(example: () => Promise<void>): Promise<void> {
  try {
    await example();
  } catch (error) {
    console.error(`\nFailed: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
