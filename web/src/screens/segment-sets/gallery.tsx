import {
  Accordion,
  Alert,
  Badge,
  Button,
  Card,
  Group,
  List,
  Modal,
  SegmentedControl,
  SimpleGrid,
  Stack,
  Text,
  Textarea,
  TextInput,
  Title,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import type { SubjectType } from '../../../../src/model/attribute.ts';
import type { Answer } from '../../api.ts';
import { counted } from '../../parts/figures.ts';
import { Page } from '../../parts/page.tsx';
import { Read } from '../../parts/states.tsx';
import { useApi, useChange } from '../../query.ts';
import { blank, blankMethods } from './blank.ts';
import { keyFrom, METHOD_LEADS, METHOD_NAMES } from './words.ts';

type Template = Answer<'GET /api/templates'>['items'][number];

/** Where a segment set begins: a template, a method, or YAML. */
export default function Gallery() {
  const templates = useApi('GET /api/templates');
  const [isBlank, blankDialog] = useDisclosure(false);
  const [isYaml, yamlDialog] = useDisclosure(false);
  return (
    <Page
      title="New segment set"
      lead="Everything starts as a draft; nothing is published or written to a CRM by this."
      actions={
        <>
          <Button variant="default" onClick={yamlDialog.open}>
            From YAML
          </Button>
          <Button onClick={blankDialog.open}>Build your own</Button>
        </>
      }
    >
      <BlankDialog opened={isBlank} onClose={blankDialog.close} />
      <YamlDialog opened={isYaml} onClose={yamlDialog.close} />
      <Read query={templates}>
        {({ items }) => (
          <SimpleGrid cols={{ base: 1, sm: 2, xl: 3 }}>
            {/* What there is already stands last. */}
            {[...items]
              .sort((a, b) => Number(isWhole(a)) - Number(isWhole(b)))
              .map((template) => (
                <TemplateCard key={template.key} template={template} />
              ))}
          </SimpleGrid>
        )}
      </Read>
    </Page>
  );
}

function useBegin() {
  const navigate = useNavigate();
  return useChange('POST /api/segmentations', {
    onDone: ({ keys }) => {
      const [first] = keys;
      void navigate(keys.length === 1 && first ? `/segment-sets/${first}` : '/segment-sets');
    },
    done: ({ keys }) => `${counted(keys.length, 'draft')} begun: ${keys.join(', ')}.`,
  });
}

const isWhole = ({ sets }: Template): boolean => sets.every((set) => set.isTaken);

function TemplateCard({ template }: { template: Template }) {
  const begin = useBegin();
  const segments = template.sets.flatMap((set) => set.segments);
  const lacking = segments.filter(({ lacks }) => lacks.length > 0);
  const isTaken = isWhole(template);
  return (
    <Card withBorder padding="md" component="section" aria-label={template.name}>
      <Stack gap="xs" h="100%">
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <Title order={2} size="h4">
            {template.name}
          </Title>
          <Badge variant="light" color={lacking.length === 0 ? 'teal' : 'yellow'} style={{ flexShrink: 0 }}>
            {lacking.length === 0
              ? 'ready'
              : `${segments.length - lacking.length} of ${segments.length} ready`}
          </Badge>
        </Group>
        <Text size="sm" c="dimmed">
          {template.description}
        </Text>
        <Accordion
          variant="separated"
          chevronPosition="left"
          style={{ flexGrow: 1 }}
          styles={{ item: { marginTop: 6 }, control: { paddingBlock: 2 } }}
        >
          {template.sets.map((set) => (
            <Accordion.Item key={set.key} value={set.key}>
              <Accordion.Control>
                <Text size="sm" fw={600}>
                  {set.name}
                </Text>
                <Text size="xs" c="dimmed">
                  {METHOD_NAMES[set.method] ?? set.method}, {counted(set.segments.length, 'segment')}
                </Text>
              </Accordion.Control>
              <Accordion.Panel>
                <List size="sm" spacing={8} listStyleType="none">
                  {set.segments.map((segment) => (
                    <List.Item key={segment.key}>
                      <Text size="sm" fw={600} component="span">
                        {segment.name}
                      </Text>
                      {segment.description && <Text size="xs">{segment.description}</Text>}
                      {segment.play && (
                        <Text size="xs" c="dimmed">
                          Play:{' '}
                          {[segment.play.channel, segment.play.message, segment.play.offer]
                            .filter(Boolean)
                            .join(', ')}
                        </Text>
                      )}
                      {segment.lacks.length > 0 && (
                        <Text size="xs" c="orange">
                          Needs {segment.needs.join(', ')}
                        </Text>
                      )}
                    </List.Item>
                  ))}
                </List>
              </Accordion.Panel>
            </Accordion.Item>
          ))}
        </Accordion>
        {isTaken ? (
          <Button
            variant="default"
            component={Link}
            to={template.sets.length === 1 ? `/segment-sets/${template.sets[0]?.key}` : '/segment-sets'}
            aria-label={`You have this: open it (${template.name})`}
          >
            You have this: open it
          </Button>
        ) : (
          <Button
            variant="light"
            loading={begin.isPending}
            onClick={() => begin.mutate({ body: { template: template.key } })}
            aria-label={`Start from this: ${template.name}`}
          >
            Start from this
          </Button>
        )}
      </Stack>
    </Card>
  );
}

function BlankDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const [name, setName] = useState('');
  const [subject, setSubject] = useState<SubjectType>('person');
  const [method, setMethod] = useState('rules');
  const begin = useBegin();
  const key = keyFrom(name, 30);
  return (
    <Modal opened={opened} onClose={onClose} title="Build your own" size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          begin.mutate({ body: { definition: blank({ key, name: name.trim(), subject, method }) } });
        }}
      >
        <Stack>
          <TextInput
            label="Name"
            required
            data-autofocus
            maxLength={100}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            description={key === '' ? 'What people read.' : `Permanent key: ${key}`}
          />
          <div>
            <Text size="sm" fw={600} id="blank-subject">
              What is divided
            </Text>
            <SegmentedControl
              aria-labelledby="blank-subject"
              data={[
                { value: 'person', label: 'People' },
                { value: 'company', label: 'Companies' },
              ]}
              value={subject}
              onChange={(value) => setSubject(value === 'company' ? 'company' : 'person')}
            />
          </div>
          <div role="radiogroup" aria-label="How it divides">
            <Text size="sm" fw={600} mb={4}>
              How it divides
            </Text>
            <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs">
              {blankMethods.map((one) => (
                <Button
                  key={one}
                  role="radio"
                  aria-checked={method === one}
                  variant={method === one ? 'light' : 'default'}
                  h="auto"
                  py={8}
                  justify="flex-start"
                  onClick={() => setMethod(one)}
                >
                  <Stack gap={0} align="flex-start">
                    <Text size="sm" fw={600}>
                      {METHOD_NAMES[one]}
                    </Text>
                    <Text size="xs" ta="left" style={{ whiteSpace: 'normal' }}>
                      {METHOD_LEADS[one]}
                    </Text>
                  </Stack>
                </Button>
              ))}
            </SimpleGrid>
          </div>
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" disabled={key === ''} loading={begin.isPending}>
              Begin the draft
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function YamlDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const [text, setText] = useState('');
  const begin = useBegin();
  return (
    <Modal opened={opened} onClose={onClose} title="From YAML or JSON" size="lg">
      <Stack>
        <Textarea
          label="One segment set or several"
          data-autofocus
          autosize
          minRows={12}
          maxRows={24}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        {begin.error && (
          <Alert color="red" title="Nothing was changed" role="alert">
            <Text size="sm" style={{ whiteSpace: 'pre-wrap' }}>
              {begin.error.problem.detail}
            </Text>
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            disabled={text.trim() === ''}
            loading={begin.isPending}
            onClick={() => begin.mutate({ body: { text } })}
          >
            Begin the draft
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
