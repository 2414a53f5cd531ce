import { Alert, Badge, Box, Button, Group, List, Modal, Stack, Text, Title } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import type { Answer } from '../../api.ts';
import { useAsk } from '../../ask.ts';
import { change, count, counted } from '../../parts/figures.ts';
import { Read } from '../../parts/states.tsx';
import { Rows } from '../../parts/table.tsx';
import { UnfedNote } from '../../parts/unfed.tsx';
import { useChange } from '../../query.ts';
import type { Desk } from './use-draft.ts';

type Plan = Answer<'POST /api/segmentations/:key/plan'>;

/** What publishing would do, before anybody says yes to it. */
export function PublishDialog({
  desk,
  tag,
  mayApprove,
  onClose,
}: {
  desk: Desk;
  tag: string;
  mayApprove: boolean;
  onClose: () => void;
}) {
  const { key, definition } = desk;
  const plan = useAsk('POST /api/segmentations/:key/plan', { params: { key } }, { staleMs: 0 });
  const isNarrow = useMediaQuery('(max-width: 48em)');
  const publish = useChange('POST /api/segmentations/:key/publish', {
    done: ({ version, held }) =>
      `Version ${version} is published. ${held > 0 ? `${counted(held, 'target')} wait for you under Waiting for you.` : 'The next run works its labels out.'}`,
    onDone: () => window.location.reload(),
  });
  const propose = useChange('POST /api/segmentations/:key/propose', {
    done: 'It is put forward: somebody else who may approve can publish it now.',
    onDone: onClose,
  });
  const needsOther = desk.needsSecondPerson || !mayApprove;
  const isBlocked = plan.data?.room.some(({ isBlocking }) => isBlocking) ?? true;
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Publish ${definition.name}`}
      size="xl"
      fullScreen={isNarrow ?? false}
    >
      <Stack>
        <Read query={plan} rows={8}>
          {(data) => (
            <>
              <PlanView plan={data} subject={definition.subject} />
              {data.problem === null && <Expected setKey={key} subject={definition.subject} />}
            </>
          )}
        </Read>
        {needsOther && (
          <Alert color="blue" title="A second person publishes it">
            <Text size="sm">
              {mayApprove
                ? 'You saved this draft last, and your company wants somebody else to look at it.'
                : 'Your role may not publish.'}{' '}
              Put it forward; whoever may approve finds it in the list of segment sets.
            </Text>
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Not now
          </Button>
          {needsOther ? (
            <Button
              loading={propose.isPending}
              disabled={desk.draft?.proposedAt !== null}
              onClick={() => propose.mutate({ params: { key }, ifMatch: tag })}
            >
              {desk.draft?.proposedAt ? 'Put forward already' : 'Ask for approval'}
            </Button>
          ) : (
            <Button
              loading={publish.isPending}
              disabled={isBlocked}
              onClick={() => publish.mutate({ params: { key }, ifMatch: tag })}
            >
              Publish
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  );
}

const SIGNS = { added: '+', removed: '−', changed: '~' };
const COLOURS = { added: 'teal', removed: 'red', changed: 'yellow' };

function PlanView({ plan, subject }: { plan: Plan; subject: string }) {
  const who = subject === 'person' ? ['person', 'people'] : ['company', 'companies'];
  const namesOf = (keys: readonly string[]): string =>
    keys.map((key) => plan.segments.find(({ segment }) => segment === key)?.name ?? key).join(', ') || 'none';
  const fresh = plan.targets.filter(({ state }) => state === 'new').length;
  const live = plan.targets.filter(({ state }) => state === 'live').length;
  return (
    <Stack>
      <Section title={plan.change === 'new' ? 'What is new' : 'What changes'}>
        {plan.differences.length === 0 ? (
          <Text size="sm">Nothing: it is as it was.</Text>
        ) : (
          <List size="sm" listStyleType="none" spacing={4}>
            {plan.differences.map(({ text, kind }) => (
              <List.Item key={text}>
                <Group gap={8} wrap="nowrap" align="flex-start">
                  <Badge size="sm" variant="light" color={COLOURS[kind]} aria-label={kind}>
                    {SIGNS[kind]}
                  </Badge>
                  <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
                    {text}
                  </Text>
                </Group>
              </List.Item>
            ))}
          </List>
        )}
      </Section>
      <Section title="Who enters and leaves">
        {plan.problem !== null ? (
          <Alert color="yellow">It can't be counted yet: {plan.problem}</Alert>
        ) : (
          <>
            <Text size="sm" c="dimmed" mb={4}>
              Labels of {counted(plan.changes, who[0] ?? '', who[1])} of {count(plan.total)} would change;{' '}
              {count(plan.unlabelled)} would have none.
            </Text>
            <Rows
              name="Who enters and leaves"
              keyOf={({ segment }) => segment}
              rows={plan.segments}
              columns={[
                {
                  head: 'Segment',
                  cell: ({ name, lacks, passedOver }) => (
                    <>
                      {name}
                      <UnfedNote needs={lacks} passedOver={passedOver} />
                    </>
                  ),
                },
                { head: 'Now', cell: ({ before }) => count(before), isNumber: true },
                { head: 'Then', cell: ({ after }) => count(after), isNumber: true },
                { head: 'Enter', cell: ({ enters }) => change(enters), isNumber: true },
                { head: 'Leave', cell: ({ leaves }) => change(-leaves), isNumber: true },
              ]}
            />
            {plan.samples.length > 0 && (
              <Text size="xs" c="dimmed" mt={4} component="div">
                For example
                {plan.samples.slice(0, 5).map(({ name, id, before, after }) => (
                  <div key={id}>
                    {name ?? 'Somebody without an address'}: {namesOf(before)} → {namesOf(after)}
                  </div>
                ))}
              </Text>
            )}
          </>
        )}
      </Section>
      <Section title="Where it is written">
        <Text size="sm">
          {plan.targets.length === 0
            ? 'No CRM is connected, so nothing is written anywhere.'
            : `${counted(plan.targets.length, 'target')}, ${fresh} of them new. ${
                plan.releases === 'auto'
                  ? 'By your policy they are released at once.'
                  : `New ones${live > 0 ? ` and the ${live} live ones` : ''} wait until you release them.`
              }`}
        </Text>
        {plan.targets.length > 0 && (
          <Text size="xs" c="dimmed" component="div">
            {[...Map.groupBy(plan.targets, ({ connection }) => connection)].map(([connection, own]) => (
              <div key={connection}>
                {connection}: {own.map(({ what, state }) => `${what} (${state})`).join(', ')}
              </div>
            ))}
          </Text>
        )}
        {plan.room.map(({ connection, message, action, isBlocking }) => (
          <Alert key={message} mt="xs" color={isBlocking ? 'red' : 'yellow'} title={connection}>
            <Text size="sm">
              {message} {action}
            </Text>
          </Alert>
        ))}
      </Section>
      {plan.warnings.length > 0 && (
        <Section title="To think about">
          {plan.warnings.map(({ code, message, action }) => (
            <Text size="sm" key={code}>
              {message}{' '}
              <Text span c="dimmed">
                {action}
              </Text>
            </Text>
          ))}
        </Section>
      )}
    </Stack>
  );
}

/** How restless its labels will be: worked out from today's data, as there is no history yet. */
function Expected({ setKey, subject }: { setKey: string; subject: string }) {
  const expected = useAsk('POST /api/segmentations/:key/expect', { params: { key: setKey } });
  const who = subject === 'person' ? 'people' : 'companies';
  return (
    <Section title="In a month by itself">
      <Text size="sm">
        {expected.data
          ? `Labels of at least ${count(expected.data.changed)} of ${count(expected.data.subjects)} ${who} change within ${expected.data.days} days as time passes and they act.`
          : (expected.error?.problem.detail ?? 'Working it out…')}
      </Text>
    </Section>
  );
}

function Section({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <Box component="section" aria-label={title}>
      <Title order={2} size="h5" mb={4}>
        {title}
      </Title>
      {children}
    </Box>
  );
}
