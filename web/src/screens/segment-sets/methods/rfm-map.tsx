import { Box, Group, Radio, Stack, Text, Tooltip, UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import { PALETTE } from '../../../parts/chart.tsx';
import { count, money, share } from '../../../parts/figures.ts';
import { useSession } from '../../../session.ts';
import { withSegments } from '../change-definition.ts';
import type { Draft } from '../use-draft.ts';
import { type PictureOf, rounded } from './picture.ts';
import { cellsOf, isGrid, painted } from './rfm-areas.ts';
import './rfm-map.css';

/** A map has more segments than charts have series: none of them shares a colour. */
const COLOURS = [...PALETTE, '#7b4fa3', '#8c564b', '#12808a', '#b3365c'];

const DOWN = [5, 4, 3, 2, 1];
const ACROSS = [1, 2, 3, 4, 5];

/** Recency by frequency: how many are where, and which segment each cell belongs to. Cells are painted by clicking. */
export function RfmMap({
  picture,
  draft,
  mayEdit,
}: {
  picture: PictureOf<'rfm'>;
  draft: Draft;
  mayEdit: boolean;
}) {
  const { tenant } = useSession();
  const { definition } = draft;
  const [brush, setBrush] = useState<string | null>(null);
  if (definition.method !== 'rfm') return null;
  const { segments } = definition;
  const canPaint = mayEdit && isGrid(segments);
  const owners = cellsOf(segments);
  const colourOf = (key: string) =>
    COLOURS[segments.findIndex((one) => one.key === key) % COLOURS.length] ?? '#888';
  const nameOf = (key: string | undefined) => segments.find((one) => one.key === key)?.name ?? 'no segment';
  const total = picture.cells.reduce((sum, { size }) => sum + size, 0);
  const most = Math.max(1, ...picture.cells.map(({ size }) => size));
  const uncovered = 25 - owners.size;
  return (
    <Stack gap="xs">
      <Text size="sm" fw={600}>
        {count(total)} customers by how lately and how often they bought
      </Text>
      <div className="rfm">
        <table className="rfm-grid" aria-label="Recency by frequency">
          <thead>
            <tr>
              <th scope="col">
                <Text size="xs" className="rfm-corner">
                  Recency ↓<br />
                  Frequency →
                </Text>
              </th>
              {ACROSS.map((f) => (
                <th key={f} scope="col">
                  <Text size="xs">
                    F {f}
                    {f === 5 && <span className="rfm-end">often</span>}
                    {f === 1 && <span className="rfm-end">seldom</span>}
                  </Text>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {DOWN.map((r) => (
              <tr key={r}>
                <th scope="row">
                  <Text size="xs">
                    R {r}
                    {r === 5 && <span className="rfm-end">lately</span>}
                    {r === 1 && <span className="rfm-end">long ago</span>}
                  </Text>
                </th>
                {ACROSS.map((f) => {
                  const cell = picture.cells.find((one) => one.r === r && one.f === f);
                  const owner = canPaint ? owners.get(`${r}-${f}`) : (cell?.segment ?? undefined);
                  const words = `Recency ${r}, frequency ${f}: ${count(cell?.size ?? 0)} customers, ${money(cell?.revenue ?? 0, tenant.currency)}, ${nameOf(owner)}`;
                  return (
                    <td key={f}>
                      <Tooltip label={words}>
                        <UnstyledButton
                          className="rfm-cell"
                          aria-label={words}
                          disabled={!canPaint || brush === null}
                          style={{ borderColor: owner ? colourOf(owner) : 'transparent' }}
                          onClick={() =>
                            brush && draft.change(withSegments(definition, painted(segments, r, f, brush)))
                          }
                        >
                          <Box
                            className="rfm-heat"
                            style={{
                              background: owner ? colourOf(owner) : 'transparent',
                              opacity: 0.12 + 0.45 * ((cell?.size ?? 0) / most),
                            }}
                          />
                          <Text size="sm" fw={650} className="rfm-figure">
                            {count(cell?.size ?? 0)}
                          </Text>
                          <Text size="xs" className="rfm-figure rfm-name" lh={1.15} lineClamp={2}>
                            {nameOf(owner)}
                          </Text>
                        </UnstyledButton>
                      </Tooltip>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {uncovered > 0 && (
        <Text size="sm" c="orange">
          {uncovered} cells belong to no segment: customers there get no label.
        </Text>
      )}
      {canPaint && (
        <Radio.Group
          label="Give cells to"
          description="Choose a segment, then click cells of the map."
          value={brush}
          onChange={setBrush}
        >
          <Group gap="lg" mt={6} style={{ rowGap: 8 }}>
            {segments.map(({ key, name }) => (
              <Radio
                key={key}
                size="xs"
                value={key}
                label={
                  <Group gap={4} wrap="nowrap">
                    <Box w={10} h={10} style={{ background: colourOf(key), borderRadius: 3 }} />
                    {name}
                  </Group>
                }
              />
            ))}
          </Group>
        </Radio.Group>
      )}
      {picture.cutPoints && (
        <Text size="xs" c="dimmed">
          Scores change at {listed(picture.cutPoints.recency, rounded)} days since the last purchase, at{' '}
          {listed(picture.cutPoints.frequency, rounded)} purchases, and at{' '}
          {listed(picture.cutPoints.monetary, (cut) => money(cut, tenant.currency))} spent.{' '}
          {total > 0 && largest(picture, nameOf, total)}
        </Text>
      )}
    </Stack>
  );
}

/** A cut point that two scores share is named once. */
const listed = (cuts: number[], show: (cut: number) => string): string =>
  new Intl.ListFormat('en').format(new Set(cuts.map(show)));

function largest(
  picture: PictureOf<'rfm'>,
  nameOf: (key: string | undefined) => string,
  total: number,
): string {
  const [top] = [...picture.cells].sort((a, b) => b.size - a.size);
  return top
    ? `Most are at recency ${top.r}, frequency ${top.f} (${nameOf(top.segment ?? undefined)}): ${share(top.size / total)}.`
    : '';
}
