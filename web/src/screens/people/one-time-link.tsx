import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { instant } from '../../parts/figures.ts';
import { Secret } from '../../parts/secret.tsx';
import { useSession } from '../../session.ts';

/** A link that signs somebody in once: mailed, or to be passed on. */
export function OneTimeLink({
  made,
  email,
  onDone,
}: {
  made: { link: string; mailed: boolean; expiresAt: string };
  email: string;
  onDone: () => void;
}) {
  const { tenant } = useSession();
  return (
    <Stack>
      <Alert color="teal" role="status" title={made.mailed ? `Mailed to ${email}` : `A link for ${email}`}>
        <Text size="sm">
          {made.mailed
            ? 'If it does not arrive, pass this link on yourself.'
            : 'This installation sends no mail: pass this link on yourself.'}{' '}
          It works once, until {instant(made.expiresAt, tenant.zone)}, and is shown only now.
        </Text>
      </Alert>
      <Secret name="Link" value={made.link} />
      <Group justify="flex-end">
        <Button onClick={onDone}>Done</Button>
      </Group>
    </Stack>
  );
}
