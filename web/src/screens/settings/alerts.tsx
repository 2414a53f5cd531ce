import {
  Alert,
  Button,
  Checkbox,
  Group,
  List,
  NumberInput,
  SimpleGrid,
  Stack,
  TagsInput,
  TextInput,
} from '@mantine/core';
import { useState } from 'react';
import type { AlertKind } from '../../../../src/model/alert.ts';
import type { Answer } from '../../api.ts';
import { Read } from '../../parts/states.tsx';
import { useApi, useChange } from '../../query.ts';

type Settings = Answer<'GET /api/alert-settings'>;
/** An address that is kept is a secret: it is replaced or taken out, never shown. */
type Address = { host: string } | null;

const KINDS: { key: AlertKind; says: string }[] = [
  { key: 'run_failed', says: 'A run failed' },
  { key: 'brake', says: 'A brake stopped a push' },
  { key: 'refusals', says: 'A CRM refuses many records for one reason' },
  { key: 'drift', says: 'A segment set drifts' },
  { key: 'connection', says: 'A connection has expired' },
  { key: 'review', says: 'A review is due' },
];

/** Where to be told of what needs a person. */
export function Alerts() {
  return (
    <Read query={useApi('GET /api/alert-settings')}>
      {(settings) => (
        <Stack>
          <Form settings={settings} />
          <Test />
        </Stack>
      )}
    </Read>
  );
}

function Form({ settings }: { settings: Settings }) {
  const [emails, setEmails] = useState(settings.emails);
  const [slackUrl, setSlack] = useState<string | null | undefined>(undefined);
  const [webhookUrl, setWebhook] = useState<string | null | undefined>(undefined);
  const [kinds, setKinds] = useState<string[]>(settings.kinds);
  const [share, setShare] = useState<number | string>(settings.refusalShare * 100);
  const [least, setLeast] = useState<number | string>(settings.refusalLeast);
  const change = useChange('PUT /api/alert-settings', {
    done: 'Saved.',
    quiet: true,
    onDone: () => {
      setSlack(undefined);
      setWebhook(undefined);
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate({
          body: {
            emails,
            ...(slackUrl !== undefined && { slackUrl: slackUrl === '' ? null : slackUrl }),
            ...(webhookUrl !== undefined && { webhookUrl: webhookUrl === '' ? null : webhookUrl }),
            kinds: KINDS.map(({ key }) => key).filter((key) => kinds.includes(key)),
            refusalShare: Number(share) / 100,
            refusalLeast: Number(least),
          },
        });
      }}
    >
      <Stack>
        <TagsInput
          label="E-mail to"
          description={
            settings.mailIsSet
              ? 'One alert per incident, and one when it ends. Enter after each address.'
              : 'This installation has no mail server set up: nothing is mailed until it has.'
          }
          placeholder="ops@example.com"
          value={emails}
          onChange={setEmails}
          maxTags={20}
        />
        <Kept
          label="Slack"
          takes="the address of an incoming webhook"
          kept={settings.slack}
          value={slackUrl}
          onChange={setSlack}
        />
        <Kept
          label="Webhook"
          takes="an address that takes JSON by POST"
          kept={settings.webhook}
          value={webhookUrl}
          onChange={setWebhook}
        />
        <Checkbox.Group label="Tell of" value={kinds} onChange={setKinds}>
          <Stack gap={6} mt={6}>
            {KINDS.map(({ key, says }) => (
              <Checkbox key={key} value={key} label={says} />
            ))}
          </Stack>
        </Checkbox.Group>
        {kinds.includes('refusals') && (
          <SimpleGrid cols={{ base: 1, xs: 2 }}>
            <NumberInput
              label="Refused records: from this share on"
              min={0}
              max={100}
              suffix="%"
              value={share}
              onChange={setShare}
            />
            <NumberInput
              label="and at least so many"
              min={1}
              allowDecimal={false}
              value={least}
              onChange={setLeast}
            />
          </SimpleGrid>
        )}
        {change.error && (
          <Alert color="red" role="alert">
            {change.error.problem.detail} {change.error.problem.action}
            {change.error.problem.issues?.map(({ path, message }) => (
              <div key={path}>
                {path}: {message}
              </div>
            ))}
          </Alert>
        )}
        <Group>
          <Button type="submit" loading={change.isPending}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Kept({
  label,
  takes,
  kept,
  value,
  onChange,
}: {
  label: string;
  takes: string;
  kept: Address;
  value: string | null | undefined;
  onChange: (value: string | null | undefined) => void;
}) {
  const isKept = kept !== null && value === undefined;
  const isRemoved = kept !== null && value === null;
  return (
    <Group align="flex-end" wrap="nowrap">
      <TextInput
        style={{ flex: 1 }}
        label={`${label}: ${takes}`}
        placeholder="https://"
        type={isKept ? 'text' : 'url'}
        readOnly={isKept}
        value={isKept ? `set, at ${kept.host}` : (value ?? '')}
        description={isRemoved ? 'Taken out once you save.' : undefined}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      {isKept && (
        <>
          <Button variant="default" aria-label={`Replace the ${label} address`} onClick={() => onChange('')}>
            Replace
          </Button>
          <Button variant="default" aria-label={`Remove the ${label} address`} onClick={() => onChange(null)}>
            Remove
          </Button>
        </>
      )}
      {kept !== null && !isKept && (
        <Button variant="default" onClick={() => onChange(undefined)}>
          Leave it
        </Button>
      )}
    </Group>
  );
}

function Test() {
  const test = useChange('POST /api/alert-settings/test');
  return (
    <Stack gap="xs" align="flex-start">
      <Button variant="default" loading={test.isPending} onClick={() => test.mutate({})}>
        Send a test to every channel
      </Button>
      {test.data && (
        <List size="sm" role="status">
          {test.data.channels.length === 0 && <List.Item>No channel is set yet: save one first.</List.Item>}
          {test.data.channels.map(({ channel, ok, message, action }) => (
            <List.Item key={channel}>
              {channel}: {ok ? 'delivered.' : `${message} ${action}`}
            </List.Item>
          ))}
        </List>
      )}
    </Stack>
  );
}
