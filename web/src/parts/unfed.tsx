import { Anchor, Text } from '@mantine/core';
import { Link } from 'react-router';
import { showList } from '../../../src/model/list-words.ts';

type Unfed = {
  /** Attributes without which nobody can be in the segment, by name. */
  needs: string[];
  /** Those of conditions that are passed over. */
  passedOver: string[];
};

/** What nothing feeds of a segment's conditions, and where to mend that. */
export function UnfedNote({ needs, passedOver }: Unfed) {
  if (needs.length === 0 && passedOver.length === 0) return null;
  const mapping = (words: string) => (
    <Anchor component={Link} to="/mapping" size="xs" underline="always">
      {words}
    </Anchor>
  );
  if (needs.length > 0)
    return (
      <Text size="xs" c="orange">
        Needs {showList(needs, 'and')}: {mapping(needs.length === 1 ? 'map it first' : 'map them first')}.
      </Text>
    );
  const isOne = passedOver.length === 1;
  return (
    <Text size="xs" c="dimmed">
      Nothing feeds {showList(passedOver, 'or')}: the other conditions decide. To count{' '}
      {isOne ? 'it' : 'them'} too, {mapping(isOne ? 'map a property' : 'map properties')}.
    </Text>
  );
}
