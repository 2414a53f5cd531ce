import {
  Alert,
  Badge,
  Box,
  Button,
  Card,
  Group,
  Loader,
  Progress,
  Stack,
  Tabs,
  Text,
  Textarea,
} from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { count, share } from '../../parts/figures.ts';
import { UnfedNote } from '../../parts/unfed.tsx';
import type { Place } from './places.ts';
import type { Draft, Preview } from './use-draft.ts';

/** Beside the forms: sizes, the YAML, and what the linter finds. */
export function SideBySide({
  draft,
  mayEdit,
  line,
  onGoTo,
}: {
  draft: Draft;
  mayEdit: boolean;
  line: number | null;
  /** Shows a place of the definition in the forms. */
  onGoTo: (place: Place) => void;
}) {
  const [tab, setTab] = useState<string | null>('sizes');
  useEffect(() => {
    if (line !== null) setTab('yaml');
  }, [line]);
  const findings = (draft.preview.data?.findings.length ?? 0) + (draft.check.data?.warnings.length ?? 0);
  return (
    <Card withBorder padding="sm" style={{ position: 'sticky', top: 72 }}>
      <Tabs value={tab} onChange={setTab} keepMounted={false}>
        <Tabs.List grow mb="sm">
          <Tabs.Tab value="sizes">Sizes</Tabs.Tab>
          <Tabs.Tab value="yaml">YAML</Tabs.Tab>
          <Tabs.Tab
            value="findings"
            rightSection={
              findings > 0 && (
                <Badge size="sm" circle color="yellow" variant="light" aria-label={`${findings} findings`}>
                  {findings}
                </Badge>
              )
            }
          >
            Findings
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="sizes">
          <LiveSizes draft={draft} />
        </Tabs.Panel>
        <Tabs.Panel value="yaml">
          <Yaml draft={draft} mayEdit={mayEdit} line={line} />
        </Tabs.Panel>
        <Tabs.Panel value="findings">
          <Findings draft={draft} onGoTo={onGoTo} />
        </Tabs.Panel>
      </Tabs>
    </Card>
  );
}

function LiveSizes({ draft }: { draft: Draft }) {
  const { preview, isCounting, definition, gaps, problems } = draft;
  if (gaps.length + problems.length > 0)
    return (
      <Text size="sm" c="dimmed">
        Sizes are counted once the definition is complete.
      </Text>
    );
  if (preview.error)
    return (
      <Alert color="yellow" role="status" title="It can't be counted">
        <Text size="sm">
          {preview.error.problem.detail} {preview.error.problem.action}
        </Text>
      </Alert>
    );
  const { data } = preview;
  const who = definition.subject === 'person' ? 'people' : 'companies';
  return (
    <Stack gap="xs" aria-busy={isCounting}>
      <Group gap={6} justify="space-between" mih={22}>
        <Text size="sm" c="dimmed" role="status">
          {data ? `${count(data.subjects)} ${who}, ${count(data.unlabelled)} in no segment` : 'Counting…'}
        </Text>
        {isCounting && (
          <Group gap={6}>
            <Loader size={12} />
            <Text size="xs" c="dimmed">
              counting…
            </Text>
          </Group>
        )}
      </Group>
      {data && data.counted < data.total && (
        <Text size="xs" c="dimmed">
          Estimated from a sample of {count(data.counted)} of about {count(data.total)} {who}; percentages of
          all are cut within it. Publishing counts everybody.
        </Text>
      )}
      {data?.total === 0 && (
        <Text size="sm">There are no {who} in the store yet; connect a CRM and start a run.</Text>
      )}
      {data?.segments.map((segment) => (
        <SegmentSize
          key={segment.segment}
          segment={segment}
          name={definition.segments.find(({ key }) => key === segment.segment)?.name ?? segment.segment}
          isEstimate={data.counted < data.total}
        />
      ))}
    </Stack>
  );
}

function SegmentSize({
  segment,
  name,
  isEstimate,
}: {
  segment: Preview['segments'][number];
  name: string;
  isEstimate: boolean;
}) {
  const { size, needs, samples } = segment;
  if (needs.length > 0)
    return (
      <Box>
        <Text size="sm" fw={600}>
          {name}
        </Text>
        <UnfedNote {...segment} />
      </Box>
    );
  return (
    <Box>
      <Group justify="space-between" wrap="nowrap" gap={8}>
        <Text size="sm" fw={600} truncate>
          {name}
        </Text>
        <Text
          size="sm"
          style={{ fontVariantNumeric: 'tabular-nums', whiteSpace: 'nowrap' }}
          data-size={segment.segment}
        >
          {isEstimate ? '≈ ' : ''}
          {count(size)} · {share(segment.share)}
        </Text>
      </Group>
      <Progress value={segment.share * 100} size={6} aria-hidden />
      <UnfedNote {...segment} />
      {samples.length > 0 && (
        <Text size="xs" c="dimmed" truncate title={samples.map(known).join(', ')}>
          {samples.map(known).join(', ')}
        </Text>
      )}
    </Box>
  );
}

function Yaml({ draft, mayEdit, line }: { draft: Draft; mayEdit: boolean; line: number | null }) {
  const input = useRef<HTMLTextAreaElement>(null);
  const { text } = draft;
  // biome-ignore lint/correctness/useExhaustiveDependencies: jumps when a line is asked for, not while somebody writes
  useEffect(() => {
    if (line === null || !input.current) return;
    const lines = text.split('\n');
    const from = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
    input.current.focus();
    input.current.setSelectionRange(from, from + (lines[line - 1]?.length ?? 0));
  }, [line]);
  return (
    <Stack gap={6}>
      <Textarea
        ref={input}
        aria-label="Definition as YAML"
        autosize
        minRows={16}
        maxRows={30}
        readOnly={!mayEdit}
        spellCheck={false}
        wrap="off"
        styles={{
          input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 12, lineHeight: 1.5 },
        }}
        value={text}
        onChange={(event) => draft.write(event.currentTarget.value)}
      />
      {draft.problems.map(({ line: at, column, message }) => (
        <Text key={`${at}:${column}:${message}`} size="xs" c="red" role="alert">
          Line {at}, column {column}: {message}
        </Text>
      ))}
      <Text size="xs" c="dimmed">
        What you write here shows in the forms, and the other way round. Comments are not kept.
      </Text>
    </Stack>
  );
}

/** Of one mistake. */
const SHOWN = 6;

function Findings({ draft, onGoTo }: { draft: Draft; onGoTo: (place: Place) => void }) {
  const findings = draft.preview.data?.findings ?? [];
  const warnings = draft.check.data?.warnings ?? [];
  if (findings.length + warnings.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {draft.preview.data ? 'None of the known mistakes.' : 'Looked for once sizes are counted.'}
      </Text>
    );
  return (
    <Stack gap="sm">
      {findings.map(({ mistake, title, evidence, places, action }) => (
        <Box key={mistake}>
          <Text size="sm" fw={600}>
            {title}
          </Text>
          {evidence.slice(0, SHOWN).map((sentence, index) => (
            <Group key={sentence} gap={6} wrap="nowrap" justify="space-between" align="flex-start">
              <Text size="xs">{sentence}</Text>
              {(places[index]?.length ?? 0) > 0 && (
                <Button
                  size="compact-xs"
                  variant="subtle"
                  style={{ flex: 'none' }}
                  aria-label={`Go to: ${sentence}`}
                  onClick={() => onGoTo(places[index] ?? [])}
                >
                  Go to
                </Button>
              )}
            </Group>
          ))}
          {evidence.length > SHOWN && <Text size="xs">and {evidence.length - SHOWN} more.</Text>}
          {action && (
            <Text size="xs" c="dimmed">
              {action}
            </Text>
          )}
        </Box>
      ))}
      {warnings
        .filter(({ code }) => code !== 'no_purpose' && code !== 'no_basis')
        .map(({ code, message, action }) => (
          <Box key={code}>
            <Text size="sm" fw={600}>
              {message}
            </Text>
            <Text size="xs" c="dimmed">
              {action}
            </Text>
          </Box>
        ))}
    </Stack>
  );
}

/** Without an address nobody is told by a number. */
const known = (sample: string): string =>
  /^(person|company):\d+$/.test(sample) ? 'somebody without an address' : sample;
