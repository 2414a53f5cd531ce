const NAMES: Readonly<Record<string, string>> = {
  p_alive: 'probability of still being a customer',
  expected_purchases: 'expected purchases',
  value: 'value to come',
  next_purchase_days: 'days until the next purchase',
};

/** What a score is called among people; undefined for those that go by their own name. */
export const scoreName = (score: string): string | undefined =>
  Object.hasOwn(NAMES, score) ? NAMES[score] : undefined;
