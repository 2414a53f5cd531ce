import { Alert, Button, Divider, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

/** What GET /api/sign-in-options answers; it is public, and so outside the table of endpoints. */
type Options = {
  oidc: { name: string; url: string } | null;
  salesforce: { url: string } | null;
  /** Can this installation mail a link? */
  email: boolean;
  install: { url: string } | null;
};

/** The ways in that this installation has. */
export function Ways() {
  const query = useQuery<Options>({
    queryKey: ['sign-in-options'],
    queryFn: async ({ signal }) => (await fetch('/api/sign-in-options', { signal })).json(),
  });
  const options = query.data;
  if (!options) return null;
  return (
    <Stack>
      {options.oidc && (
        <Button component="a" href={options.oidc.url}>
          Sign in with {options.oidc.name}
        </Button>
      )}
      {options.salesforce && (
        <Button component="a" href={options.salesforce.url} variant={options.oidc ? 'default' : 'filled'}>
          Sign in with Salesforce
        </Button>
      )}
      {options.email && (
        <>
          {(options.oidc || options.salesforce) && <Divider label="or" />}
          <MailedLink />
        </>
      )}
      {options.install && (
        <>
          <Divider label="new here?" />
          <Button component="a" href={options.install.url} variant="default">
            Install into HubSpot
          </Button>
        </>
      )}
    </Stack>
  );
}

/** Answers the same to everybody: who is a member, nobody learns here. */
function MailedLink() {
  const [email, setEmail] = useState('');
  const [state, setState] = useState<'asking' | 'sending' | 'sent' | 'failed'>('asking');
  const send = async () => {
    setState('sending');
    const response = await fetch('/sign-in/email', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email }),
    }).catch(() => undefined);
    setState(response?.ok ? 'sent' : 'failed');
  };
  if (state === 'sent')
    return (
      <Alert color="teal" role="status">
        If {email} belongs to somebody here, a link is on its way. It works once, within the hour.
      </Alert>
    );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <Stack gap="xs">
        <TextInput
          label="E-mail"
          type="email"
          autoComplete="email"
          required
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        {state === 'failed' && (
          <Text size="sm" role="alert">
            No link was sent. Check the address; after several tries, wait a few minutes.
          </Text>
        )}
        <Button type="submit" variant="default" loading={state === 'sending'}>
          Mail me a link
        </Button>
      </Stack>
    </form>
  );
}
