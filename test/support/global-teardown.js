/** Ends what global-setup.js began. */
export default async function globalTeardown() {
  await globalThis.closeTestServer();
}
