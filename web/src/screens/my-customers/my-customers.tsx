import { Anchor, Card, Group, Stack, Switch, Text, Title } from '@mantine/core';
import { Link } from 'react-router';
import type { Answer } from '../../api.ts';
import { day } from '../../parts/figures.ts';
import { LabelBadges } from '../../parts/label-badge.tsx';
import { Page } from '../../parts/page.tsx';
import { Empty, Read } from '../../parts/states.tsx';
import { useApi, useChange } from '../../query.ts';
import { useSession } from '../../session.ts';

type OwnList = Answer<'GET /api/my/at-risk'>;

/** What a rep looks at in the morning: whose customers are slipping, who is new, and what to do. */
export default function MyCustomers() {
  const atRisk = useApi('GET /api/my/at-risk', { query: { limit: '20' } });
  const fresh = useApi('GET /api/my/new', { query: { limit: '20', days: '7' } });
  return (
    <Page
      title="My customers"
      lead="Those that a CRM says are yours, the most valuable first."
      actions={<Digest />}
    >
      <Read query={atRisk}>
        {(list) =>
          list.isOwner ? (
            <Stack>
              <Own title="At risk" list={list} empty="None of your customers is slipping." />
              <Read query={fresh}>
                {(found) => (
                  <Own
                    title="New in a segment this week"
                    list={found}
                    empty="Nobody changed segment this week."
                  />
                )}
              </Read>
            </Stack>
          ) : (
            <Empty title="No CRM knows you as an owner">
              Your customers are found by your e-mail address. Sign in with the address that you have in the
              CRM; an administrator sees under Mapping whether the owner is read.
            </Empty>
          )
        }
      </Read>
    </Page>
  );
}

function Own({ title, list, empty }: { title: string; list: OwnList; empty: string }) {
  return (
    <section aria-label={title}>
      <Title order={2} size="h4" mb="xs">
        {title}
      </Title>
      {list.items.length === 0 && <Text c="dimmed">{empty}</Text>}
      <Stack gap="xs">
        {list.items.map((customer) => (
          <Card key={customer.subject + customer.id} withBorder padding="sm">
            <Group justify="space-between" align="flex-start">
              <Anchor component={Link} to={`/customers/${customer.subject}/${customer.id}`} fw={600}>
                {customer.name ?? `#${customer.id}`}
              </Anchor>
              <LabelBadges labels={customer.labels} />
            </Group>
            {customer.labels.map((label) => (
              <Text size="sm" key={`${label.segmentation}.${label.segment}`}>
                {[
                  label.since && `since ${day(label.since)}`,
                  label.play?.channel && `by ${label.play.channel}`,
                  label.play?.message,
                  label.play?.offer && `offer ${label.play.offer}`,
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </Text>
            ))}
          </Card>
        ))}
      </Stack>
    </section>
  );
}

/** The weekly letter with the same list. */
function Digest() {
  const { digest } = useSession();
  const change = useChange('PATCH /api/session', { done: 'Kept.' });
  return (
    <Switch
      label="Weekly e-mail"
      checked={digest ?? false}
      disabled={change.isPending}
      onChange={(event) => change.mutate({ body: { digest: event.currentTarget.checked } })}
    />
  );
}
