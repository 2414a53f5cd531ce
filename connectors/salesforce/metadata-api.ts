import { RemoteError } from '../../src/errors.ts';
import type { Context } from '../contract.ts';
import { API_VERSION } from './app.ts';
import { send } from './client.ts';
import type { SalesforceConfig } from './config.ts';
import { chunks } from './soql.ts';
import { childrenXml, escapeXml, inner, textIn, type XmlObject } from './xml.ts';

const PATH = `/services/Soap/m/${API_VERSION}`;

/** One component of the Metadata API, which speaks SOAP only; list views are made nowhere else. */
export type Component = { type: 'ListView'; content: XmlObject & { fullName: string } };

/** Components in one call. */
const AT_ONCE = 10;

/** Components as they are now, by name: the XML inside each one's record. One that is not there is left out. */
export async function readMetadata(
  context: Context<SalesforceConfig>,
  type: Component['type'],
  fullNames: string[],
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const names of chunks(fullNames, AT_ONCE)) {
    const asked = names.map((name) => `<fullNames>${escapeXml(name)}</fullNames>`).join('');
    const answer = await soap(context, `<readMetadata><type>${type}</type>${asked}</readMetadata>`, false);
    for (const record of inner(answer, 'records')) {
      const name = textIn(record, 'fullName');
      if (name !== undefined) found.set(name, record);
    }
  }
  return found;
}

export const createMetadata = (context: Context<SalesforceConfig>, component: Component) =>
  saved(context, 'createMetadata', component);

export const updateMetadata = (context: Context<SalesforceConfig>, component: Component) =>
  saved(context, 'updateMetadata', component);

export async function deleteMetadata(
  context: Context<SalesforceConfig>,
  type: Component['type'],
  fullName: string,
): Promise<void> {
  const body = `<deleteMetadata><type>${type}</type><fullNames>${escapeXml(fullName)}</fullNames></deleteMetadata>`;
  judge(await soap(context, body, true), `delete the ${type} ${fullName}`);
}

async function saved(
  context: Context<SalesforceConfig>,
  name: string,
  { type, content }: Component,
): Promise<void> {
  const body = `<${name}><metadata xsi:type="${type}">\n${childrenXml(content, '')}</metadata></${name}>`;
  judge(await soap(context, body, true), `save the ${type} ${content.fullName}`);
}

/** A result that is no success is an error of the caller, though its status is 200. */
function judge(answer: string, what: string): void {
  const [result] = inner(answer, 'result');
  if (result !== undefined && textIn(result, 'success') === 'true') return;
  const code = textIn(result ?? '', 'statusCode') ?? 'UNKNOWN';
  const said = (textIn(result ?? '', 'message') ?? '').slice(0, 500);
  throw new RemoteError(code, `Salesforce did not ${what} (${code}): ${said}`, {
    status: 400,
    said,
    action: 'Look at the reason that Salesforce gives, and mend it there.',
  });
}

async function soap(context: Context<SalesforceConfig>, body: string, isWrite: boolean): Promise<string> {
  const envelope = (sessionId: string) =>
    `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="http://soap.sforce.com/2006/04/metadata" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Header><SessionHeader><sessionId>${escapeXml(sessionId)}</sessionId></SessionHeader></soapenv:Header><soapenv:Body>${body}</soapenv:Body></soapenv:Envelope>`;
  const answer = await send(context, {
    method: 'POST',
    path: PATH,
    text: { type: 'text/xml; charset=UTF-8', of: ({ accessToken }) => envelope(accessToken) },
    write: isWrite,
    expect: 'text',
  });
  if (answer.text.includes('Envelope>')) return answer.text;
  throw new RemoteError('truncated', `Salesforce sent an answer that breaks off to POST ${PATH}.`, {
    status: answer.status,
    retryable: true,
    outcomeUnknown: isWrite,
    action: 'Nothing to do: we try again.',
  });
}
