/** The sandbox's time: the machine's, moved by an offset, so that token expiry and a late index can be tested. */
export type Clock = {
  /** Milliseconds since 1970, UTC. */
  now(): number;
  advance(ms: number): void;
};

export const movableClock = (): Clock => {
  let offsetMs = 0;
  return {
    now: () => Date.now() + offsetMs,
    advance: (ms) => {
      offsetMs += ms;
    },
  };
};
