import { Alert, Anchor, Button, Group, Select, Stack, Text, Textarea } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';
import type { Answer } from '../../api.ts';
import { counted } from '../../parts/figures.ts';
import { Read } from '../../parts/states.tsx';
import { useApi, useChange } from '../../query.ts';

type Attribute = Answer<'GET /api/mapping'>['attributes'][number];
type Change = Answer<'GET /api/attributes/:owner/:key/sensitivity'>;
export type Sensitivity = Attribute['sensitivity'];

export const SENSITIVITIES: { value: Sensitivity; label: string }[] = [
  { value: 'normal', label: 'Normal' },
  { value: 'proxy', label: 'Stands in for sensitive data, such as a postal code' },
  { value: 'sensitive', label: 'Sensitive: health, religion, origin and the like' },
];

/** How carefully an attribute is handled: chosen, then what that touches, then changed. */
export function SensitivityForm({ attribute }: { attribute: Attribute }) {
  const [chosen, setChosen] = useState<Sensitivity>(attribute.sensitivity);
  return (
    <Stack gap="xs">
      <Select
        label="Sensitivity"
        allowDeselect={false}
        data={SENSITIVITIES}
        value={chosen}
        onChange={(value) => setChosen((value as Sensitivity | null) ?? chosen)}
      />
      {chosen !== attribute.sensitivity && (
        <Consequences
          key={chosen}
          attribute={attribute}
          to={chosen}
          onLeave={() => setChosen(attribute.sensitivity)}
        />
      )}
    </Stack>
  );
}

function Consequences({
  attribute: { owner, key, name },
  to,
  onLeave,
}: {
  attribute: Attribute;
  to: Sensitivity;
  onLeave: () => void;
}) {
  const [reason, setReason] = useState('');
  const plan = useApi('GET /api/attributes/:owner/:key/sensitivity', {
    params: { owner, key },
    query: { to },
  });
  const change = useChange('PUT /api/attributes/:owner/:key/sensitivity', {
    done: ({ refused }) =>
      refused.length === 0
        ? 'Changed.'
        : `Changed. ${counted(refused.length, 'segment set')} waits for a lawful basis.`,
    quiet: true,
  });
  return (
    <Read query={plan} rows={2}>
      {(planned) => (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            change.mutate({
              params: { owner, key },
              body: { sensitivity: to, ...(planned.needsReason && { reason }) },
            });
          }}
        >
          <Stack gap="xs">
            <Touched change={planned} name={name} />
            {planned.needsReason && (
              <Textarea
                label="Why it needs less care than before"
                description="Kept in the audit log with your name."
                required
                maxLength={500}
                value={reason}
                onChange={(event) => setReason(event.currentTarget.value)}
              />
            )}
            {change.error && (
              <Alert color="red" role="alert">
                {change.error.problem.detail} {change.error.problem.action}
              </Alert>
            )}
            <Group gap="xs">
              <Button
                type="submit"
                size="xs"
                loading={change.isPending}
                disabled={planned.needsReason && reason.trim() === ''}
              >
                Change sensitivity
              </Button>
              <Button size="xs" variant="default" onClick={onLeave}>
                Leave it as it is
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Read>
  );
}

/** What happens, said before it does. */
function Touched({ change: { to, refused }, name }: { change: Change; name: string }) {
  if (refused.length > 0)
    return (
      <Alert color="orange" role="status" title={`${counted(refused.length, 'segment set')} would wait`}>
        <Text size="sm">
          {refused.map((set, index) => (
            <span key={set.key}>
              {index > 0 && ', '}
              <Anchor component={Link} to={`/segment-sets/${set.key}`} size="sm" underline="always">
                {set.name}
              </Anchor>
            </span>
          ))}
          : labels stay as they are, no new ones are given and nothing is written, until an admin records a
          lawful basis for {name} under Privacy and its targets are released again.
        </Text>
      </Alert>
    );
  return (
    <Text size="sm" role="status">
      {to === 'sensitive'
        ? 'No published segment set has to wait. Reps no longer see its values, and new uses need a lawful basis on record.'
        : to === 'proxy'
          ? 'Segment sets may use it; those that do are marked in their findings and in the record of processing.'
          : 'Segment sets may use it like any other.'}
    </Text>
  );
}
