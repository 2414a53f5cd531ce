/** What a sandbox CRM is filled with; the company generator and the CSV loader make it. */

/** One record, in the CRM's own property names. `ref` links rows; a ref of digits alone is kept as the record id. */
export type SeedRow = {
  ref: string;
  properties: Record<string, string | number | boolean | null>;
  /** ISO 8601, UTC. */
  createdAt: string;
  updatedAt: string;
  links?: { to: 'contact' | 'company' | 'deal'; ref: string; primary?: boolean; role?: string }[];
};

export type CrmSeed = {
  contacts: SeedRow[];
  companies: SeedRow[];
  deals: SeedRow[];
  /** Salesforce only; empty for HubSpot. */
  leads: SeedRow[];
  owners: { ref: string; email: string; name: string }[];
  pipelines: {
    id: string;
    label: string;
    stages: { id: string; label: string; isWon: boolean; isClosed: boolean }[];
  }[];
  /** Properties beyond those that every account of the CRM has. */
  properties: {
    object: 'contact' | 'company' | 'deal' | 'lead';
    name: string;
    label: string;
    type: string;
    fieldType?: string;
    options?: { value: string; label: string }[];
  }[];
};
