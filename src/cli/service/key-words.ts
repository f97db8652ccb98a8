import { InvalidArgumentError } from 'commander';
import {
  KEY_ALGORITHMS,
  KEY_CLASSES,
  KEY_MODES,
  KEY_USAGES,
  type KeyAlgorithm,
  type KeyClass,
  type KeyMode,
  type KeyUsage,
} from '../../payment/keys/key-attributes.js';

/** Returns the nine modes for the API. */
export function modesOfUse(modes: readonly KeyMode[]): Record<string, boolean> {
  return Object.fromEntries(modes.map((mode) => [mode, true]));
}

/** Returns the two characters of a usage, such as B0. */
export function usageCodeOf(usage: string): string {
  return /^TR31_(..)_/.exec(usage)?.[1] ?? usage;
}

/** Finds a usage by its name in the API or by its two characters. @throws InvalidArgumentError */
export function usageOf(text: string): KeyUsage {
  const wanted = text.toUpperCase();
  const usage = KEY_USAGES.find((each) => each === wanted || usageCodeOf(each) === wanted);
  if (usage === undefined)
    throw new InvalidArgumentError(
      `Use one of ${KEY_USAGES.map(usageCodeOf).sort().join(', ')}, or the name in the API.`,
    );
  return usage;
}

/** @throws InvalidArgumentError */
export function algorithmOf(text: string): KeyAlgorithm {
  return oneOf(KEY_ALGORITHMS, text.toUpperCase());
}

/** @throws InvalidArgumentError */
export function classOf(text: string): KeyClass {
  return oneOf(KEY_CLASSES, text.toUpperCase());
}

/** Parses modes separated by commas. @throws InvalidArgumentError */
export function modesOf(text: string): KeyMode[] {
  return text.split(',').map((mode) => oneOf(KEY_MODES, mode.trim()));
}

function oneOf<Value extends string>(values: readonly Value[], text: string): Value {
  const value = values.find((each) => each === text);
  if (value === undefined) throw new InvalidArgumentError(`Allowed choices are ${values.join(', ')}.`);
  return value;
}

/** Collects tags. @throws InvalidArgumentError */
export function tagOf(text: string, before: { Key: string; Value: string }[] = []): { Key: string; Value: string }[] {
  const [, Key, Value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (Key === undefined) throw new InvalidArgumentError('Give a key, = and a value.');
  return [...before, { Key, Value }];
}

/** @throws InvalidArgumentError */
export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Give a whole number.');
  return Number(text);
}
