// The parts of node-postgres that have no types of their own. The embedded store uses them so that values and
// rows are read and written by the very code that a server connection uses.
declare module 'pg/lib/utils.js' {
  const utils: {
    /** A JavaScript value as the driver sends it: text, bytes or null. */
    prepareValue(value: unknown): string | Buffer | null;
  };
  export default utils;
}

declare module 'pg-protocol/dist/parser.js' {
  export class Parser {
    parse(bytes: Buffer, callback: (message: import('./wire.ts').BackendMessage) => void): void;
  }
}

declare module 'pg/lib/result.js' {
  /** Builds rows out of messages. */
  export default class Result {
    constructor(rowMode: 'object', types: import('pg').CustomTypesConfig);
    rows: unknown[];
    rowCount: number | null;
    command: string | null;
    addFields(fields: import('pg').FieldDef[]): void;
    addRow(row: unknown): void;
    parseRow(values: (string | null)[]): unknown;
    addCommandComplete(message: { text: string }): void;
  }
}
