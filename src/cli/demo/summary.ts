import { showShare } from '../../model/share-words.ts';
import type { Totals } from '../../views/totals.ts';
import pc from '../colours.ts';
import { bar, count, money, type Output, table } from '../output.ts';

/** One CRM's part of the answer: all runs together, tokens and preparation included. */
export type CrmSummary = {
  calls: number;
  writes: number;
  throttled: number;
  rulesBroken: number;
  mismatches: number;
};

export type SegmentSummary = { segmentation: string; segment: string; size: number; revenue: number };

/** What `demo --json` prints. */
export type DemoSummary = {
  contacts: number;
  companies: number;
  deals: number;
  persons: number;
  revenue: number;
  uncredited: number;
  segments: SegmentSummary[];
  unlabelled: Record<string, number>;
  hubspot: CrmSummary | null;
  salesforce: CrmSummary | null;
  unchangedRun: { calls: number; writes: number };
  changedRun: { changes: number; calls: number; writes: number; mismatches: number };
  seconds: number;
};

export type Named = {
  subject: 'person' | 'company';
  key: string;
  name: string;
  labels: 'one' | 'many';
  segments: { key: string; name: string }[];
};

export function showTotals(totals: Totals, currency: string, output: Output): void {
  output.line(
    `  ${pc.bold(count(totals.contacts))} contacts, ${pc.bold(count(totals.companies))} companies and ` +
      `${pc.bold(count(totals.deals))} deals are ${pc.bold(count(totals.persons))} persons with ` +
      `${pc.bold(money(totals.revenue, currency))} of revenue` +
      (totals.uncredited > 0 ? ` (${money(totals.uncredited, currency)} of it belongs to nobody).` : '.'),
  );
}

/** Segments with size, share and revenue, one block a segmentation. */
export function showSegments(
  definitions: readonly Named[],
  segments: readonly SegmentSummary[],
  unlabelled: Record<string, number>,
  totals: { persons: number; currency: string },
  output: Output,
): void {
  for (const definition of definitions) {
    const own = segments.filter(({ segmentation }) => segmentation === definition.key);
    const most = Math.max(1, ...own.map(({ size }) => size));
    const none = unlabelled[definition.key] ?? 0;
    // With one label each, the sizes and those without one are everybody.
    const all =
      definition.labels === 'one' ? own.reduce((sum, { size }) => sum + size, none) : totals.persons;
    const rows = definition.segments.map(({ key, name }) => {
      const found = own.find(({ segment }) => segment === key);
      const size = found?.size ?? 0;
      const share = all === 0 ? 0 : size / all;
      return [
        `  ${name}`,
        pc.cyan(bar(size / most, 16)),
        count(size),
        showShare(share),
        money(found?.revenue ?? 0, totals.currency),
      ];
    });
    if (none > 0) rows.push([pc.dim('  none of them'), '', count(none), '', '']);
    output.line();
    output.line(
      pc.bold(definition.name) + pc.dim(definition.labels === 'many' ? '  (somebody may be in several)' : ''),
    );
    output.line(
      table(['', '', definition.subject === 'person' ? 'people' : 'companies', 'share', 'revenue'], rows),
    );
  }
}

/** Calls against the limit, and whether every record shows what it should. */
export function showCrm(name: string, limit: string, crm: CrmSummary, output: Output): void {
  const isRight = crm.mismatches === 0 && crm.throttled === 0 && crm.rulesBroken === 0;
  const mark = isRight ? pc.green('✓') : pc.red('✗');
  output.line(
    `  ${mark} ${name.padEnd(11)}${count(crm.calls)} calls, ${count(crm.writes)} of them writes; limit ${limit}; ` +
      `throttled ${crm.throttled}, rules broken ${crm.rulesBroken}, records that differ from the store ${crm.mismatches}`,
  );
}
