/** Modules of the console that stand in for Node's and for packages, so that src/crypto runs in a browser as it is. */
export const browserModules = {
  'node:crypto': './console/crypto/node-crypto.ts',
  asn1js: './console/crypto/asn1js.ts',
  buffer: './console/crypto/buffer.ts',
};
