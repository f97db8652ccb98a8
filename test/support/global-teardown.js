/** Releases the server of global-setup.js. */
export default async function globalTeardown() {
  await globalThis.closeTestServer();
}
