/** Where findings point to in a definition, and how the screen gets there. */
import type { Segmentation } from '../../../../src/segmentation/definition.ts';
import { placeIn } from './builder/tree.ts';
import type { Preview } from './use-draft.ts';

export type Place = Preview['findings'][number]['places'][number];
export type PlacedFinding = { mistake: string; says: string; place: Place };

const placedFindings = (findings: Preview['findings']): PlacedFinding[] =>
  findings.flatMap(({ mistake, evidence, places }) =>
    evidence.map((says, index) => ({ mistake, says, place: places[index] ?? [] })),
  );

/** Those about one segment, or about a part of it such as `play` or `when`. */
export const findingsAt = (findings: Preview['findings'], ...place: Place): PlacedFinding[] =>
  placedFindings(findings).filter((one) => place.every((step, index) => one.place[index] === step));

/** The tab of the set's screen that shows it. */
export function tabOf([first]: Place): 'segments' | 'about' | 'method' {
  if (first === 'segments' || first === undefined) return 'segments';
  return ABOUT.has(String(first)) ? 'about' : 'method';
}

const ABOUT = new Set(['name', 'description', 'goal', 'owner', 'use', 'purpose', 'lawfulBasis', 'review']);
/** Buttons that move or remove a part stand before its first field. */
const FIELDS = 'input:not([type=hidden]):not(:disabled), textarea, select';
const WAIT_MS = 5_000;

/** What stands at a place on the screen, from the smallest part to the largest: marked by `data-place`. */
function selectorsOf(definition: Segmentation, place: Place): string[] {
  const marked = (steps: Place) => `[data-place="${steps.join('.')}"]`;
  const selectors = place.map((_, index) => marked(place.slice(0, place.length - index)));
  const [, index, part, ...path] = place;
  const segment = typeof index === 'number' ? definition.segments[index] : undefined;
  const condition = part === 'when' || part === 'leaveWhen' ? Reflect.get(segment ?? {}, part) : undefined;
  if (condition === undefined) return selectors;
  const rule = `[data-path="${JSON.stringify(placeIn(condition, path))}"]`;
  return [`${marked(place.slice(0, 3))} ${rule}`, ...selectors];
}

/** Brings a place into view and puts the focus into it, once it is drawn. */
export function focusPlace(
  definition: Segmentation,
  place: Place,
  until = performance.now() + WAIT_MS,
): void {
  const [smallest, ...larger] = selectorsOf(definition, place).map((one) => document.querySelector(one));
  if (smallest === null && performance.now() < until) {
    requestAnimationFrame(() => focusPlace(definition, place, until));
    return;
  }
  const part = smallest ?? larger.find((one) => one !== null);
  const target = part?.matches(FIELDS)
    ? part
    : (part?.querySelector(FIELDS) ?? part?.querySelector('button'));
  part?.scrollIntoView({ block: 'center' });
  if (target instanceof HTMLElement) target.focus();
}
