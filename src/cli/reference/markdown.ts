/** What every page says of itself. */
export function page(title: string, intro: string, parts: readonly string[]): string {
  const note = '<!-- Written by `npm run -s cli -- reference` from the code; changes here are lost. -->';
  return `${[note, `# ${title}`, intro, ...parts].join('\n\n').trimEnd()}\n`;
}

/** A table of Markdown; cells may hold code and links, but no lines of their own. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const cell = (text: string) =>
  text
    .replaceAll('|', '\\|')
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim();

export const code = (text: string) => `\`${text}\``;

/** Text from the code, where angle brackets are no tags. */
export const plain = (text: string) => text.replaceAll('<', '&lt;').replaceAll('>', '&gt;');
