import { Anchor } from '@mantine/core';
import { Link } from 'react-router';
import { Empty } from '../parts/states.tsx';

export function NotFound() {
  return (
    <Empty title="There is nothing at this address">
      <Anchor component={Link} to="/">
        Go to Home
      </Anchor>
    </Empty>
  );
}
