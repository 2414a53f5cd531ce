import type { Connector, TargetKind } from '../../../connectors/contract.ts';
import { connectors } from '../../../connectors/registry.ts';
import type { ObjectType } from '../../model/record.ts';
import type { Segmentation } from '../../segmentation/definition.ts';
import type { ConnectionRow } from '../../store/connections.ts';
import { ALL_SEGMENTATIONS, type NewTarget } from '../../store/targets.ts';

/** What choosing targets needs to know of a connector. */
export type TargetOffer = Pick<Connector, 'key' | 'objects' | 'targets' | 'defaultTargets'>;

/**
 * What each connection can be given, by its id. One that leaves gets nothing new, and of a system that this program does
 * not know nobody knows what it takes.
 */
export function offersOf(
  connections: readonly Pick<ConnectionRow, 'id' | 'system' | 'state'>[],
  offerOf: (system: string) => TargetOffer | undefined = (system) => connectors[system],
): Map<string, TargetOffer> {
  const offers = new Map<string, TargetOffer>();
  for (const { id, system, state } of connections) {
    const offer = state === 'disconnected' ? undefined : offerOf(system);
    if (offer) offers.set(id, offer);
  }
  return offers;
}

/** Which kinds a segmentation's `targets` ask for, system by system; those that a system lacks are passed over. */
function chosenKinds({ targets, labels }: Segmentation, offer: TargetOffer): TargetKind[] {
  const primary = labels === 'many' ? (['primary'] as const) : [];
  switch (offer.key) {
    case 'hubspot': {
      const chosen = targets?.hubspot;
      if (!chosen) break;
      return [
        ...(chosen.property ? (['property', 'changed_at'] as const) : []),
        ...(chosen.list === undefined ? [] : ([`${chosen.list}_list`] as const)),
        ...(chosen.why ? (['why'] as const) : []),
      ];
    }
    case 'salesforce': {
      const chosen = targets?.salesforce;
      if (!chosen) break;
      return [
        ...(chosen.field ? (['property', 'changed_at'] as const) : []),
        ...(chosen.primary ? primary : []),
        ...(chosen.listView ? (['list_view'] as const) : []),
        ...(chosen.campaign ? (['campaign'] as const) : []),
        ...(chosen.why ? (['why'] as const) : []),
      ];
    }
    case 'csv':
      if (targets?.csv) return targets.csv.file ? ['file'] : [];
      break;
  }
  return offer.defaultTargets.filter((kind) => kind !== 'primary' || labels === 'many');
}

/** One target a segment, rather than one a segmentation. */
const PER_SEGMENT = new Set<TargetKind>(['dynamic_list', 'manual_list', 'list_view', 'campaign']);
/** Members are people, or companies of their own segmentation; labels handed down are values only. */
const HANDED_DOWN = new Set<TargetKind>(['property', 'primary', 'file', 'changed_at']);

/** The targets that a segmentation has on a connection, by its choice and what the system offers. */
export function targetsOf(definition: Segmentation, connectionId: string, offer: TargetOffer): NewTarget[] {
  const kinds = chosenKinds(definition, offer).filter((kind) => offer.targets.includes(kind));
  const own: ObjectType = definition.subject === 'person' ? 'contact' : 'company';
  const objects: ObjectType[] =
    definition.subject === 'company' && definition.handDown ? [own, 'contact'] : [own];
  return objects
    .filter((object) => offer.objects.includes(object))
    .flatMap((object) =>
      kinds
        .filter((kind) => object === own || HANDED_DOWN.has(kind))
        .flatMap((kind): NewTarget[] => {
          const target: NewTarget = {
            connectionId,
            kind,
            object,
            segmentation: definition.key,
            segment: null,
          };
          if (kind === 'changed_at') return [{ ...target, segmentation: ALL_SEGMENTATIONS }];
          if (!PER_SEGMENT.has(kind)) return [target];
          return definition.segments.map(({ key }) => ({ ...target, segment: key }));
        }),
    );
}
