import { z } from 'zod';
import { RemoteError } from '../../src/errors.ts';
import type { Context } from '../contract.ts';
import { MARKER, PERMISSION_SET } from './app.ts';
import { call, dataPath, SaveResult } from './client.ts';
import type { SalesforceConfig } from './config.ts';
import { chunks, inList, query, quote, wholeQuery } from './soql.ts';

/** A field to be shown: its object, and object and field together. */
export type Grant = { sobject: string; field: string };

/**
 * Lets the connected user see and edit fields, through our permission set; a new field is seen by nobody. Returns
 * what stood in the way, or null.
 */
export async function grantFields(
  context: Context<SalesforceConfig>,
  grants: Grant[],
): Promise<string | null> {
  try {
    const setId = (await permissionSetId(context)) ?? (await createSet(context));
    await assign(context, setId);
    return await grantAll(context, setId, grants);
  } catch (error) {
    const isRefused =
      error instanceof RemoteError && !error.retryable && error.status >= 400 && error.status < 500;
    if (!isRefused) throw error;
    return error.message;
  }
}

/** The one made by us or by an admin: that of the package is nobody's to change. */
export async function permissionSetId(context: Context<SalesforceConfig>): Promise<string | null> {
  const { rows } = await query(
    context,
    `SELECT Id FROM PermissionSet WHERE Name = ${quote(PERMISSION_SET)} AND NamespacePrefix = null`,
  );
  const id = rows[0]?.('Id');
  return typeof id === 'string' ? id : null;
}

/** Who has been given a permission set: the ids of the assignments. */
export async function assignmentsOf(context: Context<SalesforceConfig>, setId: string): Promise<string[]> {
  const soql = `SELECT Id FROM PermissionSetAssignment WHERE PermissionSetId = ${quote(setId)}`;
  return (await wholeQuery(context, soql)).map((row) => String(row('Id')));
}

const Made = z.object({ id: z.string() });

async function createSet(context: Context<SalesforceConfig>): Promise<string> {
  const body = { Name: PERMISSION_SET, Label: 'Segment Sync', Description: MARKER };
  const path = dataPath('/sobjects/PermissionSet');
  return (await call(context, { method: 'POST', path, body, write: true, rows: 1 }, Made)).data.id;
}

const UserInfo = z.object({ user_id: z.string() });

/** The id of the user whose token we have. */
export async function connectedUser(context: Context<SalesforceConfig>): Promise<string> {
  const { data } = await call(context, { method: 'GET', path: '/services/oauth2/userinfo' }, UserInfo);
  return data.user_id;
}

async function assign(context: Context<SalesforceConfig>, setId: string): Promise<void> {
  const userId = await connectedUser(context);
  const soql = `SELECT Id FROM PermissionSetAssignment WHERE PermissionSetId = ${quote(setId)} AND AssigneeId = ${quote(userId)}`;
  if ((await query(context, soql)).rows.length > 0) return;
  const body = { PermissionSetId: setId, AssigneeId: userId };
  const path = dataPath('/sobjects/PermissionSetAssignment');
  await call(context, { method: 'POST', path, body, write: true, rows: 1 }, Made);
}

const COLLECTION = 200;

async function grantAll(
  context: Context<SalesforceConfig>,
  setId: string,
  grants: Grant[],
): Promise<string | null> {
  const fields = grants.map(({ field }) => field);
  const soql = `SELECT Id, Field FROM FieldPermissions WHERE ParentId = ${quote(setId)} AND Field IN ${inList(fields)}`;
  const known = new Map(
    (await query(context, soql)).rows.map((row) => [String(row('Field')), String(row('Id'))]),
  );
  const rights = { PermissionsRead: true, PermissionsEdit: true };
  const inserts = grants
    .filter(({ field }) => !known.has(field))
    .map(({ sobject, field }) => ({ ParentId: setId, SobjectType: sobject, Field: field, ...rights }));
  const updates = [...known.values()].map((id) => ({ id, ...rights }));
  const problems = [await save(context, 'POST', inserts), await save(context, 'PATCH', updates)];
  return problems.find((problem) => problem !== null) ?? null;
}

async function save(
  context: Context<SalesforceConfig>,
  method: 'POST' | 'PATCH',
  rows: Record<string, unknown>[],
): Promise<string | null> {
  for (const some of chunks(rows, COLLECTION)) {
    const records = some.map((row) => ({ attributes: { type: 'FieldPermissions' }, ...row }));
    const { data } = await call(
      context,
      {
        method,
        path: dataPath('/composite/sobjects'),
        body: { allOrNone: false, records },
        write: true,
        idempotent: true,
        rows: some.length,
      },
      z.array(SaveResult),
    );
    const error = data
      .flatMap(({ errors }) => errors)
      .find(({ statusCode }) => statusCode !== 'DUPLICATE_VALUE');
    if (error) return `${error.statusCode} ${error.message}`;
  }
  return null;
}
