import { Button, Flex, Heading, hubspot, Link, List, Text } from '@hubspot/ui-extensions';
import { GUIDE_URL, WORKSPACE_URL } from './address.ts';

hubspot.extend<'settings'>(() => <SettingsPage />);

/** Settings live in the workspace, where each change is shown before it is made; this page leads there. */
export function SettingsPage() {
  return (
    <Flex direction="column" gap="medium">
      <Heading>Segment Sync</Heading>
      <Text>
        Segments, schedules and what is written to this account are set in the workspace. New segments write
        nothing until somebody has looked at the changes and released them.
      </Text>
      <Flex gap="small">
        <Button href={{ url: WORKSPACE_URL, external: true }} variant="primary">
          Open Segment Sync
        </Button>
      </Flex>
      <Heading>In HubSpot</Heading>
      <List variant="unordered-styled">
        <Text>Labels are properties of contacts and companies, in the group “Segment Sync”.</Text>
        <Text>
          The card “Segments” is added to contacts and companies under Settings, Objects, by customizing their
          record page.
        </Text>
        <Text>
          To leave, disconnect in the workspace first: it asks whether the properties and lists that it made
          stay.
        </Text>
      </List>
      <Link href={{ url: GUIDE_URL, external: true }}>Guide to install, configure and remove</Link>
    </Flex>
  );
}
