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

      -- append only; who: a user's e-mail, a token's name, or a part of the program
      create table app.audit (
        id bigint generated always as identity primary key,
        tenant_id text references app.tenant on delete cascade,
        at timestamptz not null default now(),
        actor text not null,
        action text not null,
        subject text not null,
        before jsonb,
        after jsonb,
        -- the address that the request came from; null where nobody asked over the network
        origin text
      );
      create index audit_tenant_at on app.audit (tenant_id, at desc, id desc);

      -- people and programs that come in ---------------------------------------------------------------------
      create table app.account (
        id text primary key,
        email text not null unique check (email = lower(email)),
        name text not null default '',
        created_at timestamptz not null default now(),
        seen_at timestamptz
      );

      create table app.member (
        tenant_id text not null references app.tenant on delete cascade,
        account_id text not null references app.account on delete cascade,
        role text not null check (role in ('admin', 'revops', 'approver', 'viewer')),
        -- the weekly digest of one's own customers
        digest boolean not null default true,
        -- the Monday of the week whose digest was sent last
        digest_week date,
        added_by text not null,
        added_at timestamptz not null default now(),
        primary key (tenant_id, account_id)
      );
      create index member_account on app.member (account_id);

      -- keyed by the hash of the cookie's value, never the value
      create table app.session (
        hash bytea primary key,
        account_id text not null references app.account on delete cascade,
        tenant_id text not null references app.tenant on delete cascade,
        csrf text not null,
        created_at timestamptz not null default now(),
        seen_at timestamptz not null default now(),
        expires_at timestamptz not null
      );
      create index session_account on app.session (account_id);

      -- invitations and one-time links, by the hash of what the link carries
      create table app.sign_in_link (
        hash bytea primary key,
        tenant_id text not null references app.tenant on delete cascade,
        email text not null,
        role text not null,
        created_by text not null,
        created_at timestamptz not null default now(),
        expires_at timestamptz not null,
        used_at timestamptz
      );

      -- authorisations that were begun in a browser, by the hash of their state; single use
      create table app.oauth_state (
        hash bytea primary key,
        -- connect, install, sign_in
        purpose text not null,
        -- hubspot, salesforce, or the key of an identity provider
        system text not null,
        tenant_id text references app.tenant on delete cascade,
        -- hash of the browser's cookie: an answer in another browser is refused
        browser bytea not null,
        -- { verifier, nonce, config, mode, returnTo }, sealed
        secret bytea not null,
        created_at timestamptz not null default now(),
        expires_at timestamptz not null,
        used_at timestamptz
      );

      create table app.api_token (
        id text primary key,
        tenant_id text not null references app.tenant on delete cascade,
        name text not null,
        hash bytea not null unique,
        permissions text[] not null,
        created_by text not null,
        created_at timestamptz not null default now(),
        expires_at timestamptz not null,
        last_used_at timestamptz,
        revoked_at timestamptz
      );
      create index api_token_tenant on app.api_token (tenant_id);

      -- answers to requests that start work, so that the same request again does not start it twice
      create table app.idempotency (
        tenant_id text not null references app.tenant on delete cascade,
        key text not null,
        request_hash bytea not null,
        -- null while the first request is under way
        status int,
        body jsonb,
        created_at timestamptz not null default now(),
        primary key (tenant_id, key)
      );

      -- what needs a person: one row an incident, closed when it ends
      create table app.alert (
        id bigint generated always as identity primary key,
        tenant_id text not null references app.tenant on delete cascade,
        -- run_failed, brake, refusals, drift, connection, review
        kind text not null,
        -- what it is about within its kind: a connection, a target, a segmentation
        subject text not null,
        title text not null,
        message text not null,
        action text not null,
        -- a page of the workspace
        path text not null,
        since timestamptz not null default now(),
        ended_at timestamptz,
        -- channels that were told of its beginning, and of its end
        told text[] not null default '{}',
        told_end text[] not null default '{}'
      );
      create unique index alert_open on app.alert (tenant_id, kind, subject) where ended_at is null;
      create index alert_tenant on app.alert (tenant_id, id desc);

      -- where alerts go, sealed: the addresses of incoming webhooks are secrets
      create table app.alert_setting (
        tenant_id text primary key references app.tenant on delete cascade,
        sealed bytea not null
      );
    `,
  },
  {
    version: 2,
    name: 'limits on requests over all web processes',
    sql: `
      -- requests of one caller within a window; unlogged, as a crash may forget them
      create unlogged table app.request_count (
        -- hash of the limit's name and the caller
        key text primary key,
        hits int not null,
        until timestamptz not null
      );
    `,
  },
];
