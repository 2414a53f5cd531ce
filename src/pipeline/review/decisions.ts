import { z } from 'zod';
import { suggestionKinds } from '../../review/suggestions.ts';
import { listAudit } from '../../store/audit.ts';
import type { Queryable } from '../../store/pool.ts';
import type { Tenant } from '../../store/tenant.ts';

const Decided = z.object({
  version: z.number().int(),
  note: z.string().nullable(),
  suggestion: z.object({
    id: z.string(),
    kind: z.enum(suggestionKinds),
    segments: z.array(z.string()),
    evidence: z.array(z.string()),
    action: z.string(),
    template: z.string().optional(),
  }),
});

/** What somebody said to a suggestion, for one version of the segmentation. */
export type Decision = z.infer<typeof Decided> & { decision: 'accepted' | 'dismissed'; by: string; at: Date };

export const ACTIONS = { accepted: 'suggestion.accept', dismissed: 'suggestion.dismiss' } as const;

/** All decisions on a segmentation, newest first; the audit keeps them. */
export async function readDecisions(db: Queryable, tenant: Tenant, key: string): Promise<Decision[]> {
  const rows = await listAudit(db, tenant, { subject: key, actions: Object.values(ACTIONS) });
  return rows.map(({ actor, at, action, after }) => ({
    ...Decided.parse(after),
    decision: action === ACTIONS.accepted ? 'accepted' : 'dismissed',
    by: actor,
    at,
  }));
}
