/** A field of a value: its bytes, its name, and what they mean or where they are. */
export interface RuledField {
  value: string;
  name: string;
  note?: string;
  /** Colour, 1 to 6; 6 is grey, for bytes without meaning. */
  hue: 1 | 2 | 3 | 4 | 5 | 6;
}

/** The bytes of a value, field by field. @param label describes the value */
export function ByteRuler({
  label,
  fields,
  big = false,
}: {
  label: string;
  fields: readonly RuledField[];
  big?: boolean;
}) {
  return (
    <ol class={big ? 'bytes big' : 'bytes'} aria-label={label}>
      {fields.map(({ value, name, note, hue }, at) => (
        <li class={`f${hue}`} key={at}>
          <code>{value}</code>
          <span>{name}</span>
          {note !== undefined && <small>{note}</small>}
        </li>
      ))}
    </ol>
  );
}
