import { Environment } from '../../config.ts';
import { code, markdownTable, page, plain } from './markdown.ts';

/** Which variables stand together, by how they begin; the first that fits. */
const GROUPS: readonly [title: string, pattern: RegExp][] = [
  ['Where the data is', /^(DATABASE|REDIS|DATA_DIR|ENCRYPTION)/],
  ['The processes', /^(PORT|HOST|PUBLIC_URL|TRUST_PROXY|LOG_LEVEL|WORKER)/],
  ['HubSpot', /^HUBSPOT/],
  ['Salesforce', /^SALESFORCE/],
  ['Who comes in', /^(INSTALLS|OIDC)/],
  ['Mail and alerts', /^(SMTP|MAIL|ALERTS)/],
  ['Operation', /./],
];

/** Every environment variable, in the order of src/config.ts. */
export function configurationPage(): string {
  const left = new Map(Object.entries(Environment.shape));
  const parts = GROUPS.flatMap(([title, pattern]) => {
    const rows: string[][] = [];
    for (const [name, schema] of [...left]) {
      if (!pattern.test(name)) continue;
      left.delete(name);
      const { value } = schema['~standard'].validate(undefined) as { value?: unknown };
      rows.push([code(name), plain(schema.description ?? ''), defaultOf(value)]);
    }
    return rows.length === 0
      ? []
      : [`## ${title}`, markdownTable(['variable', 'what it is', 'default'], rows)];
  });
  return page(
    'Settings',
    'All settings are environment variables, and all have a default or may be left out. An empty one counts as unset; a malformed one stops the start with a line that names it. Beside them, the Postgres driver reads `PGSSLMODE` where `DATABASE_URL` says nothing about TLS.',
    parts,
  );
}

function defaultOf(value: unknown): string {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return '';
  return code(String(value));
}
