import { isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments, parseDocument } from 'yaml';
import { InputError } from '../errors.ts';
import { checkDefinition, type Known } from './check.ts';
import type { Problem } from './check-names.ts';
import { Segmentation } from './definition.ts';
import { readIssues } from './parse-issues.ts';
import type { Path } from './references.ts';

export type ParseOptions = Known & {
  /** Named in messages. */
  file?: string;
};

/** A problem with its place in the text; lines and columns count from 1. `path` leads there from its definition. */
export type PlacedProblem = { file: string; line: number; column: number; message: string; path?: Path };

const MAX_TEXT = 1_000_000;

/**
 * Reads segmentations from YAML or JSON: one, a list, or several documents. They may refer to each other and to
 * `segmentations`. Throws InputError `definition_invalid` that lists each problem as `file:line:column: message`.
 */
export function parseSegmentations(text: string, options: ParseOptions = {}): Segmentation[] {
  const { definitions, problems } = readSegmentations(text, options);
  if (problems.length > 0) throw definitionInvalid(problems);
  return definitions;
}

/** As parseSegmentations, for a text with exactly one. */
export function parseSegmentation(text: string, options: ParseOptions = {}): Segmentation {
  const [first, ...rest] = parseSegmentations(text, options);
  if (first !== undefined && rest.length === 0) return first;
  const file = options.file ?? 'definition';
  throw definitionInvalid([
    { file, line: 1, column: 1, message: `one segmentation is expected, not ${rest.length + 1}` },
  ]);
}

/** The definitions that could be read, and all that is wrong with the text. */
export function readSegmentations(
  text: string,
  options: ParseOptions = {},
): { definitions: Segmentation[]; problems: PlacedProblem[] } {
  const file = options.file ?? 'definition';
  if (text.length > MAX_TEXT) {
    return {
      definitions: [],
      problems: [{ file, line: 1, column: 1, message: 'the text is longer than 1,000,000 characters' }],
    };
  }
  const lines = new LineCounter();
  const place = (offset: number, message: string): PlacedProblem => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col), message };
  };
  const placeAt = (node: Node, path: Path, message: string): PlacedProblem => ({
    ...place(offsetOf(node, path), message),
    path,
  });
  const problems: PlacedProblem[] = [];
  const read: { node: Node; definition: Segmentation }[] = [];
  const documents = parseAllDocuments(text, { lineCounter: lines });
  for (const document of Array.isArray(documents) ? documents : [parseDocument('')]) {
    for (const error of [...document.errors, ...document.warnings]) {
      problems.push(
        place(error.pos[0], (error.message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '')),
      );
    }
    if (document.errors.length > 0 || document.contents === null) continue;
    const { contents } = document;
    for (const node of isSeq(contents) ? contents.items : [contents]) {
      let data: unknown;
      try {
        data = isNode(node) ? node.toJS(document) : node;
      } catch (error) {
        // Aliases of aliases, which would fill the memory; the package says so.
        problems.push(place(0, error instanceof Error ? error.message : String(error)));
        continue;
      }
      const result = Segmentation.safeParse(data);
      if (result.success && isNode(node)) read.push({ node, definition: result.data });
      else if (isNode(node)) {
        problems.push(
          ...readIssues(result.error?.issues ?? [], data).map((one) => placeAt(node, one.path, one.message)),
        );
      }
    }
  }
  if (problems.length === 0 && read.length === 0) problems.push(place(0, 'there is no segmentation in it'));
  if (problems.length > 0) return { definitions: [], problems };

  const definitions = read.map(({ definition }) => definition);
  const known = {
    ...options,
    segmentations: [...(options.segmentations ?? []).filter(notIn(definitions)), ...definitions],
  };
  const seen = new Set<string>();
  for (const { node, definition } of read) {
    if (seen.has(definition.key))
      problems.push(placeAt(node, ['key'], `the key ${definition.key} is used twice`));
    seen.add(definition.key);
    for (const one of checkDefinition(definition, known))
      problems.push(placeAt(node, one.path, describe(one)));
  }
  return { definitions, problems };
}

function notIn(definitions: readonly Segmentation[]): (other: Segmentation) => boolean {
  const keys = new Set(definitions.map(({ key }) => key));
  return (other) => !keys.has(other.key);
}

function describe({ path, message }: Problem): string {
  const where = path.filter((step) => typeof step === 'string').at(-1);
  return where === undefined || message.includes(String(where)) ? message : `${where}: ${message}`;
}

/** All problems in one error, a line each. */
export function definitionInvalid(problems: readonly PlacedProblem[]): InputError {
  const lines = problems.map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`);
  return new InputError('definition_invalid', `${lines.join('\n')}\nNothing was changed.`, {
    action: 'Mend the definition and try again.',
  });
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'toJS' in value;
}

/** Where in the text a path leads; as far as it can be followed. Keys are pointed at where the value is a structure. */
function offsetOf(root: Node, path: Path): number {
  let node: unknown = root;
  let offset = root.range?.[0] ?? 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      if (pair === undefined) return offset;
      const { key, value } = pair;
      const target = isScalar(value) ? value : key;
      offset = (isNode(target) ? target.range?.[0] : undefined) ?? offset;
      node = value;
    } else if (isSeq(node) && typeof step === 'number') {
      node = node.items[step];
      if (isNode(node)) offset = node.range?.[0] ?? offset;
    } else return offset;
  }
  return offset;
}
