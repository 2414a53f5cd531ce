/** How methods are called on screen. */
export const METHOD_NAMES: Record<string, string> = {
  rules: 'Rules',
  tiers: 'Value tiers',
  rfm: 'Purchase behaviour (RFM)',
  lifetime_value: 'Lifetime value',
  churn: 'Churn',
  clusters: 'Clusters',
  scorecard: 'Scorecard',
  lookalike: 'Lookalikes',
};

export const METHOD_LEADS: Record<string, string> = {
  rules: 'Conditions that you build: who belongs to each segment.',
  tiers: 'One number cut into tiers, such as gold, silver and bronze by revenue.',
  rfm: 'How lately, how often and for how much people buy.',
  lifetime_value: 'What each customer is expected to bring.',
  churn: 'How likely each is to be a customer still.',
  clusters: 'Groups of customers who are alike, found in the data.',
  scorecard: 'Points for what won deals have in common.',
  lookalike: 'Those who are most like the members of a segment.',
};

/** `deal_count` as people read it. */
export const humanised = (key: string): string => {
  const words = key
    .replaceAll('_', ' ')
    .replace(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
};

/** A permanent key from a name: letters and digits in words joined by underscores. */
export const keyFrom = (name: string, longest: number): string =>
  name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+|_+$/g, '')
    .slice(0, longest)
    .replace(/_+$/, '');
