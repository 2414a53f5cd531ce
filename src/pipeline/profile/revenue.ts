import { z } from 'zod';
import { Key } from '../../model/attribute.ts';

const Names = z.array(z.string().min(1)).min(1);

/**
 * What counts as revenue on one connection, asked at setup: `connection.config.revenue`. Fields that are left out
 * leave nothing out.
 */
export const RevenueSetting = z.object({
  kind: z
    .enum(['deals', 'subscriptions'])
    .default('deals')
    .describe('Each won deal is a sale, or a subscription with a recurring amount'),
  pipelines: Names.optional().describe('Only these pipelines or record types'),
  wonStages: Names.optional().describe(
    "Stages that mean won, where the CRM's own flag is not to be believed",
  ),
  dealTypes: Names.optional().describe('Only these deal types'),
  amount: Key.default('amount').describe('The deal attribute that holds the amount'),
  refunds: z
    .object({
      dealTypes: Names.optional().describe('Deal types that are refunds, whatever the sign of their amount'),
      policy: z
        .enum(['subtract', 'ignore'])
        .default('subtract')
        .describe('Take refunds off revenue, or leave them out'),
    })
    .prefault({})
    .describe('Refunds: deals of these types, and deals with a negative amount'),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'use an ISO 4217 code such as EUR')
    .optional()
    .describe("The account's home currency, where the CRM does not say it"),
});
export type RevenueSetting = z.infer<typeof RevenueSetting>;

/** One connection's setting as a row for the statements below, which join it as `cfg`. */
export type RevenueRow = {
  connection_id: string;
  pipelines: string[] | null;
  won_stages: string[] | null;
  deal_types: string[] | null;
  amount: string;
  refund_types: string[] | null;
  ignore_refunds: boolean;
  home: string;
};

/** `home` is the account's own currency; what nobody said is the tenant's. */
export function revenueRow(connectionId: string, config: unknown, home: string): RevenueRow {
  const setting = RevenueSetting.parse(config ?? {});
  // A subscription's revenue is what recurs, unless another attribute was chosen.
  const isDefaultAmount = setting.kind === 'subscriptions' && setting.amount === 'amount';
  return {
    connection_id: connectionId,
    pipelines: setting.pipelines ?? null,
    won_stages: setting.wonStages ?? null,
    deal_types: setting.dealTypes ?? null,
    amount: isDefaultAmount ? 'recurring_amount' : setting.amount,
    refund_types: setting.refunds.dealTypes ?? null,
    ignore_refunds: setting.refunds.policy === 'ignore',
    home: setting.currency ?? home,
  };
}

/** The columns of a RevenueRow, for jsonb_to_recordset. */
export const REVENUE_COLUMNS =
  'connection_id text, pipelines text[], won_stages text[], deal_types text[], amount text, refund_types text[],' +
  ' ignore_refunds boolean, home text';

/**
 * SQL expressions over a deal's merged properties `p` (jsonb) and its setting `cfg`. Values were checked when they
 * were read, so casts are safe.
 */
export const revenueSql = {
  won: `case when cfg.won_stages is null then (p ->> 'won')::boolean
             else coalesce(p ->> 'stage' = any(cfg.won_stages), false) end`,
  closed: `case when cfg.won_stages is not null and p ->> 'stage' = any(cfg.won_stages) then true
                else (p ->> 'closed')::boolean end`,
  /** In the deal's currency, refunds negative. */
  amount: `case when p ->> 'deal_type' = any(cfg.refund_types) then -abs((p ->> cfg.amount)::numeric)
                else (p ->> cfg.amount)::numeric end`,
  counts: `(cfg.pipelines is null or coalesce(p ->> 'pipeline' = any(cfg.pipelines), false))
           and (cfg.deal_types is null or coalesce(p ->> 'deal_type' = any(cfg.deal_types || cfg.refund_types), false))
           and not (cfg.ignore_refunds and (coalesce(p ->> 'deal_type' = any(cfg.refund_types), false)
                                            or coalesce((p ->> cfg.amount)::numeric < 0, false)))`,
  currency: `coalesce(upper(p ->> 'currency'), cfg.home)`,
} as const;
