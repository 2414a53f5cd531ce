import type { Migration } from './run.ts';

/** Migrations of schema `app`: what is needed before a tenant is known. Only forward, never edited once released. */
export const appMigrations: Migration[] = [
  {
    version: 1,
    name: 'tenants, connections, budgets',
    sql: `
      create table app.tenant (
        id text primary key check (id ~ '^[a-z0-9]{1,24}$'),
        name text not null,
        zone text not null default 'UTC',
        currency text not null default 'USD' check (currency ~ '^[A-Z]{3}$'),
        fiscal_year_start int not null default 1 check (fiscal_year_start between 1 and 12),
        -- brakes, release and hand-edit policy; a zod schema holds it
        policy jsonb not null default '{}',
        schema_version int not null default 0,
        created_at timestamptz not null default now()
      );

      create table app.connection (
        id text primary key,
        tenant_id text not null references app.tenant on delete cascade,
        system text not null,
        name text not null,
        mode text not null default 'production' check (mode in ('production', 'test')),
        state text not null default 'connected' check (state in ('connected', 'needs_you', 'disconnected')),
        -- { code, message, action, since } where state is needs_you
        reason jsonb,
        -- the CRM's own id of the account: portal, organisation, folder
        account_id text not null,
        -- settings without secrets: addresses, what counts as revenue, which connection ranks higher
        config jsonb not null default '{}',
        rank int not null default 0,
        secret bytea,
        created_at timestamptz not null default now(),
        unique (tenant_id, system, account_id)
      );

      -- permits leased from a connection's budgets; one row a budget, locked for the length of one statement
      create table app.budget (
        connection_id text not null references app.connection on delete cascade,
        name text not null,
        -- { grants: [[ms, permits]...], notBefore, remaining, limit, day, dayUsed }
        state jsonb not null default '{}',
        primary key (connection_id, name)
      );

      create table app.setting (
        key text primary key,
        value jsonb not null
      );

      -- people who must never come back: keyed hashes of their e-mails and records, never those themselves
      create table app.suppression (
        tenant_id text not null references app.tenant on delete cascade,
        hash bytea not null,
        reason text not null,
        created_at timestamptz not null default now(),
        primary key (tenant_id, hash)
      );

      create table app.audit (
        id bigint generated always as identity primary key,
        tenant_id text references app.tenant on delete cascade,
        at timestamptz not null default now(),
        actor text not null,
        action text not null,
        subject text not null,
        before jsonb,
        after jsonb
      );
      create index audit_tenant_at on app.audit (tenant_id, at desc);
    `,
  },
];
