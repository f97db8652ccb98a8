/** An element's content: text, or elements by their names. */
type Content = string | { readonly [name: string]: Content };

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/**
 * Writes an XML document.
 *
 * @param name      of the root element
 * @param namespace of all elements
 * @param content   text, and structures of text
 */
export function toXml(name: string, namespace: string, content: object): string {
  return `<${name} xmlns="${namespace}">${elements(content as Content)}</${name}>\n`;
}

function elements(content: Content): string {
  if (typeof content === 'string') return escaped(content);
  return Object.entries(content)
    .map(([name, inner]) => `<${name}>${elements(inner)}</${name}>`)
    .join('');
}

/** Control characters that XML 1.0 can't represent become U+FFFD. */
function escaped(text: string): string {
  return text
    .replaceAll(/[&<>"]/g, (character) => ESCAPES[character] as string)
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD');
}
