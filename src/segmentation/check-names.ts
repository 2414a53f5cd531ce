import type { Attribute, AttributeOwner, SubjectType } from '../model/attribute.ts';
import type { Segmentation } from './definition.ts';
import { scoreNames } from './methods.ts';
import { suggestion } from './nearest.ts';
import type { Path } from './references.ts';

/** Something wrong in a definition, and where. */
export type Problem = { path: Path; message: string };

type Find = (owner: AttributeOwner, key: string) => Attribute | undefined;

export type Check = {
  find: Find;
  keysOf(owner: AttributeOwner): string[];
  segmentations: readonly Segmentation[];
  sensitiveAllowed: ReadonlySet<string>;
  problem(path: Path, message: string): void;
};

export function checkAttribute(
  owner: AttributeOwner,
  key: string,
  path: Path,
  check: Check,
): Attribute | undefined {
  const attribute = check.find(owner, key);
  if (attribute === undefined) {
    check.problem(path, `there is no attribute ${key} of a ${owner}${suggestion(key, check.keysOf(owner))}`);
  } else if (attribute.sensitivity === 'sensitive' && !check.sensitiveAllowed.has(`${owner}.${key}`)) {
    check.problem(path, `${key} is sensitive: an admin has to record the lawful basis for its use first`);
  }
  return attribute;
}

export function checkSegmentName(name: string, subject: SubjectType, path: Path, check: Check): void {
  const same = check.segmentations.filter((other) => other.subject === subject);
  const names = same.flatMap((other) => other.segments.map(({ key }) => `${other.key}.${key}`));
  if (!names.includes(name))
    check.problem(path, `there is no segment ${name} of a ${subject}${suggestion(name, names)}`);
}

export function checkScoreName(name: string, subject: SubjectType, path: Path, check: Check): void {
  const names = check.segmentations
    .filter((other) => other.subject === subject)
    .flatMap((other) => scoreNames(other).map((score) => `${other.key}.${score}`));
  if (!names.includes(name))
    check.problem(path, `there is no score ${name} of a ${subject}${suggestion(name, names)}`);
}
