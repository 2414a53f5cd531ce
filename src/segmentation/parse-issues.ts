import type { z } from 'zod';
import type { Problem } from './check-names.ts';
import { aggregates, conditionWords } from './condition.ts';
import {
  Play,
  RfmArea,
  RfmSegment,
  RfmSegmentation,
  RulesSegment,
  RulesSegmentation,
  Targets,
  TiersSegment,
  TiersSegmentation,
} from './definition.ts';
import { methods } from './method-settings.ts';
import { ClustersSegmentation } from './methods/cluster-definition.ts';
import { ChurnSegmentation, LifetimeValueSegmentation } from './methods/purchase-definition.ts';
import { LookalikeSegmentation, ScorecardSegmentation } from './methods/scorecard-definition.ts';
import { suggestion } from './nearest.ts';
import { operators } from './operators.ts';
import type { Path } from './references.ts';

type Issue = z.core.$ZodIssue;

/** Every word that a definition may use as a key: where a misspelt one is looked for. */
const VOCABULARY = [
  ...new Set([
    ...[
      RulesSegmentation,
      TiersSegmentation,
      RfmSegmentation,
      LifetimeValueSegmentation,
      ChurnSegmentation,
      ClustersSegmentation,
      ScorecardSegmentation,
      LookalikeSegmentation,
      RulesSegment,
      TiersSegment,
      RfmSegment,
      RfmArea,
      Play,
      Targets,
    ].flatMap((schema) => Object.keys(schema.shape)),
    ...Object.values(Targets.shape).flatMap((target) => Object.keys(target.unwrap().shape)),
    ...conditionWords,
    ...aggregates,
    ...operators,
    'where',
    'scope',
  ]),
];

/** Zod's issues in words, each at the deepest place that it is about. */
export function readIssues(issues: readonly Issue[], root: unknown): Problem[] {
  return issues.flatMap((issue) => readIssue(issue, root, []));
}

function readIssue(issue: Issue, root: unknown, above: Path): Problem[] {
  const path = [...above, ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))];
  const data = valueAt(root, path);
  if (
    data === undefined &&
    path.length > 0 &&
    (issue.code === 'invalid_type' || issue.code === 'invalid_value')
  ) {
    return [{ path, message: `"${String(path.at(-1))}" is missing` }];
  }
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        path: [...path, key],
        message: `"${key}" is not known here${suggestion(key, VOCABULARY)}`,
      }));
    case 'invalid_union':
      return readUnion(issue, root, path, data);
    case 'invalid_value':
      return [
        {
          path,
          message: `${named(path)} can be ${issue.values.join(', ')}${suggestion(String(data), issue.values.map(String))}`,
        },
      ];
    case 'invalid_type':
      return [
        {
          path,
          message: `${named(path)} must be ${article(issue.expected)}, not ${JSON.stringify(data).slice(0, 60)}`,
        },
      ];
    case 'too_small':
      if (data === '') return [{ path, message: `${named(path)} must not be empty` }];
      if (issue.origin !== 'array') return [otherwise(issue, path, data)];
      return [
        { path, message: `${named(path)} needs at least ${issue.minimum}; this one has ${lengthOf(data)}` },
      ];
    default:
      return [otherwise(issue, path, data)];
  }
}

function otherwise(issue: Issue, path: Path, data: unknown): Problem {
  return { path, message: `${named(path)} ${JSON.stringify(data)?.slice(0, 60) ?? ''}: ${issue.message}` };
}

const lengthOf = (data: unknown): string =>
  Array.isArray(data) && data.length > 0 ? String(data.length) : 'none';

function readUnion(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  root: unknown,
  path: Path,
  data: unknown,
): Problem[] {
  if (issue.discriminator !== undefined) {
    const at = path.at(-1) === issue.discriminator ? path : [...path, issue.discriminator];
    const given = valueAt(root, at);
    const said =
      given === undefined ? `"${issue.discriminator}" is missing` : `there is no method ${String(given)}`;
    return [
      {
        path: at,
        message: `${said}${suggestion(String(given), methods)}; known: ${methods.join(', ')}`,
      },
    ];
  }
  const chosen =
    issue.errors.length === conditionWords.length ? conditionBranch(data) : likelyBranch(issue.errors);
  const branch = issue.errors[chosen ?? -1];
  if (branch !== undefined) return branch.flatMap((inner) => readIssue(inner, root, path));
  if (issue.errors.length !== conditionWords.length)
    return [{ path, message: `${named(path)}: ${issue.message}` }];
  const key = typeof data === 'object' && data !== null ? (Object.keys(data)[0] ?? '') : String(data);
  return [
    {
      path: [...path, key],
      message: `"${key}" does not begin a condition${suggestion(key, conditionWords)}; known: ${conditionWords.join(', ')}`,
    },
  ];
}

/** The kind of condition that was meant: the one whose word is there. */
function conditionBranch(data: unknown): number | null {
  if (typeof data !== 'object' || data === null) return null;
  const index = conditionWords.findIndex((word) => word in data);
  return index < 0 ? null : index;
}

/** The branch whose outer type fits; its problems are inside. */
function likelyBranch(errors: readonly (readonly Issue[])[]): number | null {
  const index = errors.findIndex((branch) =>
    branch.every((issue) => issue.code !== 'invalid_type' || issue.path.length > 0),
  );
  return index < 0 ? null : index;
}

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}

function named(path: Path): string {
  const name = path.filter((step) => typeof step === 'string').at(-1);
  return name === undefined ? 'the definition' : String(name);
}

function article(type: string): string {
  const word = type === 'object' ? 'group of settings' : type === 'array' ? 'list' : type;
  return `${/^[aeiou]/.test(word) ? 'an' : 'a'} ${word}`;
}
