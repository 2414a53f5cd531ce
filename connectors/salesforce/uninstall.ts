import { z } from 'zod';
import { RemoteError } from '../../src/errors.ts';
import type { ObjectType } from '../../src/model/record.ts';
import type { Context, Json, TargetKind } from '../contract.ts';
import { PERMISSION_SET } from './app.ts';
import { call, dataPath, send } from './client.ts';
import type { SalesforceConfig } from './config.ts';
import { isNotFound } from './dialect.ts';
import { deleteMetadata } from './metadata-api.ts';
import { assignmentsOf, permissionSetId } from './permissions.ts';
import { CampaignRemote, FieldRemote, ListViewRemote, viewsOf } from './remotes.ts';

/**
 * Takes the app out of the org. `nothing` deletes the list views, campaigns and fields that we made, with their
 * values; `values` leaves them. Says what was done and what stays.
 */
export async function uninstallSalesforce(
  context: Context<SalesforceConfig>,
  options: {
    keep: 'values' | 'nothing';
    remotes: { kind: TargetKind; object: ObjectType; remote: Json }[];
  },
): Promise<{ done: string[]; stays: string[] }> {
  const of = <T>(schema: z.ZodType<T>) =>
    options.remotes.flatMap(({ remote }) => schema.safeParse(remote).data ?? []);
  const views = of(ListViewRemote).flatMap(viewsOf);
  const campaigns = of(CampaignRemote);
  const fields = of(FieldRemote).flatMap(({ property, ids }) =>
    Object.entries(ids).map(([sobject, id]) => ({ id, name: `${sobject}.${property}` })),
  );
  const done: string[] = [];
  const stays: string[] = [];
  if (options.keep === 'values') {
    stays.push(...views.map(({ fullName }) => `list view ${fullName}`));
    stays.push(...campaigns.map(({ name }) => `campaign "${name}"`));
    stays.push(...fields.map(({ name }) => `field ${name}`));
  } else {
    const remove = async (what: string, run: () => Promise<unknown>) => {
      (await removed(run)) ? done.push(`${what} deleted`) : stays.push(what);
    };
    // Views filter on fields: a field in use can't go.
    for (const { fullName } of views) {
      await remove(`list view ${fullName}`, () => deleteMetadata(context, 'ListView', fullName));
    }
    for (const { id, name } of campaigns) {
      await remove(`campaign "${name}"`, () => deleteAt(context, `/sobjects/Campaign/${id}`));
    }
    for (const { id, name } of fields) {
      await remove(`field ${name}`, () => deleteAt(context, `/tooling/sobjects/CustomField/${id}`));
    }
    const setId = await permissionSetId(context);
    if (setId !== null) {
      await remove(`permission set ${PERMISSION_SET}`, async () => {
        // One that somebody holds can't go.
        for (const id of await assignmentsOf(context, setId))
          await deleteAt(context, `/sobjects/PermissionSetAssignment/${id}`);
        await deleteAt(context, `/sobjects/PermissionSet/${setId}`);
      });
    }
  }
  await revoke(context);
  done.push('our token revoked');
  stays.push('the app itself, which an admin uninstalls under Setup, Installed Packages');
  return { done, stays };
}

const deleteAt = (context: Context<SalesforceConfig>, rest: string) =>
  call(
    context,
    { method: 'DELETE', path: dataPath(rest), write: true, rows: 1, expect: 'nothing' },
    z.unknown(),
  );

/** What is gone already is as it should be; what Salesforce keeps is told. */
async function removed(run: () => Promise<unknown>): Promise<boolean> {
  try {
    await run();
    return true;
  } catch (error) {
    if (isNotFound(error)) return true;
    if (error instanceof RemoteError && !error.retryable) return false;
    throw error;
  }
}

async function revoke(context: Context<SalesforceConfig>): Promise<void> {
  await send(context, {
    method: 'POST',
    path: '/services/oauth2/revoke',
    text: {
      type: 'application/x-www-form-urlencoded',
      of: ({ accessToken }) => new URLSearchParams({ token: accessToken }).toString(),
    },
    write: true,
    idempotent: true,
    expect: 'text',
  });
}
