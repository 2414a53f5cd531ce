import type { Definition } from './definitions.ts';
import type { Values } from './records.ts';

/** Why HubSpot does not take a value; sent as JSON inside the message of a VALIDATION_ERROR. */
export type Issue = {
  isValid: false;
  message: string;
  error: string;
  name: string;
  localizedErrorMessage: string;
};

const issue = (name: string, error: string, message: string): Issue => ({
  isValid: false,
  message,
  error,
  name,
  localizedErrorMessage: message,
});

const MAX_TEXT = 65_536;
const DAY_MS = 86_400_000;

/**
 * Checks the properties of a write against their definitions, and brings each value into the form that HubSpot keeps.
 * `''` clears. A multi-checkbox value with a leading `;` adds to what is there.
 */
export const checkValues = (
  definitions: Map<string, Definition>,
  input: Record<string, unknown>,
  current: Values,
): { values: Values; issues: Issue[] } => {
  const values: Values = {};
  const issues: Issue[] = [];
  for (const [name, given] of Object.entries(input)) {
    const definition = definitions.get(name);
    if (!definition || definition.archivedAt !== undefined) {
      issues.push(issue(name, 'PROPERTY_DOESNT_EXIST', `Property "${name}" does not exist`));
      continue;
    }
    const text = asText(given);
    const problem =
      text === undefined
        ? issue(name, 'INVALID_TYPE', `The value of "${name}" must be a string`)
        : definition.readOnlyValue
          ? issue(name, 'READ_ONLY_VALUE', `"${name}" is a read only property; its value cannot be set.`)
          : text === ''
            ? undefined
            : store(definition, text, current[name], values);
    if (problem) issues.push(problem);
    else if (text === '') values[name] = '';
  }
  return { values, issues };
};

const asText = (given: unknown): string | undefined => {
  if (typeof given === 'string') return given;
  return typeof given === 'number' || typeof given === 'boolean' ? String(given) : undefined;
};

/** Puts the kept form of `text` into `values`, or says why not. */
const store = (
  definition: Definition,
  text: string,
  before: string | undefined,
  values: Values,
): Issue | undefined => {
  const { name } = definition;
  switch (definition.type) {
    case 'enumeration':
    case 'bool': {
      const chosen = definition.fieldType === 'checkbox' ? splitChecked(text, before) : [text];
      const wrong = chosen.find((value) => !definition.options.some((option) => option.value === value));
      if (wrong !== undefined) {
        const allowed = definition.options.map((option) => option.value).join(', ');
        return issue(name, 'INVALID_OPTION', `${wrong} was not one of the allowed options: [${allowed}]`);
      }
      values[name] = chosen.join(';');
      return undefined;
    }
    case 'number':
      if (text.trim() === '' || !Number.isFinite(Number(text))) {
        return issue(name, 'INVALID_NUMBER', `${text} was not a valid number.`);
      }
      values[name] = text;
      return undefined;
    case 'date': {
      const time = timeOf(text);
      if (time === undefined || time % DAY_MS !== 0) {
        return issue(name, 'INVALID_DATE', `${text} is at an invalid time; a date is midnight UTC.`);
      }
      values[name] = new Date(time).toISOString().slice(0, 10);
      return undefined;
    }
    case 'datetime': {
      const time = timeOf(text);
      if (time === undefined) return issue(name, 'INVALID_LONG', `${text} was not a valid long.`);
      values[name] = new Date(time).toISOString();
      return undefined;
    }
    default:
      if (text.length > MAX_TEXT)
        return issue(name, 'PROPERTY_VALUE_TOO_LONG', `The value of "${name}" is too long`);
      values[name] = text;
      return undefined;
  }
};

const splitChecked = (text: string, before: string | undefined): string[] => {
  const given = text.split(';').filter((value) => value !== '');
  const kept = text.startsWith(';') && before ? before.split(';') : [];
  return [...new Set([...kept, ...given])];
};

/** Milliseconds since 1970 as text, or ISO 8601. */
export const timeOf = (text: string): number | undefined => {
  if (/^-?\d{10,}$/.test(text)) return Number(text);
  if (!/^\d{4}-\d{2}-\d{2}/.test(text)) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
};

export const issuesMessage = (issues: Issue[]): string =>
  `Property values were not valid: ${JSON.stringify(issues)}`;
