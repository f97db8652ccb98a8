/** Says what happens next. */
export function say(text: string): void {
  console.log(`\n${text}`);
}

/** A value by its name. */
export function show(name: string, value: string): void {
  console.log(`    ${name.padEnd(28)}${value}`);
}

/** A value that must be this one. */
export function check(name: string, actual: string, expected: string): void {
  if (actual !== expected) throw new Error(`${name} is ${actual} and should be ${expected}`);
  show(name, `${actual}, as it should be`);
}

/** A call that the service must refuse. */
export async function refused(name: string, call: Promise<unknown>, exception: string): Promise<void> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown as { code?: string; message: string },
  );
  if (error === undefined) throw new Error(`${name}: accepted, and should have been refused`);
  if (error.code !== exception) throw new Error(`${name}: ${error.code} ${error.message}`);
  show(name, `refused, ${error.code}: ${error.message}`);
}

/** Runs an example; the process ends with 1 if it fails. */
export async function run(example: () => Promise<void>): Promise<void> {
  try {
    await example();
  } catch (error) {
    console.error(`\nFailed: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
