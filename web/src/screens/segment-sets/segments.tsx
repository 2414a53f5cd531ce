import { Accordion, Badge, Button, Group, Stack, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { Link } from 'react-router';
import { counted } from '../../parts/figures.ts';
import type { Choices } from './builder/choices.ts';
import { moved, withSegments } from './change-definition.ts';
import { findingsAt, type Place } from './places.ts';
import { SegmentEditor } from './segment-editor.tsx';
import type { Desk, Draft } from './use-draft.ts';

const NEW_SEGMENT: Record<string, object> = {
  rules: { when: { all: [{ attribute: 'deal_count', atLeast: 1 }] } },
  rfm: { areas: [{ r: [1, 1], f: [1, 1] }] },
};

/** The segments of a set, each with its editor. */
export function Segments({
  draft,
  desk,
  choices,
  mayEdit,
  place,
}: {
  draft: Draft;
  desk: Desk;
  choices: Choices;
  mayEdit: boolean;
  /** Asked to be shown; its segment opens. */
  place: Place | null;
}) {
  const { definition } = draft;
  const { segments } = definition;
  const [open, setOpen] = useState<string | null>(segments.length === 1 ? '0' : null);
  useEffect(() => {
    if (place?.[0] === 'segments' && place[1] !== undefined) setOpen(String(place[1]));
  }, [place]);
  const published = new Set(desk.published?.segments.map(({ key }) => key));
  const add = () => {
    const taken = new Set(segments.map(({ key }) => key));
    let number = segments.length + 1;
    while (taken.has(`segment_${number}`)) number += 1;
    const segment = {
      key: `segment_${number}`,
      name: `Segment ${number}`,
      ...NEW_SEGMENT[definition.method],
    };
    draft.change(withSegments(definition, [...segments, segment]));
    setOpen(String(segments.length));
  };
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        {definition.labels === 'one'
          ? 'Each customer gets the first segment that holds, from the top.'
          : 'Each customer gets every segment that holds.'}
      </Text>
      <Accordion variant="separated" value={open} onChange={setOpen} chevronPosition="left">
        {segments.map((segment, index) => {
          const size = draft.preview.data?.segments.find((one) => one.segment === segment.key);
          const isPublished = published.has(segment.key);
          const found = findingsAt(draft.preview.data?.findings ?? [], 'segments', index).length;
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: keys change while somebody types; the place stays
            <Accordion.Item key={index} value={String(index)} data-place={`segments.${index}`}>
              <Accordion.Control>
                <Group justify="space-between" wrap="nowrap">
                  <div>
                    <Text fw={600}>{segment.name}</Text>
                    <Text size="xs" c="dimmed">
                      {segment.description ?? segment.play?.message ?? segment.key}
                    </Text>
                  </div>
                  {found > 0 && (
                    <Badge size="sm" color="yellow" variant="light" tt="none" style={{ flex: 'none' }}>
                      {counted(found, 'finding')}
                    </Badge>
                  )}
                  {size && (
                    <Text size="sm" style={{ fontVariantNumeric: 'tabular-nums' }}>
                      {size.needs.length > 0
                        ? 'not mapped'
                        : draft.definition.subject === 'person'
                          ? counted(size.size, 'person', 'people')
                          : counted(size.size, 'company', 'companies')}
                    </Text>
                  )}
                </Group>
              </Accordion.Control>
              <Accordion.Panel>
                {open === String(index) && (
                  <Stack>
                    <SegmentEditor
                      draft={draft}
                      index={index}
                      choices={choices}
                      isPublished={isPublished}
                      mayEdit={mayEdit}
                    />
                    <Group gap="xs">
                      {isPublished && (
                        <Button
                          size="xs"
                          variant="subtle"
                          component={Link}
                          to={`/segments/${definition.key}/${segment.key}`}
                        >
                          Members and figures
                        </Button>
                      )}
                      {mayEdit && (
                        <>
                          <Button
                            size="xs"
                            variant="default"
                            disabled={index === 0}
                            onClick={() => {
                              draft.change(moved(definition, index, -1));
                              setOpen(String(index - 1));
                            }}
                          >
                            Move up
                          </Button>
                          <Button
                            size="xs"
                            variant="default"
                            disabled={index === segments.length - 1}
                            onClick={() => {
                              draft.change(moved(definition, index, 1));
                              setOpen(String(index + 1));
                            }}
                          >
                            Move down
                          </Button>
                          <Button
                            size="xs"
                            variant="subtle"
                            color="red"
                            disabled={segments.length === 1}
                            onClick={() => {
                              draft.lacks(segment.key, []);
                              draft.change(
                                withSegments(
                                  definition,
                                  segments.filter((_, at) => at !== index),
                                ),
                              );
                              setOpen(null);
                            }}
                          >
                            Remove this segment
                          </Button>
                        </>
                      )}
                    </Group>
                  </Stack>
                )}
              </Accordion.Panel>
            </Accordion.Item>
          );
        })}
      </Accordion>
      {mayEdit && (
        <Group>
          <Button variant="light" onClick={add}>
            Add a segment
          </Button>
        </Group>
      )}
    </Stack>
  );
}
