import { availableParallelism } from 'node:os';

/** Compiles with .swcrc, because Nest needs the metadata of decorators. */
const compiled = '@swc/jest';
const native = '<rootDir>/test/support/native';
const isLoadedByJest = process.argv.some((argument) => /^--(coverage|watch)/.test(argument));

/** @type {import('jest').Config} */
const common = {
  testEnvironment: '<rootDir>/test/support/environment.js',
  setupFiles: ['<rootDir>/test/support/no-navigator.js'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '\\.ts$': compiled },
};

/**
 * Specs that start the service share modules that Node.js itself has loaded. Coverage and watch mode need modules that
 * Jest has loaded.
 */
const sharing = {
  testEnvironment: `${native}/environment.js`,
  moduleNameMapper: {
    ...common.moduleNameMapper,
    '^(pg|pino|typeorm)$': `${native}/packages/$1.js`,
    '^@aws-sdk/client-payment-cryptography$': `${native}/packages/aws-sdk.js`,
    '^@aws-sdk/client-kms$': `${native}/packages/aws-sdk-kms.js`,
    '^@aws-crypto/client-node$': `${native}/packages/encryption-sdk.js`,
    '^aws-sdk/clients/paymentcryptographydata\\.js$': `${native}/packages/aws-sdk-v2.js`,
  },
  transform: {
    '/src/.*(?<!\\.spec)\\.ts$': `${native}/transformer.js`,
    '/test/support/native/packages/': `${native}/transformer.js`,
    '\\.ts$': compiled,
  },
};

/** @type {import('jest').Config} */
export default {
  projects: [
    {
      ...common,
      // The pattern excludes specs, because testPathIgnorePatterns on the command line replaces that of a
      // configuration.
      testMatch: ['<rootDir>/{console,src,test,examples}/**/!(*.db|*.e2e).spec.ts'],
    },
    {
      ...common,
      ...(isLoadedByJest ? {} : sharing),
      globalSetup: '<rootDir>/test/support/global-setup.js',
      globalTeardown: '<rootDir>/test/support/global-teardown.js',
      testMatch: ['<rootDir>/{src,test}/**/*.{db,e2e}.spec.ts'],
    },
  ],
  // A test fails this late only if something hangs: on a busy machine the longest takes half of it.
  testTimeout: 300_000,
  // Node.js keeps every module that Jest has evaluated. The garbage collector would take up to half of the time of a
  // worker whose heap has grown to 2 GB.
  workerIdleMemoryLimit: '700MB',
  testSequencer: '<rootDir>/test/support/sequencer.js',
  // Tests spend half their time waiting for services and databases in other processes.
  maxWorkers: Math.ceil(availableParallelism() * 1.5),
  collectCoverageFrom: ['src/**/*.ts', '!src/**/*.spec.ts'],
};
