import { createHash } from 'node:crypto';
import type { PrepareTarget } from '../contract.ts';
import { MARKER, OUR_PREFIX } from './app.ts';
import { FieldRemote } from './remotes.ts';
import type { Field } from './schema.ts';

export type PicklistValue = { value: string; label: string; isActive: boolean };

/** What a field of ours has to be, on each object that holds records of the target's kind. */
export type Wanted = {
  target: PrepareTarget;
  /** API name. */
  name: string;
  label: string;
  type: FieldRemote['type'];
  values: PicklistValue[];
  /**
   * May the picklist take no other values? Not where records have types: each type offers values of its own, of a new
   * field none, and Salesforce then refuses every value of a restricted one.
   */
  isRestricted: boolean;
  sobjects: ('Contact' | 'Lead' | 'Account')[];
  remembered: FieldRemote | null;
};

/** A name before its __c has 40 characters at most, as has a label. */
const MAX_NAME = 40;
const MAX_LABEL = 40;

export function wantedOf(target: PrepareTarget): Wanted {
  const { kind, segmentation } = target;
  const remembered = FieldRemote.safeParse(target.remote).data ?? null;
  const common = {
    target,
    remembered,
    sobjects:
      target.object === 'company' ? (['Account'] as const).slice() : (['Contact', 'Lead'] as const).slice(),
    values: [],
    // Of an org that we do not know.
    isRestricted: false,
  };
  const name = (rest: string) => remembered?.property ?? nameOf(rest);
  if (kind === 'changed_at') {
    return { ...common, name: name('Changed'), label: 'Segments changed', type: 'DateTime' };
  }
  const words = titled(segmentation.key);
  if (kind === 'why') {
    return {
      ...common,
      name: name(`${words}_Why`),
      label: labelOf(segmentation.name, ': why'),
      type: 'TextArea',
    };
  }
  const values = valuesOf(target.segments);
  if (kind === 'primary') {
    const label = labelOf(segmentation.name, ', first');
    return { ...common, name: name(`${words}_Primary`), label, type: 'Picklist', values };
  }
  const type = segmentation.labels === 'many' ? 'MultiselectPicklist' : 'Picklist';
  return { ...common, name: name(words), label: labelOf(segmentation.name, ''), type, values };
}

/** value_tiers -> Value_Tiers. */
export const titled = (key: string) =>
  key
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('_');

/** A name that is too long is cut, with a few characters that keep it apart from others. */
export function developerName(rest: string, most = MAX_NAME): string {
  const whole = OUR_PREFIX + rest;
  if (whole.length <= most) return whole;
  const mark = createHash('sha256').update(whole).digest('hex').slice(0, 6);
  return `${whole.slice(0, most - mark.length - 1).replace(/_+$/, '')}_${mark}`;
}

const nameOf = (rest: string) => `${developerName(rest)}__c`;

const labelOf = (name: string, ending: string) =>
  (name.length + ending.length > MAX_LABEL ? name.slice(0, MAX_LABEL - ending.length) : name) + ending;

/** Values are keys, labels names; Salesforce wants labels to be different from each other, whatever their case. */
function valuesOf(segments: PrepareTarget['segments']): PicklistValue[] {
  const taken = new Set<string>();
  return segments.map(({ key, name, retired = false }) => {
    const short = name.slice(0, MAX_LABEL);
    const label = taken.has(short.toLowerCase()) ? key : short;
    taken.add(label.toLowerCase());
    return { value: key, label, isActive: !retired };
  });
}

/** What describe calls the types. */
const DESCRIBED: Record<FieldRemote['type'], string> = {
  Picklist: 'picklist',
  MultiselectPicklist: 'multipicklist',
  DateTime: 'datetime',
  TextArea: 'textarea',
};

export const hasType = (field: Field, { type }: Pick<Wanted, 'type'>) => field.type === DESCRIBED[type];

export const described = (field: Field): PicklistValue[] =>
  field.picklistValues.map(({ value, label, active }) => ({
    value,
    label: label ?? value,
    isActive: active,
  }));

/** What a field's values have to become; null where they are right. Values that we don't know stay as they are. */
export function valuesChange(existing: PicklistValue[], wanted: PicklistValue[]): PicklistValue[] | null {
  const isSame = (one: PicklistValue) =>
    existing.some(
      (other) => other.value === one.value && other.label === one.label && other.isActive === one.isActive,
    ) ||
    // A value that was never there need not be added to be switched off.
    (!one.isActive && !existing.some((other) => other.value === one.value));
  if (wanted.every(isSame)) return null;
  const known = new Set(wanted.map(({ value }) => value));
  return [...wanted, ...existing.filter(({ value }) => !known.has(value))];
}

export const description = () => `${MARKER} Changes by hand may be replaced.`;

/** The field's definition as the Tooling API takes it. */
export function metadataOf(wanted: Wanted): Record<string, unknown> {
  const { type, label, values, isRestricted } = wanted;
  return {
    type,
    label,
    description: description(),
    ...(values.length > 0 && { valueSet: valueSet(values, isRestricted) }),
    ...(type === 'MultiselectPicklist' && { visibleLines: 4 }),
  };
}

export const valueSet = (values: PicklistValue[], restricted: boolean) => ({
  restricted,
  valueSetDefinition: {
    sorted: false,
    value: values.map(({ value, label, isActive }) => ({
      valueName: value,
      label,
      default: false,
      isActive,
    })),
  },
});
