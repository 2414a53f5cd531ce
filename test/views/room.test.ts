import { describe, expect, test } from 'vitest';
import type { TargetKind } from '../../connectors/contract.ts';
import { Segmentation } from '../../src/segmentation/definition.ts';
import { ROOM, type RoomFacts, type RoomUsed, roomFor } from '../../src/views/room.ts';

const definition = (name = 'Shop', segments = ['Loyal']): Segmentation =>
  Segmentation.parse({
    key: 'shop',
    name,
    subject: 'person',
    method: 'rules',
    segments: segments.map((one, i) => ({
      key: `s${i}`,
      name: one,
      when: { attribute: 'visits', known: true },
    })),
  });

const find = (
  system: 'hubspot' | 'salesforce',
  kinds: TargetKind[],
  used: RoomUsed = {},
  given: Segmentation = definition(),
) => {
  const targets = kinds.map((kind) => ({ kind, object: 'contact' as const }));
  const facts: RoomFacts | undefined = ROOM[system];
  if (facts === undefined) throw new Error(`no facts of ${system}`);
  return roomFor(given, facts, { connection: 'Main', targets, fresh: targets, used });
};

describe('room for a draft', () => {
  test.each<[string, ReturnType<typeof find>]>([
    [
      'nothing is new',
      roomFor(definition(), ROOM.hubspot as RoomFacts, {
        connection: 'Main',
        targets: [],
        fresh: [],
        used: { fields: { contact: 5_000 } },
      }),
    ],
    ['the last place is free', find('hubspot', ['property'], { fields: { contact: 999 } })],
    ['nobody counted', find('hubspot', ['property'])],
    ['names fit', find('salesforce', ['property', 'list_view', 'campaign'])],
  ])('is there where %s', (_, findings) => {
    expect(findings).toEqual([]);
  });

  test.each<[string, ReturnType<typeof find>, RegExp, boolean]>([
    [
      'an object is full',
      find('hubspot', ['property', 'why'], { fields: { contact: 999 } }),
      /2 new .* there are 999, and no more than 1000/,
      true,
    ],
    [
      'an edition may be full',
      find('salesforce', ['property'], { fields: { contact: 100 } }),
      /some editions hold no more than 100/,
      false,
    ],
    [
      'lists may run out',
      find('hubspot', ['dynamic_list'], { lists: { dynamic_list: 1_500 } }),
      /1 new lists beside 1500/,
      false,
    ],
    [
      'a label is cut',
      find('salesforce', ['property'], {}, definition('x'.repeat(41))),
      /label of the field is cut to 40/,
      false,
    ],
    [
      'values are cut',
      find('salesforce', ['property'], {}, definition('Shop', ['y'.repeat(50), 'z'.repeat(50)])),
      /and 1 more: the label of the value/,
      false,
    ],
    [
      'a list view has both names',
      find('salesforce', ['list_view'], {}, definition('x'.repeat(30), ['y'.repeat(30)])),
      /list view is cut/,
      false,
    ],
  ])('is not there, or not all, where %s', (_, findings, message, isBlocking) => {
    expect(findings).toEqual([
      { connection: 'Main', message: expect.stringMatching(message), action: expect.any(String), isBlocking },
    ]);
  });
});
