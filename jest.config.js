/** @type {import('jest').Config} */
export default {
  testMatch: ['<rootDir>/{src,test,examples}/**/*.spec.ts'],
  testEnvironment: 'node',
  globalSetup: '<rootDir>/test/support/global-setup.js',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          experimental: { keepImportAttributes: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
  testTimeout: 90_000,
  // Half of the time goes by in services and databases that other processes run.
  maxWorkers: '100%',
  collectCoverageFrom: ['src/**/*.ts', '!src/**/*.spec.ts'],
};
