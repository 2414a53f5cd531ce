import { Alert, Badge, Button, Grid, Group, Menu, Tabs, Text } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import { useState } from 'react';
import { useBlocker, useParams, useSearchParams } from 'react-router';
import { ago, counted } from '../../parts/figures.ts';
import { Page } from '../../parts/page.tsx';
import { Read } from '../../parts/states.tsx';
import { useApi, useChange } from '../../query.ts';
import { useMay, useSession } from '../../session.ts';
import { About } from './about.tsx';
import { useChoices } from './builder/choices.ts';
import { LeaveDialog } from './leave-dialog.tsx';
import { MethodTab } from './methods/method-tab.tsx';
import { focusPlace, type Place, tabOf } from './places.ts';
import { PublishDialog } from './publish-dialog.tsx';
import { RetireDialog } from './retire-dialog.tsx';
import { Segments } from './segments.tsx';
import { SideBySide } from './side.tsx';
import { type Desk, useDraft } from './use-draft.ts';
import { Versions } from './versions.tsx';
import { METHOD_NAMES } from './words.ts';

/** One segment set: built, counted, saved and published. */
export default function SegmentSet() {
  const { key = '' } = useParams();
  const desk = useApi('GET /api/segmentations/:key', { params: { key } });
  return <Read query={desk}>{(data) => <Workbench key={key} desk={data} />}</Read>;
}

function Workbench({ desk }: { desk: Desk }) {
  const { tenant } = useSession();
  const isRetired = desk.state === 'retired';
  const mayEdit = useMay('edit') && !isRetired;
  const mayApprove = useMay('approve') && !isRetired;
  const draft = useDraft(desk);
  const choices = useChoices(desk.definition.subject, desk.key, tenant.currency);
  const [tag, setTag] = useState(desk.tag);
  const [dialog, setDialog] = useState<'publish' | 'retire' | null>(null);
  const [yamlLine, setYamlLine] = useState<number | null>(null);
  const [params] = useSearchParams();
  const asked = desk.definition.segments.findIndex(({ key }) => key === params.get('segment'));
  const [tab, setTab] = useState(desk.definition.method === 'rules' || asked >= 0 ? 'segments' : 'method');
  const [place, setPlace] = useState<Place | null>(asked < 0 ? null : ['segments', asked]);
  const goTo = (to: Place) => {
    setTab(tabOf(to));
    setPlace([...to]);
    focusPlace(draft.definition, to);
  };
  const blocker = useBlocker(draft.isDirty);
  const save = useChange('PUT /api/segmentations/:key/draft', {
    done: 'The draft is saved.',
    quiet: true,
    onDone: (saved) => {
      setTag(saved.tag);
      draft.saved();
    },
  });
  const discard = useChange('DELETE /api/segmentations/:key/draft', { done: 'The draft is thrown away.' });
  const reload = () => window.location.reload();
  const hasDraft = desk.draft !== null;
  const { definition } = draft;

  return (
    <Page
      title={definition.name}
      lead={
        <Group gap={6}>
          <Text size="sm" c="dimmed">
            {METHOD_NAMES[definition.method]} for {definition.subject === 'person' ? 'people' : 'companies'}
          </Text>
          {desk.version !== null && desk.state !== 'draft' && (
            <Badge color={isRetired ? 'gray' : 'teal'} variant="light">
              {isRetired ? 'retired' : `version ${desk.version}`}
            </Badge>
          )}
          {desk.draft && (
            <>
              <Badge color="yellow" variant="light">
                draft
              </Badge>
              <Text span size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
                by {desk.draft.savedBy}, {ago(desk.draft.savedAt)}
              </Text>
            </>
          )}
          {desk.draft?.proposedAt && (
            <Badge color="orange" variant="light">
              asks for approval
            </Badge>
          )}
          {draft.isDirty && (
            <Badge color="red" variant="light">
              not saved
            </Badge>
          )}
        </Group>
      }
      actions={
        <>
          {mayEdit && (
            <Button
              variant={draft.isDirty ? 'filled' : 'default'}
              disabled={!draft.canSave}
              loading={save.isPending}
              onClick={() => save.mutate({ params: { key: desk.key }, body: draft.body, ifMatch: tag })}
            >
              Save draft
            </Button>
          )}
          {hasDraft && (mayApprove || mayEdit) && (
            <Button
              variant={draft.isDirty ? 'default' : 'filled'}
              disabled={draft.isDirty}
              onClick={() => setDialog('publish')}
            >
              Publish…
            </Button>
          )}
          {!isRetired && (mayEdit || mayApprove) && (
            <Menu position="bottom-end">
              <Menu.Target>
                <Button variant="default" px={8} aria-label="More actions">
                  <IconDots size={18} />
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item
                  disabled={!hasDraft || !mayEdit}
                  onClick={() =>
                    discard.mutate({ params: { key: desk.key }, ifMatch: tag }, { onSuccess: reload })
                  }
                >
                  Throw the draft away
                </Menu.Item>
                <Menu.Item
                  color="red"
                  disabled={desk.state !== 'published' || !mayApprove}
                  onClick={() => setDialog('retire')}
                >
                  Retire this set…
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          )}
        </>
      }
    >
      {save.error && (
        <Alert
          color="red"
          title={save.error.problem.title}
          role="alert"
          withCloseButton
          onClose={() => save.reset()}
        >
          <Text size="sm" style={{ whiteSpace: 'pre-wrap' }}>
            {save.error.problem.detail} {save.error.problem.action}
          </Text>
          {save.error.problem.code === 'changed_meanwhile' && (
            <Button size="xs" mt="xs" variant="default" onClick={reload}>
              Load theirs
            </Button>
          )}
        </Alert>
      )}
      <Faults draft={draft} onShow={setYamlLine} />
      <Grid gap="md">
        <Grid.Col span={{ base: 12, lg: 8 }}>
          <Tabs value={tab} onChange={(value) => setTab(value ?? 'segments')} keepMounted={false}>
            <Tabs.List mb="sm">
              {definition.method !== 'rules' && <Tabs.Tab value="method">How it divides</Tabs.Tab>}
              <Tabs.Tab value="segments">{counted(definition.segments.length, 'segment')}</Tabs.Tab>
              <Tabs.Tab value="about">Goal and targets</Tabs.Tab>
              <Tabs.Tab value="versions">History</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="method">
              {choices && (
                <MethodTab key={draft.epoch} draft={draft} desk={desk} choices={choices} mayEdit={mayEdit} />
              )}
            </Tabs.Panel>
            <Tabs.Panel value="segments">
              {choices && (
                <Segments
                  key={draft.epoch}
                  draft={draft}
                  desk={desk}
                  choices={choices}
                  mayEdit={mayEdit}
                  place={place}
                />
              )}
            </Tabs.Panel>
            <Tabs.Panel value="about">
              <About key={draft.epoch} draft={draft} desk={desk} mayEdit={mayEdit} />
            </Tabs.Panel>
            <Tabs.Panel value="versions">
              <Versions desk={desk} />
            </Tabs.Panel>
          </Tabs>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 4 }}>
          <SideBySide draft={draft} mayEdit={mayEdit} line={yamlLine} onGoTo={goTo} />
        </Grid.Col>
      </Grid>
      {dialog === 'publish' && (
        <PublishDialog desk={desk} tag={tag} mayApprove={mayApprove} onClose={() => setDialog(null)} />
      )}
      {dialog === 'retire' && <RetireDialog desk={desk} onClose={() => setDialog(null)} />}
      <LeaveDialog blocker={blocker} />
    </Page>
  );
}

/** What is wrong or still to be filled in, with a way to its place in the YAML. */
function Faults({ draft, onShow }: { draft: ReturnType<typeof useDraft>; onShow: (line: number) => void }) {
  const { problems, gaps, check } = draft;
  if (check.error)
    return (
      <Alert color="red" role="alert" title="It can't be checked, so it can't be saved yet">
        <Text size="sm">
          {check.error.problem.detail} {check.error.problem.action} What you wrote stays here.
        </Text>
        <Button
          size="xs"
          mt="xs"
          variant="default"
          loading={check.isFetching}
          onClick={() => void check.refetch()}
        >
          Try again
        </Button>
      </Alert>
    );
  if (problems.length + gaps.length === 0) return null;
  return (
    <Alert
      color="yellow"
      role="status"
      title={
        problems.length > 0
          ? `${counted(problems.length, 'fault')} in the definition`
          : 'Still to be filled in'
      }
    >
      {gaps.map((gap, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: sentences may repeat
        <Text size="sm" key={index}>
          {gap}
        </Text>
      ))}
      {problems.map(({ line, column, message }) => (
        <Group key={`${line}:${column}:${message}`} gap={6} wrap="nowrap" align="flex-start">
          <Button size="compact-xs" variant="light" color="yellow" onClick={() => onShow(line)}>
            line {line}
          </Button>
          <Text size="sm">{message}</Text>
        </Group>
      ))}
    </Alert>
  );
}
