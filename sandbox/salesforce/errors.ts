import { Refusal } from '../http.ts';

/** A refusal in Salesforce's words: `[{ errorCode, message, fields }]` with an HTTP status. */
export class SalesforceError extends Refusal {
  readonly status: number;
  readonly errorCode: string;
  readonly fields: string[];

  constructor(status: number, errorCode: string, message: string, fields: string[] = []) {
    super({ status, json: [{ message, errorCode, ...(fields.length && { fields }) }] });
    this.name = 'SalesforceError';
    this.message = message;
    this.status = status;
    this.errorCode = errorCode;
    this.fields = fields;
  }
}

export const notFound = (message = 'The requested resource does not exist') =>
  new SalesforceError(404, 'NOT_FOUND', message);
export const badRequest = (errorCode: string, message: string, fields: string[] = []) =>
  new SalesforceError(400, errorCode, message, fields);
