/** What a page of Salesforce gives a component, as far as the card needs it: the record, its object, the Apex class. */
import { OBJECT, STATES } from './states.js';

/** A wire adapter that answers with what `read` finds for its configuration. */
const adapter = (read) =>
  class {
    constructor(emit) {
      this.emit = emit;
    }
    connect() {}
    disconnect() {}
    update(config) {
      const data = read(config);
      this.emit({ data, error: undefined });
    }
  };

/** Records are named after the state that they show. */
const stateOf = (recordId) => STATES[recordId] ?? STATES.labelled;

export const getObjectInfo = adapter(() => OBJECT);
export const getRecord = adapter(({ recordId, optionalFields }) => {
  const { fields } = stateOf(recordId);
  return optionalFields && fields ? { id: recordId, fields } : undefined;
});
export const notifyRecordUpdateAvailable = async () => undefined;

const never = new Promise(() => {});
export const card = ({ recordId }) => {
  const { answer } = stateOf(recordId);
  return answer === null ? never : Promise.resolve(answer);
};
export const check = async () => ({ state: 'ok' });
