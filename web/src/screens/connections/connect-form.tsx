import { Alert, Button, Group, Radio, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useChange } from '../../query.ts';

type Host = 'production' | 'sandbox' | 'own';
type System = { key: string; name: string; isReady: boolean };

/** Chooses the account's kind; the rest happens on the CRM's own page. */
export function ConnectForm({ systems }: { systems: System[] }) {
  const [system, setSystem] = useState(systems.find(({ isReady }) => isReady)?.key ?? '');
  const [mode, setMode] = useState<'production' | 'test'>('production');
  const [host, setHost] = useState<Host>('production');
  const [domain, setDomain] = useState('');
  const begin = useChange('POST /api/connections/:system/authorize', {
    quiet: true,
    onDone: ({ url }) => window.location.assign(url),
  });
  const chosen = systems.find(({ key }) => key === system);
  const isOwn = system === 'salesforce' && host === 'own';
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        begin.mutate({
          params: { system },
          body: { mode, ...(system === 'salesforce' && { host: isOwn ? domain : host }) },
        });
      }}
    >
      <Stack>
        <Radio.Group label="Which CRM" value={system} onChange={setSystem}>
          <Stack gap="xs" mt={4}>
            {systems.map(({ key, name, isReady }) => (
              <Radio
                key={key}
                value={key}
                label={name}
                disabled={!isReady}
                description={isReady ? undefined : `This installation has no ${name} app set up.`}
              />
            ))}
          </Stack>
        </Radio.Group>
        {system === 'salesforce' && (
          <Radio.Group
            label="Where its people sign in"
            value={host}
            onChange={(value) => setHost(value as Host)}
          >
            <Stack gap="xs" mt={4}>
              <Radio value="production" label="login.salesforce.com (production, developer)" />
              <Radio value="sandbox" label="test.salesforce.com (sandbox)" />
              <Radio value="own" label="Our own address (My Domain)" />
            </Stack>
          </Radio.Group>
        )}
        {isOwn && (
          <TextInput
            label="My Domain"
            placeholder="yourcompany.my.salesforce.com"
            required
            value={domain}
            onChange={(event) => setDomain(event.currentTarget.value)}
          />
        )}
        <Radio.Group
          label="What the account is for"
          value={mode}
          onChange={(value) => setMode(value as 'production' | 'test')}
        >
          <Stack gap="xs" mt={4}>
            <Radio value="production" label="Production" />
            <Radio
              value="test"
              label="Test"
              description="Its people are never taken for those of production."
            />
          </Stack>
        </Radio.Group>
        {begin.error && (
          <Alert color="red" role="alert">
            {begin.error.problem.detail} {begin.error.problem.action}
          </Alert>
        )}
        <Text size="sm" c="dimmed">
          {chosen?.name ?? 'The CRM'} asks you there what Segment Sync may do. Allow all of it: each right is
          used.
        </Text>
        <Group justify="flex-end">
          <Button type="submit" disabled={!chosen || (isOwn && domain === '')} loading={begin.isPending}>
            Go on at {chosen?.name ?? 'the CRM'}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
