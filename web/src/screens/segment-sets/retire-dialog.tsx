import { Button, Group, Modal, Radio, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { useChange } from '../../query.ts';
import type { Desk } from './use-draft.ts';

export function RetireDialog({ desk, onClose }: { desk: Desk; onClose: () => void }) {
  const [values, setValues] = useState<'keep' | 'clear'>('keep');
  const navigate = useNavigate();
  const retire = useChange('POST /api/segmentations/:key/retire', {
    done: `${desk.definition.name} is retired.`,
    onDone: () => void navigate('/segment-sets'),
  });
  return (
    <Modal opened onClose={onClose} title={`Retire ${desk.definition.name}?`}>
      <Stack>
        <Text size="sm">
          It is taken out of use for good; its key {desk.key} is never used again. What becomes of the labels
          in the CRMs?
        </Text>
        <Radio.Group
          aria-label="Labels in the CRMs"
          value={values}
          onChange={(value) => setValues(value === 'clear' ? 'clear' : 'keep')}
        >
          <Stack gap="xs">
            <Radio value="keep" label="The CRMs go on showing the last labels" />
            <Radio value="clear" label="The next run takes them away where targets are live" />
          </Stack>
        </Radio.Group>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            color="red"
            loading={retire.isPending}
            onClick={() => retire.mutate({ params: { key: desk.key }, body: { values } })}
          >
            Retire
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
