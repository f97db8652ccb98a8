import { useState } from 'preact/hooks';

/** Content of a form. Only the component's memory holds it. */
export interface Form<Values> {
  values: Values;
  /** Returns a handler of the input of one field. */
  set: <Name extends keyof Values>(name: Name) => (value: Values[Name]) => void;
  change: (changes: Partial<Values>) => void;
}

export function useForm<Values extends object>(blank: Values): Form<Values> {
  const [values, setValues] = useState(blank);
  const change = (changes: Partial<Values>) => setValues((last) => ({ ...last, ...changes }));
  return { values, change, set: (name) => (value) => change({ [name]: value } as unknown as Partial<Values>) };
}
