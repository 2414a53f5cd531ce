import { Button, Checkbox, Group, Menu, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChevronDown, IconPlayerPlay } from '@tabler/icons-react';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { useChange } from '../../query.ts';
import { useMay } from '../../session.ts';

/** Starts a run, or a dry one, and goes to it. */
export function RunNow() {
  const navigate = useNavigate();
  const run = useChange('POST /api/runs', {
    done: ({ isNew }) => (isNew ? 'The run is under way.' : 'A run is under way already: this is it.'),
    onDone: ({ id }) => void navigate(`/runs/${id}`),
  });
  const [isOpen, { open, close }] = useDisclosure(false);
  if (!useMay('edit')) return null;
  const start = (body: { dryRun?: boolean; full?: boolean; learn?: boolean; writeInQuietHours?: boolean }) =>
    run.mutate({ body, idempotencyKey: crypto.randomUUID() });
  return (
    <>
      <Button.Group>
        <Button leftSection={<IconPlayerPlay size={16} />} loading={run.isPending} onClick={() => start({})}>
          Run now
        </Button>
        <Menu position="bottom-end">
          <Menu.Target>
            <Button
              px="xs"
              aria-label="Other kinds of run"
              style={{ borderLeft: '1px solid rgba(255,255,255,.35)' }}
            >
              <IconChevronDown size={16} />
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => start({ dryRun: true })}>
              Dry run
              <Text size="xs" c="dimmed">
                Work everything out, write nothing
              </Text>
            </Menu.Item>
            <Menu.Item onClick={open}>Choose…</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Button.Group>
      <Choose isOpen={isOpen} close={close} start={start} />
    </>
  );
}

const CHOICES = [
  { key: 'dryRun', label: 'Dry run', description: 'Work everything out, write nothing into a CRM' },
  { key: 'full', label: 'Read everything again', description: 'All records, not only what changed' },
  { key: 'learn', label: 'Learn again', description: 'Cut points and groups, due or not' },
  { key: 'writeInQuietHours', label: 'Write at once', description: 'In quiet hours too' },
] as const;

function Choose({
  isOpen,
  close,
  start,
}: {
  isOpen: boolean;
  close: () => void;
  start: (body: Partial<Record<(typeof CHOICES)[number]['key'], boolean>>) => void;
}) {
  const [chosen, setChosen] = useState<string[]>([]);
  return (
    <Modal opened={isOpen} onClose={close} title="Start a run">
      <Stack>
        <Checkbox.Group value={chosen} onChange={setChosen} aria-label="What it does">
          <Stack gap="sm">
            {CHOICES.map(({ key, label, description }) => (
              <Checkbox key={key} value={key} label={label} description={description} />
            ))}
          </Stack>
        </Checkbox.Group>
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button
            onClick={() => {
              close();
              start(Object.fromEntries(chosen.map((key) => [key, true])));
            }}
          >
            Start
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
