import { Alert, Card, Loader, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useAsk } from '../../../ask.ts';
import { useNames } from '../../../parts/names.ts';
import { Loading } from '../../../parts/states.tsx';
import type { Choices } from '../builder/choices.ts';
import type { Desk, Draft } from '../use-draft.ts';
import { ClusterProfiles } from './cluster-profiles.tsx';
import { MethodSettings } from './method-settings.tsx';
import { PurchaseModel } from './purchase-model.tsx';
import { RfmMap } from './rfm-map.tsx';
import { ScoreHistogram } from './score-histogram.tsx';
import { Scorecard } from './scorecard.tsx';

/** How a method divides: what it found in the data, and its settings. */
export function MethodTab(given: { draft: Draft; desk: Desk; choices: Choices; mayEdit: boolean }) {
  const { draft, mayEdit, choices } = given;
  return (
    <Stack>
      <Card withBorder padding="sm">
        <Picture draft={draft} mayEdit={mayEdit} />
      </Card>
      <MethodSettings draft={draft} choices={choices} mayEdit={mayEdit} />
    </Stack>
  );
}

function Picture({ draft, mayEdit }: { draft: Draft; mayEdit: boolean }) {
  const [definition] = useDebouncedValue(draft.definition, 600);
  const names = useNames(definition.subject);
  const of = definition.method === 'tiers' ? definition.of : null;
  const query = useAsk(
    'POST /api/segmentations/picture',
    { body: { definition: { ...definition } } },
    { enabled: draft.problems.length === 0 },
  );
  if (query.isPending) return <Loading rows={8} />;
  if (query.error)
    return (
      <Alert color="yellow" title="It can't be worked out yet">
        <Text size="sm">
          {query.error.problem.detail} {query.error.problem.action}
        </Text>
      </Alert>
    );
  const { picture, reason, warnings } = query.data;
  return (
    <Stack gap="sm">
      {query.isFetching && (
        <Text size="xs" c="dimmed" role="status">
          <Loader size={10} /> learning from the data…
        </Text>
      )}
      {reason && (
        <Alert color="yellow" title={picture ? 'Nobody gets a label' : 'Not yet'}>
          <Text size="sm">{reason}</Text>
        </Alert>
      )}
      {picture?.method === 'rfm' && <RfmMap picture={picture} draft={draft} mayEdit={mayEdit} />}
      {picture?.method === 'tiers' && (
        <ScoreHistogram
          title={typeof of === 'string' ? names.attribute(of) : 'How the value is spread'}
          bins={picture.bins}
          cuts={picture.cuts}
          of={typeof of === 'string' && names.type(of) === 'number' ? 'number' : 'money'}
        />
      )}
      {picture?.method === 'clusters' && <ClusterProfiles picture={picture} draft={draft} />}
      {(picture?.method === 'lifetime_value' || picture?.method === 'churn') && (
        <PurchaseModel picture={picture} />
      )}
      {(picture?.method === 'scorecard' || picture?.method === 'lookalike') && (
        <Scorecard picture={picture} />
      )}
      {warnings.map((warning) => (
        <Text size="xs" c="dimmed" key={warning}>
          {warning}
        </Text>
      ))}
    </Stack>
  );
}
