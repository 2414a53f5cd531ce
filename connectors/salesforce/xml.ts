/** Text as it stands in XML. */
export const escapeXml = (text: string) =>
  text.replace(
    /[&<>"']/g,
    (character) =>
      ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' })[character] ?? character,
  );

const unescapeXml = (text: string) =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');

export type XmlValue = string | number | boolean | XmlObject | XmlValue[];
export type XmlObject = { [name: string]: XmlValue | undefined };

/** `name` around `value`: objects become children in their order (`@name`: attributes), arrays repeat the element. */
function toXml(name: string, value: XmlValue, indent = ''): string {
  if (Array.isArray(value)) return value.map((each) => toXml(name, each, indent)).join('');
  if (typeof value !== 'object') return `${indent}<${name}>${escapeXml(String(value))}</${name}>\n`;
  const attributes = Object.entries(value)
    .filter(([key]) => key.startsWith('@'))
    .map(([key, text]) => ` ${key.slice(1)}="${escapeXml(String(text))}"`);
  return `${indent}<${name}${attributes.join('')}>\n${childrenXml(value, `${indent}    `)}${indent}</${name}>\n`;
}

export const childrenXml = (value: XmlObject, indent: string) =>
  Object.entries(value)
    .map(([name, child]) => (child === undefined || name.startsWith('@') ? '' : toXml(name, child, indent)))
    .join('');

/** The inner text of each element of that name; elements of one name are not nested in what we read. */
export function inner(xml: string, name: string): string[] {
  const found = xml.matchAll(
    new RegExp(`<(?:\\w+:)?${name}(?:\\s[^>]*[^/>])?>([^]*?)</(?:\\w+:)?${name}>`, 'g'),
  );
  return [...found].map((match) => match[1] ?? '');
}

/** The text of the first element of that name. */
export function textIn(xml: string, name: string): string | undefined {
  const [text] = inner(xml, name);
  return text === undefined ? undefined : unescapeXml(text.trim());
}
