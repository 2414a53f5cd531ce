import {
  Alert,
  EmptyState,
  ErrorState,
  Heading,
  Link,
  LoadingButton,
  LoadingSpinner,
  StatisticsItem,
  Tag,
} from '@hubspot/ui-extensions';
import { createRenderer } from '@hubspot/ui-extensions/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WORKSPACE_URL } from '../src/app/cards/address.ts';
import { SegmentCard } from '../src/app/cards/SegmentCard.tsx';
import { labelled, without } from './answers.ts';
import { ACCOUNT, startWorkspace } from './workspace.ts';

const CONTACT = { objectId: 101, objectTypeId: '0-1' };

let workspace: Awaited<ReturnType<typeof startWorkspace>>;
beforeAll(async () => {
  workspace = await startWorkspace();
});
afterAll(() => workspace.stop());
beforeEach(() => {
  workspace.asked.length = 0;
});

/** The card on a record's page. */
function open(crm = CONTACT) {
  const renderer = createRenderer('crm.record.tab');
  renderer.render(<SegmentCard context={{ crm, portal: { id: 1, timezone: 'Europe/Stockholm' } }} />);
  const text = () => renderer.getRootNode().toString();
  return {
    ...renderer,
    text,
    shows: (words: string) => renderer.waitFor(() => expect(text()).toContain(words)),
    refresh: () => renderer.find(LoadingButton).trigger('onClick'),
  };
}

describe('the card', () => {
  it('shows labels with why, since when and what to do, scores, its age and the way to the workspace', async () => {
    workspace.says(labelled());
    const card = open();
    expect(card.find(LoadingSpinner).props.label).toContain('segments');
    await card.waitFor(() => card.find(Tag, (tag) => tag.text === 'High-value customers'));
    expect(card.findAll(Tag).map(({ text }) => text)).toEqual([
      'High-value customers',
      'Nordics',
      'Champion',
    ]);
    // A set that the record has no label of is left out.
    expect(card.findAll(Heading).map(({ text }) => text)).toEqual(['Shop customers', 'Lifecycle']);
    for (const words of [
      'since 3 Mar 2026',
      'Deals won in the last 12 months: 4, at least 3 are needed.',
      'Early access to the new season',
      'account manager',
      'High: more than 8 of 10 customers',
      'As of ',
      'last run ended ',
    ])
      expect(card.text()).toContain(words);
    expect(card.findAll(StatisticsItem).map(({ props }) => [props.label, props.number])).toEqual([
      ['Chance to buy again', '84 %'],
      ['Orders expected in 12 months', '5.2'],
    ]);
    expect(card.find(Link).props.href).toEqual({ url: labelled().url, external: true });
    expect(card.maybeFind(Alert)).toBeNull();
  });

  it.each([
    [{ objectId: 101, objectTypeId: '0-1' }, 'contact'],
    [{ objectId: 9_007, objectTypeId: '0-2' }, 'company'],
  ])('asks for the record on the screen, signed and with the account: %o', async (crm, objectType) => {
    workspace.says(labelled());
    await open(crm).shows('High-value customers');
    expect(workspace.asked).toHaveLength(1);
    const { url, isSigned } = workspace.asked[0] ?? { url: new URL('http://none'), isSigned: false };
    expect(isSigned).toBe(true);
    expect(url.pathname).toBe('/api/card/hubspot');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      ...ACCOUNT,
      objectType,
      objectId: String(crm.objectId),
    });
  });

  it.each([
    ['unlabelled', 'In no segment'],
    ['unknown', 'Not read yet'],
    ['not_profiled', 'Kept out of segments'],
  ] as const)('says why there is nothing: %s', async (state, title) => {
    workspace.says(without(state));
    const card = open();
    await card.waitFor(() => card.find(EmptyState));
    expect(card.find(EmptyState).props.title).toBe(title);
    expect(card.findAll(Tag)).toEqual([]);
  });

  const DAY = 24 * 60 * 60_000;
  const ago = (days: number) => new Date(Date.now() - days * DAY).toISOString();
  it.each([
    ['is quiet about a run of yesterday', ago(1.9), { endedAt: ago(1.9), state: 'done' }, null],
    [
      'warns of labels over two days old',
      ago(2.1),
      { endedAt: ago(2.1), state: 'done' },
      'Not updated since',
    ],
    ['takes a failed run for no update', ago(3), { endedAt: ago(0.1), state: 'failed' }, 'Not updated since'],
    ['tells of a failed run', ago(1), { endedAt: ago(0.1), state: 'failed' }, 'The last run failed'],
    ['is quiet where nothing ran yet', null, null, null],
  ])('%s', async (_name, asOf, lastRun, warning) => {
    workspace.says({ ...labelled(), asOf, lastRun });
    const card = open();
    await card.shows('High-value customers');
    const title = card.maybeFind(Alert)?.props.title ?? null;
    if (warning === null) expect(title).toBeNull();
    else expect(title).toContain(warning);
  });

  it('asks to connect the account where the workspace does not know it', async () => {
    workspace.says({ code: 'account_unknown' }, 403);
    const card = open();
    await card.waitFor(() => card.find(ErrorState, { type: 'lock' }));
    expect(card.find(Link).props.href).toEqual({ url: WORKSPACE_URL, external: true });
    workspace.says(labelled());
    card.refresh();
    await card.shows('High-value customers');
  });

  it.each([
    ['an error', () => workspace.says({}, 500), 'answered with an error (500)'],
    ['a signature that is not right', () => workspace.says({}, 401), 'make sure that HubSpot asked'],
    ['too many cards', () => workspace.says({}, 429), 'Too many cards'],
    ['a page of a proxy', () => workspace.answers((_, response) => response.end('<html>')), 'versions'],
    ['another shape', () => workspace.says({ ...labelled(), state: 'new' }), 'versions'],
    ['a line cut', () => workspace.answers((request) => request.socket.destroy()), 'could not be reached'],
  ])('fails in words and tries again on a click: %s', async (_name, arrange, words) => {
    arrange();
    const card = open();
    await card.waitFor(() => card.find(ErrorState));
    expect(card.find(ErrorState).props.title).toContain(words);
    workspace.says(labelled());
    card.refresh();
    await card.shows('High-value customers');
    expect(card.maybeFind(ErrorState)).toBeNull();
  });

  it('keeps what it shows while a refresh is under way, and when it fails', async () => {
    workspace.says(labelled());
    const card = open();
    await card.shows('High-value customers');
    workspace.says({}, 500);
    card.refresh();
    await card.waitFor(() => expect(card.find(LoadingButton).props.loading).toBe(true));
    expect(card.text()).toContain('High-value customers');
    await card.waitFor(() => card.find(Alert));
    expect(card.find(Alert).props.title).toContain('answered with an error');
    expect(card.text()).toContain('High-value customers');
    workspace.says(without('unlabelled'));
    card.refresh();
    await card.waitFor(() => card.find(EmptyState));
    expect(card.maybeFind(Alert)).toBeNull();
  });

  it('drops an answer that a later question has overtaken', async () => {
    let finishFirst = () => {};
    workspace.says(labelled());
    const card = open();
    await card.shows('High-value customers');
    workspace.answers((_request, response) => {
      finishFirst = () => response.end(JSON.stringify(without('unknown')));
    });
    card.refresh();
    await expect.poll(() => workspace.asked.length).toBe(2);
    workspace.says(without('not_profiled'));
    card.refresh();
    await card.shows('Kept out of segments');
    finishFirst();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(card.text()).toContain('Kept out of segments');
  });

  it('asks nothing about objects that hold no segments', async () => {
    const card = open({ objectId: 5, objectTypeId: '0-3' });
    await card.shows('contacts and companies only');
    expect(workspace.asked).toEqual([]);
  });

  it('writes dates in the account’s zone, and in UTC where the zone is unknown', async () => {
    const late = labelled();
    late.asOf = '2026-03-03T23:30:00.000Z';
    workspace.says(late);
    await open().shows('4 Mar 2026, 00:30');
    const renderer = createRenderer('crm.record.tab');
    renderer.render(<SegmentCard context={{ crm: CONTACT, portal: { id: 1, timezone: 'Mars/Base' } }} />);
    await renderer.waitFor(() =>
      expect(renderer.getRootNode().toString()).toContain('3 Mar 2026, 23:30 UTC'),
    );
  });
});
