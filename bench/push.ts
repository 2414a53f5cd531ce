import { connectorOf } from '../connectors/registry.ts';
import { COUNTRIES, install } from './installation.ts';
import { type BenchOptions, type Measurement, measured } from './measurement.ts';

/** Records, a hundred in a call. */
const SIZE = 1_500;
/** What a call takes on the way to HubSpot and back, and there. */
const LATENCY_MS = 300;

type Timed = { calls: number; seconds: number };

/**
 * Calls a second of one push to a HubSpot that takes its time: as many batches at once as the connector says, against
 * one after the other, in the same process under the portal's real limits.
 */
export async function measurePush({ size, stores }: BenchOptions): Promise<Measurement> {
  const kind = stores.kinds.includes('server') ? 'server' : 'embedded';
  const place = await stores.make(kind);
  const contacts = size ?? SIZE;
  const hubspot = connectorOf('hubspot');
  const { batch, push } = hubspot;
  const timed: Timed = { calls: 0, seconds: 0 };
  let first = 0;
  hubspot.push = async (context, request) => {
    if (timed.calls === 0) first = performance.now();
    timed.calls += 1;
    const answer = await push(context, request);
    timed.seconds = (performance.now() - first) / 1_000;
    return answer;
  };
  try {
    const crm = await install({ config: place.config, system: 'hubspot', contacts, limits: 'real' });
    try {
      const rule = {
        match: 'batch/update',
        times: 1_000_000,
        fault: { kind: 'latency', ms: LATENCY_MS },
      } as const;
      await crm.setFaults({ rules: [rule] });
      const pushed = async (inFlight: number): Promise<Timed> => {
        hubspot.batch = { ...batch, inFlight };
        Object.assign(timed, { calls: 0, seconds: 0 });
        // Another segmentation is another property of every record.
        await crm.publish({ ...COUNTRIES, key: `at_once_${inFlight}`, name: `${inFlight} at once` });
        await crm.run();
        return { ...timed };
      };
      await crm.run();
      const one = await pushed(1);
      const many = await pushed(batch.inFlight ?? 1);
      const { rulesBroken, throttled } = await crm.journal();
      if (rulesBroken + throttled > 0)
        throw new Error(`${throttled} calls were too many, ${rulesBroken} broke a rule`);
      return measured({
        name: 'pace.push',
        size: many.calls,
        store: kind,
        value: many.calls / many.seconds,
        unit: 'calls/s',
        against: one.calls / one.seconds,
        note: `${batch.inFlight} batches at once at ${LATENCY_MS} ms a call, against one after the other; none refused`,
      });
    } finally {
      await crm.close();
    }
  } finally {
    Object.assign(hubspot, { batch, push });
    await place.remove();
  }
}
