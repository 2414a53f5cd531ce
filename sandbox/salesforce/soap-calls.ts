import type { ApiRequest, Reply } from '../http.ts';
import type { CallKind } from '../journal.ts';
import type { Context, SalesforceEndpoint } from './context.ts';
import { badRequest, SalesforceError } from './errors.ts';
import { ListViewMetadata, type ListViews } from './list-views.ts';
import { createField, FieldMetadata, fieldMetadata, findField, updateField } from './metadata.ts';
import { jsonLike } from './soap-values.ts';
import { child, children, type Element, escapeXml, parseXml, textOf, toXml } from './xml.ts';

/** createMetadata, updateMetadata, readMetadata and deleteMetadata over SOAP, for CustomField and ListView. */

const MAX_COMPONENTS = 10;

export const soapKind = (request: ApiRequest): CallKind =>
  request.body.includes('<readMetadata') || request.body.includes('<listMetadata') ? 'read' : 'write';

export function soapCalls(context: Context, listViews: ListViews): SalesforceEndpoint[] {
  const { org } = context;

  const save = (fullName: string, run: () => void): string => {
    try {
      run();
      return toXml('result', { fullName, success: true });
    } catch (error) {
      if (!(error instanceof SalesforceError)) throw error;
      return toXml('result', {
        errors: { message: error.message, statusCode: error.errorCode },
        fullName,
        success: false,
      });
    }
  };
  const put =
    (isNew: boolean) =>
    (element: Element): string => {
      const fullName = textOf(element, 'fullName') ?? '';
      return save(fullName, () => {
        const metadata = jsonLike(element);
        if (element.type === 'CustomField') {
          const parsed = FieldMetadata.safeParse(metadata);
          if (!parsed.success) throw badRequest('INVALID_INPUT', parsed.error.message);
          if (isNew) createField(org, fullName, parsed.data);
          else updateField(findField(org, fullName).field, parsed.data);
        } else if (element.type === 'ListView') {
          const parsed = ListViewMetadata.safeParse(metadata);
          if (!parsed.success) throw badRequest('INVALID_INPUT', parsed.error.message);
          if (isNew) listViews.create(parsed.data);
          else listViews.update(parsed.data);
        } else
          throw badRequest('INVALID_TYPE', `metadata type ${element.type ?? ''} is not offered by this org`);
      });
    };
  const remove =
    (type: string) =>
    (fullName: string): string =>
      save(fullName, () => {
        if (type === 'ListView') listViews.remove(fullName);
        else if (type === 'CustomField') {
          const { object, field } = findField(org, fullName);
          org.removeField(object, field);
        } else throw badRequest('INVALID_TYPE', `metadata type ${type} is not offered by this org`);
      });
  const read =
    (type: string) =>
    (fullName: string): string => {
      if (type === 'ListView') {
        const found = listViews.read(fullName);
        return found ? recordXml(type, found) : '<records xsi:nil="true"/>';
      }
      const [on = '', name = ''] = fullName.split('.');
      const field = org.objects.get(on)?.fields.get(name.toLowerCase());
      return field?.custom
        ? recordXml(type, { fullName, ...fieldMetadata(field) })
        : '<records xsi:nil="true"/>';
    };

  const handle = (request: ApiRequest): Reply => {
    const root = parseXml(request.body.toString('utf8'));
    const call = root && child(root, 'Body')?.children[0];
    if (!call) throw fault('UNKNOWN_EXCEPTION', 'the body is not a SOAP envelope');
    const names = children(call, 'fullNames').map((one) => one.text.trim());
    const type = textOf(call, 'type') ?? '';
    const count = names.length || children(call, 'metadata').length;
    if (count > MAX_COMPONENTS)
      throw fault('LIMIT_EXCEEDED', `at most ${MAX_COMPONENTS} components in a call`);
    switch (call.name) {
      case 'createMetadata':
        return envelope(call.name, children(call, 'metadata').map(put(true)).join(''));
      case 'updateMetadata':
        return envelope(call.name, children(call, 'metadata').map(put(false)).join(''));
      case 'deleteMetadata':
        return envelope(call.name, names.map(remove(type)).join(''));
      case 'readMetadata':
        return envelope(call.name, `<result>${names.map(read(type)).join('')}</result>`);
      default:
        throw fault('UNKNOWN_EXCEPTION', `${call.name} is not offered by this org`);
    }
  };
  return [
    {
      method: 'post',
      path: '/services/Soap/m/:version',
      name: 'metadata',
      kind: 'write',
      media: 'text/xml',
      handle,
    },
  ];
}

const recordXml = (type: string, value: Record<string, unknown>) =>
  toXml('records', value).replace('<records>', `<records xsi:type="${type}">`);

const OPEN =
  '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="http://soap.sforce.com/2006/04/metadata" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>';
const CLOSE = '</soapenv:Body></soapenv:Envelope>';

function envelope(call: string, inner: string): Reply {
  return {
    status: 200,
    contentType: 'text/xml;charset=UTF-8',
    text: `${OPEN}<${call}Response>${inner}</${call}Response>${CLOSE}`,
  };
}

export function soapFault(code: string, message: string): Reply {
  const text = `${OPEN}<soapenv:Fault><faultcode>sf:${code}</faultcode><faultstring>${code}: ${escapeXml(message)}</faultstring></soapenv:Fault>${CLOSE}`;
  return { status: 500, contentType: 'text/xml;charset=UTF-8', text };
}

function fault(code: string, message: string): SalesforceError {
  const error = new SalesforceError(500, code, message);
  Object.assign(error, { reply: soapFault(code, message) });
  return error;
}
