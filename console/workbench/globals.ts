import { BrowserBuffer } from '../crypto/buffer.js';

/**
 * Globals that src/crypto takes for granted, for browsers: what it uses of Node's Buffer, and the name of a method that browsers without
 * explicit resource management lack. The workbench imports this module before any other.
 */
globalThis.Buffer = BrowserBuffer as unknown as typeof Buffer;
if (!Reflect.has(Symbol, 'dispose')) Object.defineProperty(Symbol, 'dispose', { value: Symbol.for('Symbol.dispose') });
