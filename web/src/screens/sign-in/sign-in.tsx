import { Alert, Center, Paper, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { useSearchParams } from 'react-router';
import icon from '../../icon.svg';
import { Ways } from './ways.tsx';

const PROBLEMS: Record<string, string> = {
  link_used:
    'This link was used already, or is too old. Ask an admin for a new invitation, or start the program again for a first one.',
};

/** Who has no session stands here. */
export function SignIn() {
  useDocumentTitle('Sign in · Segment Sync');
  const [search] = useSearchParams();
  const problem = PROBLEMS[search.get('problem') ?? ''];
  return (
    <Center mih="100vh" p="md" component="main">
      <Paper withBorder p="xl" w="100%" maw={420}>
        <Stack>
          <img src={icon} alt="" width={40} height={40} />
          <Title order={1} size="h3">
            Sign in to Segment Sync
          </Title>
          {problem && (
            <Alert color="yellow" role="alert">
              {problem}
            </Alert>
          )}
          <Ways />
          <Text size="sm" c="dimmed">
            Invited? Open the link of your invitation. On your own machine, the program prints a one-time link
            when it starts for the first time.
          </Text>
        </Stack>
      </Paper>
    </Center>
  );
}
