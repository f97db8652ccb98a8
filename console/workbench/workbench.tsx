import './globals.js';
import { CheckValues } from './check-values.js';
import { KeyBlocks } from './key-blocks.js';

/** The calculators by their place in the address. */
export const CALCULATORS = { 'check-values': CheckValues, 'key-blocks': KeyBlocks } as const;
