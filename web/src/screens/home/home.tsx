import { Button } from '@mantine/core';
import { Page } from '../../parts/page.tsx';
import { useChange } from '../../query.ts';
import { useMay, useSession } from '../../session.ts';

export default function Home() {
  const { tenant } = useSession();
  const run = useChange('POST /api/runs', { done: ({ id }) => `Run ${id} is under way.` });
  const mayRun = useMay('edit');
  return (
    <Page
      title="Home"
      lead={`Days are counted in ${tenant.zone}; revenue is in ${tenant.currency}.`}
      actions={
        mayRun && (
          <Button loading={run.isPending} onClick={() => run.mutate({ body: {} })}>
            Run now
          </Button>
        )
      }
    >
      {null}
    </Page>
  );
}
