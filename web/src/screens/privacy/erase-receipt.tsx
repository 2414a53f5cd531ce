import { Alert, Button, List, Stack, Text } from '@mantine/core';
import type { Answer } from '../../api.ts';
import { count, counted } from '../../parts/figures.ts';

/** What an erasure did; it names nobody, and may be kept as proof. */
export function EraseReceipt({
  receipt,
  onDone,
}: {
  receipt: Answer<'POST /api/privacy/erase'>;
  onDone: () => void;
}) {
  const toClear = receipt.toClear.reduce((sum, { records }) => sum + records, 0);
  return (
    <Stack>
      <Alert color="teal" title={receipt.records === 0 ? 'Nothing was held of them' : 'Erased'} role="status">
        <List size="sm">
          <List.Item>{counted(receipt.records, 'record')} of theirs gone.</List.Item>
          <List.Item>{counted(receipt.deals, 'deal')} kept, credited to nobody.</List.Item>
          <List.Item>
            {counted(receipt.suppressed, 'address or record', 'addresses and records')} will never be stored
            again.
          </List.Item>
          <List.Item>
            {toClear === 0
              ? 'No CRM shows a label of theirs.'
              : `${count(toClear)} labels are cleared with the next run, or once their target is released.`}
          </List.Item>
          {receipt.namedIn.length > 0 && (
            <List.Item>
              Their address stands in the definition of {receipt.namedIn.join(', ')}: take it out there.
            </List.Item>
          )}
          <List.Item>Backups and files that were made before still hold them.</List.Item>
        </List>
        <Text size="xs" mt="xs">
          Receipt {receipt.id}
        </Text>
      </Alert>
      <Button onClick={onDone}>Done</Button>
    </Stack>
  );
}
