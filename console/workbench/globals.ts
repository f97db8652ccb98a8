import { Buffer } from 'buffer';

/**
 * Globals that src/crypto requires, for browsers: Node's Buffer, and the name of a method that browsers without
 * explicit resource management lack. The workbench imports this module before any other.
 */
globalThis.Buffer = Buffer;
if (!Reflect.has(Symbol, 'dispose')) Object.defineProperty(Symbol, 'dispose', { value: Symbol.for('Symbol.dispose') });
