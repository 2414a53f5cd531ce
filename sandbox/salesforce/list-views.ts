import { z } from 'zod';
import { badRequest, notFound } from './errors.ts';
import type { SObject } from './objects.ts';
import type { Org } from './org.ts';
import { runSoql } from './soql.ts';
import { columnOf } from './soql-compile.ts';
import type { Row } from './table.ts';

/** List views: a filter that the org evaluates each time somebody looks. */

const Filter = z.object({ field: z.string(), operation: z.string(), value: z.string().optional() });
export const ListViewMetadata = z.object({
  fullName: z.string(),
  label: z.string(),
  filterScope: z.string(),
  booleanFilter: z.string().optional(),
  columns: z.array(z.string()).default([]),
  filters: z.array(Filter).default([]),
  description: z.string().optional(),
});
export type ListViewMetadata = z.infer<typeof ListViewMetadata>;

/** The names that list views use for standard columns. */
const STANDARD_COLUMNS: Record<string, string> = {
  FULL_NAME: 'Name',
  NAME: 'Name',
  'CONTACT.EMAIL': 'Email',
  'CONTACT.TITLE': 'Title',
  'CONTACT.PHONE1': 'Phone',
  'CONTACT.EMAIL_OPT_OUT': 'HasOptedOutOfEmail',
  'ACCOUNT.NAME': 'Name',
  'ACCOUNT.TYPE': 'Type',
  'ACCOUNT.INDUSTRY': 'Industry',
  'LEAD.EMAIL': 'Email',
  'LEAD.COMPANY': 'Company',
  'LEAD.STATUS': 'Status',
};
const apiName = (column: string) => STANDARD_COLUMNS[column] ?? column;

export class ListViews {
  private readonly org: Org;
  private readonly details = new Map<string, ListViewMetadata>();

  constructor(org: Org) {
    this.org = org;
  }

  private split(fullName: string): { object: SObject; name: string } {
    const [on = '', name = ''] = fullName.split('.');
    const object = this.org.objects.get(on);
    if (!object || !/^[A-Za-z]\w{0,39}$/.test(name))
      throw badRequest('INVALID_FIELD', `not a name of a list view: ${fullName}`);
    return { object, name };
  }

  private row(fullName: string): Row | undefined {
    const { object, name } = this.split(fullName);
    for (const row of this.org.table('ListView').where('DeveloperName', name))
      if (row.f.SobjectType === object.name) return row;
    return undefined;
  }

  create(metadata: ListViewMetadata): Row {
    if (this.row(metadata.fullName))
      throw badRequest('DUPLICATE_DEVELOPER_NAME', `There is already a list view named ${metadata.fullName}`);
    const { object, name } = this.split(metadata.fullName);
    this.check(object, metadata);
    const row = this.org.insert(this.org.object('ListView'), {
      Name: metadata.label,
      DeveloperName: name,
      SobjectType: object.name,
    });
    this.details.set(row.id, metadata);
    return row;
  }

  update(metadata: ListViewMetadata): Row {
    const row = this.row(metadata.fullName);
    if (!row) throw badRequest('INVALID_CROSS_REFERENCE_KEY', `no ListView named ${metadata.fullName} found`);
    this.check(this.split(metadata.fullName).object, metadata);
    this.org.update(this.org.object('ListView'), row, { Name: metadata.label });
    this.details.set(row.id, metadata);
    return row;
  }

  remove(fullName: string): Row {
    const row = this.row(fullName);
    if (!row) throw badRequest('INVALID_CROSS_REFERENCE_KEY', `no ListView named ${fullName} found`);
    this.org.purge(this.org.object('ListView'), row);
    this.details.delete(row.id);
    return row;
  }

  read(fullName: string): ListViewMetadata | null {
    const row = this.row(fullName);
    return (row && this.details.get(row.id)) ?? null;
  }

  names(): string[] {
    return [...this.details.values()].map((one) => one.fullName);
  }

  private check(object: SObject, metadata: ListViewMetadata): void {
    if (metadata.label.length > 40)
      throw badRequest(
        'STRING_TOO_LONG',
        `View Name: data value too large (max length=40): ${metadata.label}`,
      );
    if (metadata.filters.length > 10) throw badRequest('INVALID_INPUT', 'a list view has at most 10 filters');
    for (const name of [...metadata.columns, ...metadata.filters.map((filter) => filter.field)]) {
      if (!object.fields.has(apiName(name).toLowerCase()))
        throw badRequest('INVALID_FIELD', `Could not resolve list view column: ${name}`);
    }
    this.where(object, metadata);
  }

  /** What the list shows, as SOQL. */
  soql(id: string): string {
    const row = this.org.row('ListView', id);
    const metadata = row && this.details.get(row.id);
    if (!row || !metadata) throw notFound();
    const object = this.org.object(String(row.f.SobjectType));
    const where = this.where(object, metadata);
    const columns = new Set(['Id', ...metadata.columns.map(apiName)]);
    return `SELECT ${[...columns].join(', ')} FROM ${object.name}${where && ` WHERE ${where}`} ORDER BY Id`;
  }

  /** Ids that the list shows now. */
  members(id: string): string[] {
    const result = runSoql(this.org, this.soql(id), false);
    return result.kind === 'rows' ? result.rows.map((row) => row.id) : [];
  }

  private where(object: SObject, { filters, booleanFilter }: ListViewMetadata): string {
    const parts = filters.map(({ field, operation, value = '' }) => {
      const name = apiName(field);
      const { type } = columnOf(this.org, object, [name]).field;
      const quoted = (text: string) =>
        type === 'boolean'
          ? String(/^(1|true)$/i.test(text))
          : ['date', 'datetime', 'int', 'double', 'currency', 'percent'].includes(type)
            ? text
            : `'${text.replace(/['\\]/g, '\\$&')}'`;
      const values = type === 'boolean' ? [value] : value.split(',').map((one) => one.trim());
      const any = (operator: string, wrap = (text: string) => text) =>
        `(${values.map((one) => `${name} ${operator} ${quoted(wrap(one))}`).join(' OR ')})`;
      switch (operation) {
        case 'equals':
          return value === ''
            ? `${name} = null`
            : type === 'multipicklist'
              ? any('=')
              : `${name} IN (${values.map(quoted).join(',')})`;
        case 'notEqual':
          return value === '' ? `${name} != null` : `(NOT ${any('=')})`;
        case 'lessThan':
          return any('<');
        case 'greaterThan':
          return any('>');
        case 'lessOrEqual':
          return any('<=');
        case 'greaterOrEqual':
          return any('>=');
        case 'contains':
          return any('LIKE', (text) => `%${text}%`);
        case 'notContain':
          return `(NOT ${any('LIKE', (text) => `%${text}%`)})`;
        case 'startsWith':
          return any('LIKE', (text) => `${text}%`);
        case 'includes':
          return `${name} INCLUDES (${values.map(quoted).join(',')})`;
        case 'excludes':
          return `${name} EXCLUDES (${values.map(quoted).join(',')})`;
        default:
          throw badRequest('INVALID_INPUT', `unknown filter operation ${operation}`);
      }
    });
    if (!booleanFilter) return parts.join(' AND ');
    return booleanFilter.replace(/\d+/g, (n) => parts[Number(n) - 1] ?? '').trim();
  }
}
