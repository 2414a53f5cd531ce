import type { Element } from './xml.ts';

/** Elements of metadata types that may repeat, and so are always arrays. */
const REPEATED = new Set(['columns', 'filters', 'value']);
/** Elements whose text is to stay text, even if it reads like something else. */
const TEXT = new Set([
  'fullName',
  'valueName',
  'label',
  'description',
  'inlineHelpText',
  'columns',
  'field',
  'operation',
  'booleanFilter',
]);

/** A metadata component as JSON, the way the Tooling API would carry it. */
export function jsonLike(element: Element, inFilter = false): Record<string, unknown> {
  const json: Record<string, unknown> = {};
  for (const one of element.children) {
    const value = elementValue(one, inFilter);
    // In a filter `value` is the text to compare with; in a value set it is a list.
    if (!REPEATED.has(one.name) || (inFilter && one.name === 'value')) json[one.name] = value;
    else {
      const list = json[one.name];
      json[one.name] = Array.isArray(list) ? [...list, value] : [value];
    }
  }
  return json;
}

function elementValue(element: Element, inFilter: boolean): unknown {
  if (element.isNil) return null;
  if (element.children.length) return jsonLike(element, element.name === 'filters');
  const text = element.text.trim();
  if (TEXT.has(element.name) || inFilter) return text;
  return text === 'true' ? true : text === 'false' ? false : text;
}
