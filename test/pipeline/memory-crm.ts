import { z } from 'zod';
import type {
  Connector,
  Json,
  Outcome,
  PrepareTarget,
  PushRequest,
  Write,
} from '../../connectors/contract.ts';
import type { ObjectType, Scalar } from '../../src/model/record.ts';
import { ArrayCrm } from './array-crm.ts';

const PropertyRemote = z.object({ kind: z.literal('property'), property: z.string() });
const ListRemote = z.object({ kind: z.literal('list'), name: z.string() });

/** A CRM in memory that can be written to: properties on records, and lists with members. */
export class MemoryCrm extends ArrayCrm {
  /** List name -> members, in the order of joining. */
  readonly lists = new Map<string, string[]>();
  /** Each call of push, with what it wrote. */
  readonly pushes: Write[][] = [];
  readonly prepared: string[] = [];
  readBack = 0;
  batch: Connector['batch'] = { properties: 10, membership: 10 };
  /** Larger pushes are jobs, carried out when they are asked for a second time. */
  bulk: number | undefined;
  jobs = 0;
  defaultTargets: Connector['defaultTargets'] = ['property'];
  /** Refuses or loses rows; the rest of the batch is written. */
  refuse: (write: Write) => Omit<Outcome, 'id'> | null = () => null;
  /** Called before a batch is carried out, and after. A test throws here. */
  beforePush: (request: PushRequest) => void = () => {};
  afterPush: (request: PushRequest) => void = () => {};
  /** May its properties be made? */
  needsYou = false;
  /** What of ours is there ("contact seg_ages"); the rest is made when it is asked for. */
  readonly made = new Set<string>();

  override connector(system: string): Connector {
    return {
      ...super.connector(system),
      batch: { ...this.batch, ...(this.bulk !== undefined && { bulk: this.bulk }) },
      objects: ['company', 'contact', 'deal'],
      targets: ['property', 'primary', 'changed_at', 'why', 'manual_list', 'dynamic_list'],
      defaultTargets: this.defaultTargets,
      prepare: async (_context, targets) =>
        targets.map((target) => {
          this.prepared.push(target.id);
          if (this.needsYou)
            return {
              id: target.id,
              state: 'needs_you',
              remote: null,
              message: 'No field.',
              action: 'Make it.',
            };
          const remote = remoteOf(target);
          return { id: target.id, state: 'ready', remote, made: this.make(target.object, remote) };
        }),
      push: async (_context, request) => {
        this.beforePush(request);
        if (this.bulk !== undefined && request.writes.length > this.bulk && request.job === null) {
          this.jobs += 1;
          return { state: 'waiting', job: { number: this.jobs }, retryAfterMs: 1 };
        }
        this.pushes.push(request.writes);
        const outcomes = request.writes.map((write) => this.write(write, request));
        this.afterPush(request);
        return { state: 'done', outcomes };
      },
      members: (_context, target) => this.members(ListRemote.parse(target.remote).name),
    };
  }

  /** Was it not there before? */
  private make(object: ObjectType, remote: Json): boolean {
    const parsed = PropertyRemote.safeParse(remote);
    const name = parsed.success ? parsed.data.property : JSON.stringify(remote);
    const isListed = this.properties?.some((property) => property.name === name) ?? true;
    if (this.made.has(`${object} ${name}`) && isListed) return false;
    this.made.add(`${object} ${name}`);
    this.properties?.push({ object, name, label: name, type: 'string', readOnly: false, ours: true });
    return true;
  }

  private async *members(list: string): AsyncGenerator<string[], void, void> {
    yield this.lists.get(list) ?? [];
  }

  private write(write: Write, request: PushRequest): Outcome {
    const refused = this.refuse(write);
    if (refused) return { id: write.id, ...refused };
    const record = this.live.get(`${write.object}/${write.id}`);
    if (!record) return { id: write.id, state: 'gone' };
    if (write.kind === 'membership') {
      const { name } = ListRemote.parse(request.remotes[write.targetId]);
      const others = (this.lists.get(name) ?? []).filter((id) => id !== write.id);
      this.lists.set(name, write.member ? [...others, write.id] : others);
      return { id: write.id, state: 'done', targetId: write.targetId };
    }
    const values: Record<string, Scalar> = {};
    for (const [target, value] of Object.entries(write.values)) {
      const { property: name } = PropertyRemote.parse(request.remotes[target]);
      values[name] = value === null ? '' : Array.isArray(value) ? value.join(';') : String(value);
    }
    this.put(write.object, write.id, values);
    return { id: write.id, state: 'done' };
  }

  /** Takes a property out of our sight; what records show in it stays, for `show`. */
  hide(name: string): { name: string; values: [string, Scalar][] } {
    this.properties = this.properties?.filter((property) => property.name !== name) ?? null;
    const values = [...this.live].flatMap(([key, { properties }]): [string, Scalar][] => {
      const { [name]: value } = properties;
      delete properties[name];
      return value === undefined ? [] : [[key, value]];
    });
    return { name, values };
  }

  show({ name, values }: ReturnType<MemoryCrm['hide']>): void {
    this.properties?.push({
      object: 'contact',
      name,
      label: name,
      type: 'string',
      readOnly: false,
      ours: true,
    });
    for (const [key, value] of values) {
      const record = this.live.get(key);
      if (record) record.properties[name] = value;
    }
  }

  /** What each record shows in a property, and the members of each list: the state that must be right. */
  shown(property: string): Record<string, string> {
    const shown: Record<string, string> = {};
    for (const record of this.live.values()) {
      const value = record.properties[property];
      if (typeof value === 'string' && value !== '') shown[record.id] = value;
    }
    return shown;
  }

  get writes(): number {
    return this.pushes.flat().length;
  }
}

function remoteOf({ kind, segmentation, segments }: PrepareTarget): Json {
  if (kind === 'manual_list' || kind === 'dynamic_list') {
    return { kind: 'list', name: `${segmentation.key}.${segments[0]?.key}` };
  }
  return { kind: 'property', property: kind === 'property' ? `seg_${segmentation.key}` : `seg_${kind}` };
}
