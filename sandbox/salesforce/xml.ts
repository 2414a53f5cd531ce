/** Enough XML for SOAP envelopes: elements and text; attributes are dropped but for xsi:type and xsi:nil. */

export type Element = {
  name: string;
  type: string | null;
  isNil: boolean;
  children: Element[];
  text: string;
};

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
const decode = (text: string) =>
  text.replace(/&(#x?[0-9a-f]+|\w+);/gi, (all, name: string) => {
    if (!name.startsWith('#')) return ENTITIES[name] ?? all;
    return String.fromCodePoint(name[1] === 'x' ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1)));
  });
export const escapeXml = (text: string) =>
  text.replace(/[<>&"']/g, (c) => `&${Object.entries(ENTITIES).find(([, sign]) => sign === c)?.[0]};`);

const local = (name: string) => name.replace(/^.*:/, '');

/** The root element, or null if this is not well-formed. */
export function parseXml(text: string): Element | null {
  const root: Element = { name: '', type: null, isNil: false, children: [], text: '' };
  const open: Element[] = [root];
  for (const [, closing, tag = '', attributes = '', empty, words = ''] of text.matchAll(
    /<(\/)?([\w:.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/)?>|<[?!][^>]*>|([^<]+)/g,
  )) {
    const parent = open.at(-1);
    if (!parent) return null;
    if (!tag) parent.text += decode(words);
    else if (closing) {
      if (open.pop()?.name !== local(tag)) return null;
    } else {
      const type = /xsi:type\s*=\s*["']([^"']+)/.exec(attributes)?.[1] ?? null;
      const made: Element = {
        name: local(tag),
        type: type && local(type),
        isNil: /xsi:nil\s*=\s*["']true/.test(attributes),
        children: [],
        text: '',
      };
      parent.children.push(made);
      if (!empty) open.push(made);
    }
  }
  return open.length === 1 ? (root.children[0] ?? null) : null;
}

export const child = (element: Element, name: string) => element.children.find((one) => one.name === name);
export const children = (element: Element, name: string) =>
  element.children.filter((one) => one.name === name);
export const textOf = (element: Element, name: string) => child(element, name)?.text.trim() ?? null;

/** An object to elements: arrays repeat their element, null and undefined are left out. */
export function toXml(name: string, value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map((one) => toXml(name, one)).join('');
  if (typeof value !== 'object') return `<${name}>${escapeXml(String(value))}</${name}>`;
  return `<${name}>${Object.entries(value)
    .map(([key, one]) => toXml(key, one))
    .join('')}</${name}>`;
}
