import { DateTime } from 'luxon';
import { connectors } from '../../../connectors/registry.ts';
import { heldOutSql } from '../../review/experiment.ts';
import { newBindings } from '../../segmentation/bindings.ts';
import type { Segmentation } from '../../segmentation/definition.ts';
import { labelColumn, listAttributes, listLabelColumns } from '../../store/columns.ts';
import { listConnections } from '../../store/connections.ts';
import { listExperiments } from '../../store/experiments.ts';
import { quoted } from '../../store/identifier.ts';
import { notePlanned, runToPlan } from '../../store/play-tasks.ts';
import { type Pool, transaction } from '../../store/pool.ts';
import { recordTables } from '../../store/records.ts';
import { listPublished } from '../../store/segmentations.ts';
import type { Tenant } from '../../store/tenant.ts';
import { refusesProfiling } from '../push/desired.ts';
import { weekOf } from './week.ts';

/** Customers moved by themselves; a new definition or model moves many at once, and is no news of any of them. */
const CAUSES = `('data', 'time', 'merge')`;

/**
 * Writes down one task for each customer who entered a segment in the last full run whose play has one: for the owner
 * of the record, in the first CRM where the segmentation is written. At most so many for one owner and week, the most
 * valuable customers first; who comes after gets none. A run is looked at once. Returns how many were written down.
 */
export async function planPlayTasks(pool: Pool, tenant: Tenant, now: Date): Promise<number> {
  const cap = tenant.policy.tasksPerOwnerAndWeek;
  const connectionIds = (await listConnections(pool, tenant))
    .filter(({ state, system }) => state === 'connected' && connectors[system]?.task !== undefined)
    .map(({ id }) => id);
  return transaction(pool, async (client) => {
    const run = await runToPlan(client, tenant);
    if (run === null) return 0;
    await notePlanned(client, tenant, run.id);
    const { schema } = tenant;
    const attributes = await listAttributes(client, tenant);
    const experiments = (await listExperiments(client, tenant)).flatMap(({ state, experiment }) =>
      state === 'running' ? [experiment] : [],
    );
    const columns = {
      person: new Set(await listLabelColumns(client, tenant, 'person')),
      company: new Set(await listLabelColumns(client, tenant, 'company')),
    };
    const { bind, values } = newBindings();
    const bound = {
      run: bind(run.id, 'bigint'),
      at: bind(run.asOf.toISOString(), 'timestamptz'),
      connections: bind(connectionIds, 'text[]'),
    };

    // Keys are a-z, 0-9 and _, and come from definitions that were parsed.
    const entrants = (definition: Segmentation, segment: string): string => {
      const { key, subject, labels } = definition;
      const object = subject === 'person' ? 'contact' : 'company';
      const { table, subject: link } = recordTables[object];
      const column = `s.${quoted(labelColumn(key))}`;
      const isKnown = attributes.some((one) => one.owner === subject && one.key === 'revenue_total');
      const refused = subject === 'person' ? refusesProfiling(attributes, 's') : 'false';
      const without = experiments
        .filter((one) => one.segmentation === key && one.segment === segment)
        .map((one) => ` and not ${heldOutSql(one, 's.id')}`);
      return `(
        select distinct on (s.id) '${subject}' as subject, s.id as subject_id, '${key}' as segmentation,
          '${segment}' as segment, r.connection_id, '${object}' as object, r.id as record_id,
          r.properties ->> 'owner' as owner, ${isKnown ? 'coalesce(s.revenue_total, 0)::numeric' : '0::numeric'} as value
        from ${schema}.label_change c
        join ${schema}.${subject} s on s.id = c.subject_id
        join ${schema}.${table} r on r.${link} = s.id and r.state = 'live' and r.properties ->> 'owner' <> ''
        join unnest(${bound.connections}) with ordinality as k (id, rank) on k.id = r.connection_id
        where c.at = ${bound.at} and c.run_id = ${bound.run} and c.subject = '${subject}'
          and c.segmentation = '${key}' and '${segment}' = any(c.entered) and c.cause in ${CAUSES}
          and ${labels === 'many' ? `'${segment}' = any(${column})` : `${column} = '${segment}'`}
          and not ${refused}${without.join('')}
          and exists (select from ${schema}.target t where t.connection_id = r.connection_id and t.object = '${object}'
            and t.segmentation = '${key}' and (t.segment is null or t.segment = '${segment}')
            and t.state = 'live' and t.reason is null)
        order by s.id, k.rank, r.id)`;
    };
    const parts = (await listPublished(client, tenant)).flatMap(({ definition }) =>
      columns[definition.subject].has(labelColumn(definition.key))
        ? definition.segments.flatMap(({ key, play }) => (play?.task ? [entrants(definition, key)] : []))
        : [],
    );
    if (parts.length === 0 || connectionIds.length === 0) return 0;
    const week = bind(weekOf(tenant, now), 'date');
    const day = bind(DateTime.fromJSDate(run.asOf, { zone: tenant.zone }).toISODate() ?? '', 'date');
    const { rowCount } = await client.query(
      `with entered as (${parts.join(' union all ')}),
       fresh as (
         select e.*, row_number() over (
           partition by connection_id, owner order by value desc, subject, subject_id, segmentation, segment) as place
         from entered e where not exists (
           select from ${schema}.play_task p where p.subject = e.subject and p.subject_id = e.subject_id
             and p.segmentation = e.segmentation and p.segment = e.segment and p.entered_on = ${day})
       )
       insert into ${schema}.play_task (subject, subject_id, segmentation, segment, entered_on, connection_id, object,
         record_id, owner, week, state)
       select subject, subject_id, segmentation, segment, ${day}, connection_id, object, record_id, owner, ${week},
         'queued'
       from fresh f
       where place + (select count(*) from ${schema}.play_task p where p.connection_id = f.connection_id
         and p.owner = f.owner and p.week = ${week} and p.state <> 'failed') <= ${bind(cap, 'int')}
       on conflict do nothing`,
      values,
    );
    return rowCount;
  });
}
