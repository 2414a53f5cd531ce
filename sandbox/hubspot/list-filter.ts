import { z } from 'zod';
import type { ObjectType } from './object-types.ts';
import { type PortalRecord, shownValue } from './records.ts';
import { timeOf } from './values.ts';

/** What a property must be; HubSpot knows more kinds, these are the ones the sandbox can judge. */
const includesEmpty = { includeObjectsWithNoValueSet: z.boolean().default(false) };
const Operation = z.discriminatedUnion('operationType', [
  z.object({
    operationType: z.literal('ENUMERATION'),
    operator: z.enum([
      'IS_ANY_OF',
      'IS_NONE_OF',
      'IS_EXACTLY',
      'IS_NOT_EXACTLY',
      'CONTAINS_ALL',
      'DOES_NOT_CONTAIN_ALL',
      'HAS_EVER_BEEN_ANY_OF',
      'HAS_NEVER_BEEN_ANY_OF',
    ]),
    values: z.array(z.string()).min(1),
    ...includesEmpty,
  }),
  z.object({
    operationType: z.literal('MULTISTRING'),
    operator: z.enum([
      'IS_EQUAL_TO',
      'IS_NOT_EQUAL_TO',
      'CONTAINS',
      'DOES_NOT_CONTAIN',
      'STARTS_WITH',
      'ENDS_WITH',
    ]),
    values: z.array(z.string()).min(1),
    ...includesEmpty,
  }),
  z.object({
    operationType: z.literal('STRING'),
    operator: z.enum([
      'IS_EQUAL_TO',
      'IS_NOT_EQUAL_TO',
      'CONTAINS',
      'DOES_NOT_CONTAIN',
      'STARTS_WITH',
      'ENDS_WITH',
    ]),
    value: z.string(),
    ...includesEmpty,
  }),
  z.object({
    operationType: z.literal('NUMBER'),
    operator: z.enum([
      'IS_EQUAL_TO',
      'IS_NOT_EQUAL_TO',
      'IS_GREATER_THAN',
      'IS_GREATER_THAN_OR_EQUAL_TO',
      'IS_LESS_THAN',
      'IS_LESS_THAN_OR_EQUAL_TO',
    ]),
    value: z.number(),
    ...includesEmpty,
  }),
  z.object({
    operationType: z.literal('NUMBER_RANGED'),
    operator: z.enum(['IS_BETWEEN', 'IS_NOT_BETWEEN']),
    lowerBound: z.number(),
    upperBound: z.number(),
    ...includesEmpty,
  }),
  z.object({
    operationType: z.literal('BOOL'),
    operator: z.enum(['IS_EQUAL_TO', 'IS_NOT_EQUAL_TO', 'HAS_EVER_BEEN_EQUAL_TO', 'HAS_NEVER_BEEN_EQUAL_TO']),
    value: z.boolean(),
    ...includesEmpty,
  }),
  z.object({
    operationType: z.literal('DATETIME'),
    operator: z.enum(['IS_EQUAL_TO', 'IS_AFTER', 'IS_BEFORE']),
    timestamp: z.number(),
    requiresTimeZoneConversion: z.boolean().default(false),
    ...includesEmpty,
  }),
  z.object({
    operationType: z.literal('ALL_PROPERTY'),
    operator: z.enum(['IS_KNOWN', 'IS_UNKNOWN', 'IS_NOT_BLANK', 'IS_BLANK']),
    ...includesEmpty,
  }),
]);
type Operation = z.infer<typeof Operation>;

const Filter = z.discriminatedUnion('filterType', [
  z.object({ filterType: z.literal('PROPERTY'), property: z.string(), operation: Operation }),
  z.object({
    filterType: z.literal('IN_LIST'),
    listId: z.string(),
    operator: z.enum(['IN_LIST', 'NOT_IN_LIST']),
  }),
]);
export type ListFilter = z.infer<typeof Filter>;

export type FilterBranch = {
  filterBranchType: 'OR' | 'AND' | 'NOT_ALL' | 'NOT_ANY';
  filterBranchOperator?: string | undefined;
  filterBranches: FilterBranch[];
  filters: ListFilter[];
};

const Branch: z.ZodType<FilterBranch> = z.lazy(() =>
  z.object({
    filterBranchType: z.enum(['OR', 'AND', 'NOT_ALL', 'NOT_ANY']),
    filterBranchOperator: z.string().optional(),
    filterBranches: z.array(Branch).default([]),
    filters: z.array(Filter).default([]),
  }),
);

/** HubSpot's rule: an OR at the root, which holds no filter of its own and at least one AND. */
export const RootBranch = Branch.refine(
  (root) => root.filterBranchType === 'OR',
  'the root branch must be an OR',
)
  .refine((root) => root.filters.length === 0, 'the root OR branch has no filters of its own')
  .refine(
    (root) =>
      root.filterBranches.length > 0 && root.filterBranches.every((each) => each.filterBranchType === 'AND'),
    'every branch below the root must be an AND',
  );

export const filtersOf = (branch: FilterBranch): ListFilter[] => [
  ...branch.filters,
  ...branch.filterBranches.flatMap(filtersOf),
];

/** Whether a record belongs; `isMember` answers for other lists. */
export const passes = (
  type: ObjectType,
  record: PortalRecord,
  branch: FilterBranch,
  isMember: (listId: string, record: PortalRecord) => boolean,
): boolean => {
  const judge = (filter: ListFilter) => {
    if (filter.filterType === 'IN_LIST')
      return isMember(filter.listId, record) === (filter.operator === 'IN_LIST');
    const value = shownValue(type, record, filter.property);
    return holds(filter.operation, value === null || value === '' ? undefined : value);
  };
  const all = () =>
    branch.filters.every(judge) &&
    branch.filterBranches.every((each) => passes(type, record, each, isMember));
  const any = () =>
    branch.filters.some(judge) || branch.filterBranches.some((each) => passes(type, record, each, isMember));
  switch (branch.filterBranchType) {
    case 'AND':
      return all();
    case 'OR':
      return any();
    case 'NOT_ALL':
      return !all();
    case 'NOT_ANY':
      return !any();
  }
};

/** A record with no value is in only where the operation asks for it. */
const holds = (operation: Operation, value: string | undefined): boolean => {
  if (operation.operationType === 'ALL_PROPERTY') {
    return (
      (value !== undefined) === (operation.operator === 'IS_KNOWN' || operation.operator === 'IS_NOT_BLANK')
    );
  }
  if (value === undefined) return operation.includeObjectsWithNoValueSet;
  switch (operation.operationType) {
    case 'ENUMERATION':
      return enumerationHolds(operation.operator, value.split(';'), operation.values);
    case 'MULTISTRING':
      return textHolds(operation.operator, value, operation.values);
    case 'STRING':
      return textHolds(operation.operator, value, [operation.value]);
    case 'NUMBER':
      return numberHolds(operation.operator, Number(value), operation.value);
    case 'NUMBER_RANGED': {
      const isInside = Number(value) >= operation.lowerBound && Number(value) <= operation.upperBound;
      return isInside === (operation.operator === 'IS_BETWEEN');
    }
    case 'BOOL': {
      const isEqual = value === String(operation.value);
      return (
        isEqual === (operation.operator === 'IS_EQUAL_TO' || operation.operator === 'HAS_EVER_BEEN_EQUAL_TO')
      );
    }
    case 'DATETIME': {
      const time = timeOf(value);
      if (time === undefined) return false;
      if (operation.operator === 'IS_AFTER') return time > operation.timestamp;
      return operation.operator === 'IS_BEFORE' ? time < operation.timestamp : time === operation.timestamp;
    }
  }
};

const enumerationHolds = (operator: string, chosen: string[], wanted: string[]): boolean => {
  const any = chosen.some((value) => wanted.includes(value));
  const all = wanted.every((value) => chosen.includes(value));
  switch (operator) {
    case 'IS_ANY_OF':
    case 'HAS_EVER_BEEN_ANY_OF':
      return any;
    case 'CONTAINS_ALL':
      return all;
    case 'DOES_NOT_CONTAIN_ALL':
      return !all;
    case 'IS_EXACTLY':
      return all && chosen.length === wanted.length;
    case 'IS_NOT_EXACTLY':
      return !(all && chosen.length === wanted.length);
    default:
      return !any;
  }
};

const textHolds = (operator: string, value: string, wanted: string[]): boolean => {
  const text = value.toLowerCase();
  const some = (test: (each: string) => boolean) => wanted.some((each) => test(each.toLowerCase()));
  switch (operator) {
    case 'IS_EQUAL_TO':
      return some((each) => text === each);
    case 'IS_NOT_EQUAL_TO':
      return !some((each) => text === each);
    case 'CONTAINS':
      return some((each) => text.includes(each));
    case 'DOES_NOT_CONTAIN':
      return !some((each) => text.includes(each));
    case 'STARTS_WITH':
      return some((each) => text.startsWith(each));
    default:
      return some((each) => text.endsWith(each));
  }
};

const numberHolds = (operator: string, seen: number, value: number): boolean => {
  switch (operator) {
    case 'IS_EQUAL_TO':
      return seen === value;
    case 'IS_NOT_EQUAL_TO':
      return seen !== value;
    case 'IS_GREATER_THAN':
      return seen > value;
    case 'IS_GREATER_THAN_OR_EQUAL_TO':
      return seen >= value;
    case 'IS_LESS_THAN':
      return seen < value;
    default:
      return seen <= value;
  }
};
