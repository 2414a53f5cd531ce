/**
 * A list of HubSpot's has no description, and its members do not say who put them there. So the label property of
 * its segmentation, which is ours by its own mark, names in its description the lists that are ours. That is still
 * there when the app was removed and is installed again.
 */
import { RemoteError } from '../../src/errors.ts';
import type { ObjectType } from '../../src/model/record.ts';
import type { Context, Prepared, PrepareTarget } from '../contract.ts';
import { PROPERTY_NAMES } from './app.ts';
import { call } from './client.ts';
import type { HubSpotConfig } from './config.ts';
import { HubSpotProperty, isOurs, propertyPath } from './properties.ts';
import { ListRemote } from './remotes.ts';

const markOf = (segment: string, listId: string) => `[segment-sync-list:${segment}=${listId}]`;
const markIn = (segment: string) => new RegExp(`\\s*\\[segment-sync-list:${segment}=([^\\]]+)\\]`);

const markedProperty = ({ segmentation }: PrepareTarget, properties: readonly HubSpotProperty[]) =>
  properties.find((one) => one.name === PROPERTY_NAMES.label(segmentation.key) && isOurs(one));

/** The id of the list that we made for the target's segment, whatever it is called now; null where none is named. */
export function markedListId(target: PrepareTarget, properties: readonly HubSpotProperty[]): string | null {
  const [segment] = target.segments;
  const description = markedProperty(target, properties)?.description ?? '';
  return (segment && markIn(segment.key).exec(description)?.[1]) ?? null;
}

/**
 * Names the manual lists that are ready; nobody is put into one before that, and an empty one is known by its name.
 * A property that may not be changed keeps nothing from being written: only another installation would miss it.
 */
export async function markLists(
  context: Context<HubSpotConfig>,
  targets: readonly PrepareTarget[],
  prepared: ReadonlyMap<string, Prepared>,
  known: ReadonlyMap<ObjectType, HubSpotProperty[]>,
): Promise<void> {
  const descriptions = new Map<HubSpotProperty, { object: ObjectType; text: string }>();
  for (const target of targets) {
    const [segment] = target.segments;
    const answer = prepared.get(target.id);
    const property = markedProperty(target, known.get(target.object) ?? []);
    if (target.kind !== 'manual_list' || answer?.state !== 'ready' || !segment || !property) continue;
    const { listId } = ListRemote.parse(answer.remote);
    const text = descriptions.get(property)?.text ?? property.description;
    if (text.includes(markOf(segment.key, listId))) continue;
    const others = text.replace(markIn(segment.key), '');
    descriptions.set(property, { object: target.object, text: `${others} ${markOf(segment.key, listId)}` });
  }
  for (const [{ name }, { object, text }] of descriptions) {
    const path = propertyPath(object, `/${name}`);
    const body = { description: text };
    try {
      await call(
        context,
        { method: 'PATCH', path, write: true, idempotent: true, rows: 1, body },
        HubSpotProperty,
      );
    } catch (error) {
      if (!(error instanceof RemoteError) || error.retryable) throw error;
      context.log.warn(
        { err: error, property: name },
        'the lists of this property could not be marked as ours',
      );
    }
  }
}
