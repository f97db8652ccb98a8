/** A part of a value, for display. */
export interface NamedDigits {
  readonly name: string;
  readonly digits: string;
}
