import { signatureOf } from '../connectors/hubspot/signature.ts';
import { describeLoad, load, mostAnswers } from './load.ts';
import { type BenchOptions, type Measurement, measured } from './measurement.ts';
import { served } from './served.ts';
import { SEGMENTS } from './shop-segments.ts';

const SIZE = 2_000;
const RATE = 100;
const SECONDS = 10;
const TARGET_MS = 50;
const RECORDS = 200;

export const card = {
  about: 'the card of a record in HubSpot, 100 a second, signatures checked',
  run: measureCard,
};

async function* measureCard({ size, stores }: BenchOptions): AsyncGenerator<Measurement> {
  const contacts = size ?? SIZE;
  for await (const { kind, crm, server } of served(stores, {
    system: 'hubspot',
    contacts,
    segmentations: SEGMENTS,
  })) {
    const { pool } = crm.app.store;
    const { rows } = await pool.query<{ id: string; account: string }>(
      `select r.id, c.account_id as account from ${crm.tenant.schema}.contact_record r
       join app.connection c on c.id = r.connection_id where r.state = 'live' order by r.id limit ${RECORDS}`,
    );
    const secret = crm.app.config.hubspot.app?.clientSecret ?? '';
    const asked = rows.map(({ id, account }) => signed(server.url, secret, id, account));
    const seen = await load(server, asked, { rate: RATE, seconds: SECONDS });
    yield measured({
      name: 'card.p99',
      size: contacts,
      store: kind,
      value: seen.p99,
      unit: 'ms',
      against: TARGET_MS,
      note: describeLoad(seen),
    });
    yield measured({
      name: 'card.most',
      size: contacts,
      store: kind,
      value: await mostAnswers(server, asked),
      unit: '/s',
      against: RATE,
      note: 'ten callers, each as fast as it is answered',
    });
  }
}

function signed(url: string, secret: string, id: string, account: string) {
  const path = `/api/card/hubspot?objectType=contact&objectId=${id}&portalId=${account}`;
  const timestamp = String(Date.now());
  const signature = signatureOf(secret, { method: 'GET', url: url + path, body: Buffer.alloc(0), timestamp });
  return {
    path,
    headers: {
      'x-hubspot-request-timestamp': timestamp,
      'x-hubspot-signature-v3': signature.toString('base64'),
    },
  };
}
