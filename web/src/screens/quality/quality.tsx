import { Select, Stack } from '@mantine/core';
import { useSearchParams } from 'react-router';
import { AddressTabs } from '../../parts/address-tabs.tsx';
import { ago, day } from '../../parts/figures.ts';
import { Page } from '../../parts/page.tsx';
import { Empty, Read, Way } from '../../parts/states.tsx';
import { useApi } from '../../query.ts';
import { Data } from './data.tsx';
import { Refusals } from './refusals.tsx';
import { Review } from './review.tsx';

/** Are the segment sets good ones, and is the data behind them? */
export default function Quality() {
  return (
    <Page title="Quality" lead="Is each segment set a good one, what to mend, and how good the data is.">
      <AddressTabs tabs={TABS} />
    </Page>
  );
}

const TABS = [
  { key: 'reviews', name: 'Reviews', Content: Reviews },
  { key: 'data', name: 'Data', Content: Data },
  { key: 'refused', name: 'Refused by the CRM', Content: Refusals },
];

function Reviews() {
  const query = useApi('GET /api/reviews');
  const [params, setParams] = useSearchParams();
  return (
    <Read query={query}>
      {({ items }) => {
        const chosen = items.find(({ segmentation }) => segmentation === params.get('set')) ?? items[0];
        if (!chosen)
          return (
            <Empty
              title="No segment set is published yet"
              action={<Way to="/segment-sets">See the segment sets</Way>}
            >
              Once one is, its review stands here: known mistakes, and how its segments do by five criteria.
            </Empty>
          );
        return (
          <Stack>
            <Select
              label="Segment set"
              description={said(chosen)}
              maw={480}
              allowDeselect={false}
              inputWrapperOrder={['label', 'input', 'description']}
              data={items.map(({ segmentation, name, isDue }) => ({
                value: segmentation,
                label: isDue ? `${name} (review due)` : name,
              }))}
              value={chosen.segmentation}
              onChange={(value) => value && setParams({ set: value }, { replace: true })}
            />
            <Review key={chosen.segmentation} set={chosen.segmentation} />
          </Stack>
        );
      }}
    </Read>
  );
}

type State = {
  done: { at: string; by: string } | null;
  due: string | null;
  isDue: boolean;
  rhythm: string | null;
};

function said({ done, due, isDue, rhythm }: State): string {
  const last = done ? `Last looked at ${ago(done.at)} by ${done.by}.` : 'Nobody has looked at it yet.';
  if (rhythm === null) return `${last} It has no review date.`;
  const next = isDue ? 'now is the time' : due ? `next on ${day(due)}` : 'once it has run';
  return `${last} It is reviewed ${rhythm}; ${next}.`;
}
