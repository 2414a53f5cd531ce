import type { ConnectionOpener } from '../../src/pipeline/run.ts';

/** Connections whose calls go at once: for CRMs without limits. */
export function withoutPace(opener: ConnectionOpener): ConnectionOpener {
  return (scope) => {
    const opened = opener(scope);
    return {
      ...opened,
      open: async (id) => {
        const connection = await opened.open(id);
        return { ...connection, context: { ...connection.context, pace: async () => undefined } };
      },
    };
  };
}
