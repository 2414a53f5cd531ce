import { Alert, Button, Card, Group, Modal, Select, Stack, Text, Textarea, Title } from '@mantine/core';
import { useState } from 'react';
import type { Answer } from '../../api.ts';
import { day } from '../../parts/figures.ts';
import { Rows } from '../../parts/table.tsx';
import { useChange } from '../../query.ts';
import { useMay } from '../../session.ts';

type Privacy = Answer<'GET /api/privacy'>;
type Attribute = Privacy['sensitive'][number];

/** Sensitive attributes: refused everywhere until an admin says by which right they are used. */
export function Sensitive({ privacy }: { privacy: Privacy }) {
  const [asked, setAsked] = useState<Attribute | null>(null);
  const mayAdminister = useMay('administer');
  const basisOf = ({ owner, key }: Attribute) =>
    privacy.bases.find((basis) => basis.owner === owner && basis.key === key);
  const revoke = useChange('DELETE /api/privacy/bases/:attribute', {
    done: ({ held }) =>
      held.length === 0
        ? 'It may not be used any more.'
        : `It may not be used any more. ${held.join(', ')} keeps its labels, gives no more, and is held.`,
  });
  return (
    <Card withBorder component="section" aria-label="Sensitive data">
      <Title order={2} size="h5">
        Sensitive data
      </Title>
      <Text size="sm" c="dimmed" mb="xs">
        Health, religion, origin and the like, and rules that only people under 18 can meet. No segment can
        use them until their lawful basis is on record.
      </Text>
      <Rows
        name="Sensitive attributes"
        rows={privacy.sensitive}
        keyOf={({ owner, key }) => `${owner}.${key}`}
        columns={[
          {
            head: 'Attribute',
            cell: ({ name, owner, key, isFed }) => (
              <>
                {name}
                <Text size="xs" c="dimmed">
                  {owner}.{key}
                  {isFed ? '' : ', nothing feeds it'}
                </Text>
              </>
            ),
          },
          {
            head: 'Lawful basis',
            cell: (attribute) => {
              const basis = basisOf(attribute);
              if (!basis) return 'none: it can’t be used';
              return (
                <>
                  {words(basis.basis)} ({basis.article})
                  <Text size="xs" c="dimmed">
                    {basis.by}, {day(basis.at)}
                    {basis.note && `: ${basis.note}`}
                  </Text>
                </>
              );
            },
          },
          { head: 'Used by', cell: ({ usedBy }) => usedBy.join(', ') || '–' },
          ...(mayAdminister
            ? [
                {
                  head: 'Change',
                  cell: (attribute: Attribute) =>
                    basisOf(attribute) ? (
                      <Button
                        size="compact-xs"
                        variant="default"
                        aria-label={`Revoke the basis of ${attribute.name}`}
                        loading={revoke.isPending}
                        onClick={() => revoke.mutate({ params: { attribute: nameOf(attribute) } })}
                      >
                        Revoke
                      </Button>
                    ) : (
                      <Button
                        size="compact-xs"
                        variant="default"
                        aria-label={`Record a basis for ${attribute.name}`}
                        onClick={() => setAsked(attribute)}
                      >
                        Record a basis
                      </Button>
                    ),
                },
              ]
            : []),
        ]}
      />
      <Modal
        opened={asked !== null}
        onClose={() => setAsked(null)}
        title={`The lawful basis for ${asked?.name ?? ''}`}
      >
        {asked && <BasisForm attribute={asked} choices={privacy.choices} onDone={() => setAsked(null)} />}
      </Modal>
    </Card>
  );
}

const nameOf = ({ owner, key }: Attribute) => `${owner}.${key}`;

const words = (basis: string) => basis.replaceAll('_', ' ');

function BasisForm({
  attribute,
  choices,
  onDone,
}: {
  attribute: Attribute;
  choices: Privacy['choices'];
  onDone: () => void;
}) {
  const [basis, setBasis] = useState<string | null>(null);
  const [note, setNote] = useState('');
  const allow = useChange('PUT /api/privacy/bases/:attribute', {
    done: `${attribute.name} may be used from now on.`,
    quiet: true,
    onDone,
  });
  const chosen = choices.find((one) => one.basis === basis);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!chosen) return;
        allow.mutate({
          params: { attribute: nameOf(attribute) },
          body: { basis: chosen.basis, ...(note && { note }) },
        });
      }}
    >
      <Stack>
        <Select
          label="Basis"
          required
          data={choices.map((one) => ({ value: one.basis, label: `${words(one.basis)} (${one.article})` }))}
          value={basis}
          onChange={setBasis}
        />
        <Textarea
          label="Where the proof is"
          maxLength={500}
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
        />
        <Text size="sm" c="dimmed">
          Your name and today’s date are kept with it, and stand in the record of processing.
        </Text>
        {allow.error && (
          <Alert color="red" role="alert">
            {allow.error.problem.detail} {allow.error.problem.action}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button type="submit" disabled={!chosen} loading={allow.isPending}>
            Record it
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
