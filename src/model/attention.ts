/**
 * Segments whose members are about to be lost, by key: those of the templates. A segment of one's own with such a
 * key counts as well.
 */
export const AT_RISK: ReadonlySet<string> = new Set([
  'at_risk',
  'cant_lose',
  'about_to_sleep',
  'need_attention',
  'slipping',
  'value_at_risk',
  'contract_ending',
  'overdue',
  'detractor',
]);
