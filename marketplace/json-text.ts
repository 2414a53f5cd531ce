type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const LINE_WIDTH = 110;

/** JSON as the formatter of this project would leave it: a list on one line where it fits, objects on several. */
export function jsonText(value: Json): string {
  return `${print(value, '', 0)}\n`;
}

/** `before`: how much of the line is taken already, beside the indentation. */
function print(value: Json, indent: string, before: number): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const inner = `${indent}  `;
  if (isList(value)) {
    const isFlat = value.every((item) => item === null || typeof item !== 'object');
    const line = `[${value.map((item) => JSON.stringify(item)).join(', ')}]`;
    if (isFlat && indent.length + before + line.length < LINE_WIDTH) return line;
    return `[\n${value.map((item) => inner + print(item, inner, 0)).join(',\n')}\n${indent}]`;
  }
  const lines = Object.entries(value).map(([key, item]) => {
    const name = `${JSON.stringify(key)}: `;
    return inner + name + print(item, inner, name.length);
  });
  return `{\n${lines.join(',\n')}\n${indent}}`;
}

// Array.isArray does not narrow a readonly array.
const isList = (value: Json): value is readonly Json[] => Array.isArray(value);
