/**
 * Passes a value on to a function, after waiting for it if it is a promise. Any other value is passed on at once: an
 * async function would cost 1 to 2 KB of memory and a turn of the microtask queue for each call, which a request whose
 * keys are cached doesn't need.
 */
export function whenReady<T, R>(value: T | Promise<T>, next: (value: T) => R | Promise<R>): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}
