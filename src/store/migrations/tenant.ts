import type { Migration } from './run.ts';

/**
 * Migrations of a tenant's schema; `{schema}` stands for its quoted name. Only forward, never edited once released.
 * Attribute columns of person, company and deal carry the attribute's key as their name; label columns are
 * `label_<segmentation key>`. Both are added by store/columns.ts, not here.
 */
export const tenantMigrations: Migration[] = [
  {
    version: 1,
    name: 'definitions, work, records, subjects, labels, targets',
    sql: `
      -- definitions ---------------------------------------------------------------------------------------
      create table {schema}.attribute (
        owner text not null check (owner in ('person', 'company', 'deal')),
        key text not null,
        -- the whole Attribute of src/model/attribute.ts
        definition jsonb not null,
        -- the column exists and may be read
        active boolean not null default true,
        created_at timestamptz not null default now(),
        primary key (owner, key)
      );

      create table {schema}.mapping (
        connection_id text not null,
        object text not null check (object in ('contact', 'company', 'deal')),
        attribute text not null,
        property text not null,
        -- until a cursor over all records has ended for it: attributes of it are 'filling'
        filled boolean not null default false,
        -- why it can't be read now (deleted or hidden in the CRM); segments that use it keep their labels
        problem text,
        primary key (connection_id, object, attribute)
      );

      create table {schema}.segmentation (
        key text not null,
        version int not null,
        -- the whole Segmentation of src/segmentation/definition.ts
        definition jsonb not null,
        state text not null check (state in ('draft', 'published', 'replaced', 'retired')),
        created_at timestamptz not null default now(),
        created_by text not null default 'cli',
        published_at timestamptz,
        published_by text,
        primary key (key, version)
      );
      create unique index segmentation_published on {schema}.segmentation (key) where state = 'published';

      -- what somebody is working on, one a key; publishing makes the next version of it
      create table {schema}.segmentation_draft (
        key text primary key,
        definition jsonb not null,
        -- another with each save, so that two people do not overwrite one another
        revision uuid not null default gen_random_uuid(),
        saved_at timestamptz not null default now(),
        saved_by text not null,
        -- asked to be published, where a second person does that
        proposed_at timestamptz
      );

      create table {schema}.model (
        segmentation text not null,
        version int not null,
        definition_version int not null,
        as_of timestamptz not null,
        learned_at timestamptz not null default now(),
        parameters jsonb not null,
        -- what a person should know of it: sizes, warnings, collapsed bins
        summary jsonb not null default '{}',
        primary key (segmentation, version)
      );

      -- why a sensitive attribute may be used at all; no row: it may not
      create table {schema}.lawful_basis (
        owner text not null check (owner in ('person', 'company', 'deal')),
        key text not null,
        basis text not null,
        -- the article it rests on, e.g. GDPR 9(2)(a)
        article text not null,
        by text not null,
        at timestamptz not null default now(),
        note text,
        primary key (owner, key)
      );

      create table {schema}.rate (
        currency text not null,
        valid_from date not null default '0001-01-01',
        -- units of the tenant's currency for one unit of this one
        rate numeric not null check (rate > 0),
        source text not null default 'tenant',
        primary key (currency, valid_from, source)
      );

      -- work ----------------------------------------------------------------------------------------------
      create table {schema}.schedule (
        id text primary key,
        job text not null default 'run',
        -- { cron, zone } or { everyMinutes }
        timing jsonb not null,
        options jsonb not null default '{}',
        paused boolean not null default false,
        created_at timestamptz not null default now()
      );

      create table {schema}.run (
        id bigint generated always as identity primary key,
        -- full: all connections; refresh: only records and subjects noted as dirty (webhooks)
        kind text not null default 'full' check (kind in ('full', 'refresh')),
        state text not null default 'queued'
          check (state in ('queued', 'running', 'waiting', 'done', 'failed', 'cancelled')),
        -- pull, unify, profile, learn, label, push
        stage text not null default 'pull',
        -- where the stage stands; a function of the stage alone
        position jsonb not null default '{}',
        as_of timestamptz not null,
        -- { dryRun, learn, full, only: [stages] }
        options jsonb not null default '{}',
        -- pinned versions: { segmentation: { definition, model } }
        pins jsonb not null default '{}',
        -- counts by stage, for progress and the summary
        counts jsonb not null default '{}',
        -- { code, message, action, since } where it failed or waits for somebody
        reason jsonb,
        cancel_requested boolean not null default false,
        requested_by text not null default 'cli',
        requested_at timestamptz not null default now(),
        started_at timestamptz,
        ended_at timestamptz,
        -- do not advance before
        not_before timestamptz,
        -- the last slice that moved it; a run that stopped moving is picked up again
        advanced_at timestamptz,
        -- slices done; part of the next slice's job id, so that a job is never queued twice
        slices int not null default 0,
        -- failures in a row of the present slice
        failures int not null default 0,
        -- who entered segments in it has got the tasks of their plays
        tasks_planned boolean not null default false
      );
      -- one of a kind at a time
      create unique index run_active on {schema}.run (kind) where state in ('queued', 'running', 'waiting');

      create table {schema}.cursor (
        connection_id text not null,
        object text not null,
        -- changes, full, deleted, links, fill
        purpose text not null,
        value jsonb,
        done boolean not null default false,
        updated_at timestamptz not null default now(),
        primary key (connection_id, object, purpose)
      );

      create table {schema}.lease (
        name text primary key,
        holder text not null,
        fence bigint not null,
        expires_at timestamptz not null
      );

      -- records to read again (webhooks, unconfirmed writes), and subjects whose later stages are due
      create table {schema}.dirty_record (
        connection_id text not null,
        object text not null,
        id text not null,
        noted_at timestamptz not null default now(),
        primary key (connection_id, object, id)
      );
      -- contacts whose erasure a CRM told us of, to be carried out
      create table {schema}.erasure_request (
        connection_id text not null,
        record_id text not null,
        noted_at timestamptz not null default now(),
        primary key (connection_id, record_id)
      );
      create table {schema}.dirty_subject (
        stage text not null check (stage in ('profile', 'label', 'push')),
        subject text not null check (subject in ('person', 'company', 'deal')),
        id bigint not null,
        primary key (stage, subject, id)
      );

      -- records -------------------------------------------------------------------------------------------
      create table {schema}.contact_record (
        connection_id text not null,
        id text not null,
        kind text not null,
        person_id bigint,
        -- the identity: trimmed, lower case, IDNA; null for none
        email text,
        -- attribute key -> value as its type; absent where empty
        properties jsonb not null default '{}',
        -- attribute key -> the raw text that is not of its type
        invalid jsonb not null default '{}',
        -- ids of the same human elsewhere: { system: id }
        cross_ids jsonb not null default '{}',
        source_created_at timestamptz,
        source_updated_at timestamptz not null,
        -- source_updated_at when a mapped value last changed; our own writes to the CRM do not move it
        changed_at timestamptz not null default now(),
        state text not null default 'live' check (state in ('live', 'deleted', 'merged')),
        merged_into text,
        -- changed since unify last looked
        touched boolean not null default true,
        -- the e-mail or domain that unify last went by
        unified_as text,
        seen_at timestamptz not null default now(),
        primary key (connection_id, id)
      );
      create index contact_record_person on {schema}.contact_record (person_id);
      create index contact_record_email on {schema}.contact_record (email text_pattern_ops) where state = 'live';
      create index contact_record_touched on {schema}.contact_record (connection_id, id) where touched;
      create index contact_record_cross on {schema}.contact_record using gin (cross_ids jsonb_path_ops)
        where cross_ids <> '{}';
      create index contact_record_merged on {schema}.contact_record (connection_id, merged_into)
        where merged_into is not null;

      create table {schema}.company_record (
        connection_id text not null,
        id text not null,
        kind text not null default 'company',
        company_id bigint,
        domain text,
        properties jsonb not null default '{}',
        invalid jsonb not null default '{}',
        cross_ids jsonb not null default '{}',
        source_created_at timestamptz,
        source_updated_at timestamptz not null,
        -- source_updated_at when a mapped value last changed; our own writes to the CRM do not move it
        changed_at timestamptz not null default now(),
        state text not null default 'live' check (state in ('live', 'deleted', 'merged')),
        merged_into text,
        touched boolean not null default true,
        unified_as text,
        seen_at timestamptz not null default now(),
        primary key (connection_id, id)
      );
      create index company_record_company on {schema}.company_record (company_id);
      create index company_record_domain on {schema}.company_record (domain text_pattern_ops) where state = 'live';
      create index company_record_touched on {schema}.company_record (connection_id, id) where touched;
      create index company_record_cross on {schema}.company_record using gin (cross_ids jsonb_path_ops)
        where cross_ids <> '{}';
      create index company_record_merged on {schema}.company_record (connection_id, merged_into)
        where merged_into is not null;

      create table {schema}.deal_record (
        connection_id text not null,
        id text not null,
        kind text not null default 'deal',
        deal_id bigint,
        properties jsonb not null default '{}',
        invalid jsonb not null default '{}',
        cross_ids jsonb not null default '{}',
        source_created_at timestamptz,
        source_updated_at timestamptz not null,
        -- source_updated_at when a mapped value last changed; our own writes to the CRM do not move it
        changed_at timestamptz not null default now(),
        state text not null default 'live' check (state in ('live', 'deleted', 'merged')),
        merged_into text,
        touched boolean not null default true,
        seen_at timestamptz not null default now(),
        primary key (connection_id, id)
      );
      create index deal_record_deal on {schema}.deal_record (deal_id);
      create index deal_record_touched on {schema}.deal_record (connection_id, id) where touched;
      create index deal_record_cross on {schema}.deal_record using gin (cross_ids jsonb_path_ops)
        where cross_ids <> '{}';
      create index deal_record_merged on {schema}.deal_record (connection_id, merged_into)
        where merged_into is not null;

      -- links as the CRM has them; written from the side that carries them (contact->company, deal->contact,
      -- deal->company, company->parent company)
      create table {schema}.association (
        connection_id text not null,
        from_object text not null,
        from_id text not null,
        to_object text not null,
        to_id text not null,
        is_primary boolean not null default false,
        role text,
        primary key (connection_id, from_object, from_id, to_object, to_id)
      );
      create index association_to on {schema}.association (connection_id, to_object, to_id);

      -- users of the CRM who own records there, so that each can be told of their own customers
      create table {schema}.owner (
        connection_id text not null,
        id text not null,
        email text not null check (email = lower(email)),
        name text not null,
        primary key (connection_id, id)
      );
      create index owner_email on {schema}.owner (email);

      -- subjects ------------------------------------------------------------------------------------------
      create table {schema}.company (
        id bigint generated by default as identity primary key,
        parent_id bigint,
        created_at timestamptz not null default now()
      );
      create index company_parent on {schema}.company (parent_id) where parent_id is not null;

      create table {schema}.person (
        id bigint generated by default as identity primary key,
        company_id bigint,
        created_at timestamptz not null default now()
      );
      create index person_company on {schema}.person (company_id) where company_id is not null;

      create table {schema}.deal (
        id bigint generated by default as identity primary key,
        -- the copy that counts
        connection_id text not null,
        record_id text not null,
        person_id bigint,
        company_id bigint,
        -- revenue in the tenant's currency; null where the rate is not known
        revenue numeric,
        -- does it count as revenue under the connection's setting?
        counts boolean not null default true
      );
      create unique index deal_record_of on {schema}.deal (connection_id, record_id);
      create index deal_person_credited on {schema}.deal (person_id) where person_id is not null;
      create index deal_company on {schema}.deal (company_id) where company_id is not null;

      create table {schema}.deal_person (
        deal_id bigint not null,
        person_id bigint not null,
        role text,
        is_primary boolean not null default false,
        primary key (deal_id, person_id)
      );
      create index deal_person_person on {schema}.deal_person (person_id);

      -- merges that we made, with the reason; a split stays split
      create table {schema}.merge (
        id bigint generated always as identity primary key,
        subject text not null check (subject in ('person', 'company')),
        survivor_id bigint not null,
        absorbed_id bigint not null,
        reason jsonb not null,
        at timestamptz not null default now()
      );
      create table {schema}.split (
        subject text not null,
        connection_id text not null,
        record_id text not null,
        by text not null,
        at timestamptz not null default now(),
        primary key (subject, connection_id, record_id)
      );

      -- labels --------------------------------------------------------------------------------------------
      create table {schema}.score (
        subject text not null,
        subject_id bigint not null,
        -- segmentation.score, e.g. rfm.recency
        key text not null,
        value double precision not null,
        at timestamptz not null,
        primary key (subject, subject_id, key)
      );

      create table {schema}.label_change (
        at timestamptz not null,
        run_id bigint,
        subject text not null,
        subject_id bigint not null,
        segmentation text not null,
        entered text[] not null default '{}',
        gone text[] not null default '{}',
        -- data, time, definition, model, merge, consent
        cause text not null
      ) partition by range (at);
      create index label_change_subject on {schema}.label_change (subject, subject_id, segmentation, at desc);

      create table {schema}.segment_size (
        day date not null,
        segmentation text not null,
        segment text not null,
        size int not null,
        revenue numeric not null,
        primary key (day, segmentation, segment)
      );

      -- targets -------------------------------------------------------------------------------------------
      create table {schema}.target (
        id text primary key,
        connection_id text not null,
        segmentation text not null,
        -- for lists, campaigns and views: the one segment
        segment text,
        kind text not null,
        object text not null,
        state text not null default 'held' check (state in ('held', 'live', 'paused')),
        -- why it is held or paused: { code, message, action, since, by }
        reason jsonb,
        -- names and ids made by us
        remote jsonb,
        -- definition version that a person released
        released_version int,
        -- the first 50 writes since release are acknowledged, and looked at where the policy says so
        pilot_done boolean not null default false,
        -- a push since release has come to its end: the brake on many changes at once holds from then on
        filled boolean not null default false,
        created_at timestamptz not null default now(),
        unique nulls not distinct (connection_id, segmentation, segment, kind, object)
      );

      create table {schema}.ledger (
        connection_id text not null,
        object text not null,
        external_key text not null,
        -- target id -> value that the CRM acknowledged
        shown jsonb not null default '{}',
        -- target id -> the value shown before that
        previous jsonb not null default '{}',
        -- target ids whose last write has an unknown outcome: read back before anything is written
        unconfirmed text[] not null default '{}',
        -- target id -> value that was under way when the outcome became unknown
        sending jsonb not null default '{}',
        -- kind of a record that is no longer held: its person was erased, and what it shows is still to be cleared
        kind text,
        updated_at timestamptz not null default now(),
        primary key (connection_id, object, external_key)
      );
      create index ledger_unconfirmed on {schema}.ledger (connection_id, object, external_key)
        where unconfirmed <> '{}';

      create table {schema}.push_log (
        at timestamptz not null,
        id bigint generated always as identity,
        run_id bigint,
        connection_id text not null,
        object text not null,
        external_key text not null,
        target_id text not null,
        before jsonb,
        after jsonb,
        -- write, undo, uninstall
        cause text not null default 'write',
        undone_at timestamptz
      ) partition by range (at);
      create index push_log_record on {schema}.push_log (connection_id, object, external_key, at desc);
      create index push_log_run on {schema}.push_log (run_id);

      -- what somebody asked to take back; a job works on it until it has ended
      create table {schema}.undo (
        id bigint generated always as identity primary key,
        -- { runId } or { targetId }
        request jsonb not null,
        requested_by text not null,
        begun_at timestamptz not null default now(),
        ended_at timestamptz,
        -- values there were to take back, put back so far, and left as somebody changed them since
        total int not null,
        restored int not null default 0,
        kept int not null default 0,
        -- { code, message, action, since } where it waits or failed
        reason jsonb
      );
      -- one at a time: it holds the right to push
      create unique index undo_active on {schema}.undo ((true)) where ended_at is null;

      create table {schema}.refusal (
        connection_id text not null,
        object text not null,
        external_key text not null,
        target_id text not null,
        code text not null,
        message text not null,
        value jsonb,
        tries int not null default 1,
        -- the run that tried last; the next one tries again
        run_id bigint,
        first_at timestamptz not null default now(),
        last_at timestamptz not null default now(),
        primary key (connection_id, object, external_key, target_id)
      );

      -- values seen in the CRM that we never showed: read again before they count as edits by hand
      create table {schema}.sighting (
        connection_id text not null,
        object text not null,
        external_key text not null,
        target_id text not null,
        value jsonb,
        seen_at timestamptz not null default now(),
        primary key (connection_id, object, external_key, target_id)
      );

      -- a job under way in the CRM, with all that was handed over: one a connection, picked up by whoever pushes next
      create table {schema}.push_job (
        connection_id text primary key,
        run_id bigint,
        job jsonb not null,
        batch jsonb not null,
        started_at timestamptz not null default now()
      );

      create table {schema}.pin (
        connection_id text not null,
        object text not null,
        external_key text not null,
        target_id text not null,
        value jsonb,
        by text,
        until timestamptz,
        seen_at timestamptz not null default now(),
        primary key (connection_id, object, external_key, target_id)
      );

      -- tasks that plays made for the owners of records: written down before the CRM is asked
      create table {schema}.play_task (
        -- part of the task's text, so that it is found again
        id uuid primary key default gen_random_uuid(),
        subject text not null check (subject in ('person', 'company')),
        subject_id bigint not null,
        segmentation text not null,
        segment text not null,
        -- the day it entered, in the tenant's zone
        entered_on date not null,
        connection_id text not null,
        object text not null,
        record_id text not null,
        owner text not null,
        -- the Monday of the week that it counts for
        week date not null,
        state text not null check (state in ('queued', 'sending', 'made', 'failed')),
        -- the CRM's own id
        remote_id text,
        -- why it failed
        reason text,
        created_at timestamptz not null default now(),
        unique (subject, subject_id, segmentation, segment, entered_on)
      );
      create index play_task_owner on {schema}.play_task (connection_id, owner, week);

      -- review --------------------------------------------------------------------------------------------
      -- reports prepared on a segmentation's review date; no customer is named in them
      create table {schema}.review (
        id bigint generated always as identity primary key,
        segmentation text not null,
        version int not null,
        at timestamptz not null,
        -- the whole Report of src/pipeline/review/report.ts
        report jsonb not null,
        -- how the attributes it uses are distributed now: what the next review compares with
        distributions jsonb not null default '[]',
        done_at timestamptz,
        done_by text
      );
      create index review_newest on {schema}.review (segmentation, at desc);

      -- how the attributes of a version were distributed at the first run that labelled by it
      create table {schema}.baseline (
        segmentation text not null,
        version int not null,
        at timestamptz not null,
        distributions jsonb not null,
        primary key (segmentation, version)
      );

      create table {schema}.experiment (
        key text primary key,
        segmentation text not null,
        segment text not null,
        state text not null default 'running' check (state in ('running', 'ended', 'stopped')),
        -- the whole Experiment of src/review/experiment.ts
        definition jsonb not null,
        started_at timestamptz not null,
        started_by text not null,
        ended_at timestamptz
      );
      -- who took part, by the arm that the hash gave: counted as assigned, whatever became of the label since
      create table {schema}.experiment_member (
        experiment text not null,
        subject_id bigint not null,
        arm text not null check (arm in ('treated', 'holdout')),
        at timestamptz not null,
        primary key (experiment, subject_id)
      );
    `,
  },
  {
    version: 2,
    name: 'purchases kept beside attributes',
    sql: `
      -- days with purchases (segmentation/purchase-days.ts), as profile worked them out; null: not yet
      alter table {schema}.company
        add bought_days int, add bought_first date, add bought_last date, add bought_again double precision;
      alter table {schema}.person
        add bought_days int, add bought_first date, add bought_last date, add bought_again double precision;
    `,
  },
  {
    version: 3,
    name: 'further addresses of contacts',
    sql: `
      -- the identities beside the first: trimmed, lower case, IDNA, sorted; and those that unify last went by
      alter table {schema}.contact_record
        add other_emails text[] not null default '{}', add unified_as_others text[] not null default '{}';
      -- looked up with every page of records: what is not yet sorted in would be read whole each time
      create index contact_record_other_emails on {schema}.contact_record using gin (other_emails)
        with (fastupdate = off) where other_emails <> '{}';
    `,
  },
  {
    version: 4,
    name: 'properties that a CRM works out',
    sql: `
      -- changes with no change time: read again with the daily pass over all records
      alter table {schema}.mapping add calculated boolean not null default false;
    `,
  },
  {
    version: 5,
    name: 'names of values by connection',
    sql: `
      -- what each CRM calls the values of an attribute, by value: owners' names go with their connection
      create table {schema}.value_names (
        connection_id text not null,
        owner text not null check (owner in ('person', 'company', 'deal')),
        key text not null,
        names jsonb not null,
        primary key (connection_id, owner, key)
      );
    `,
  },
];
