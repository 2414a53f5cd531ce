/** The templates that come with the app: each a file of one or more segmentations beside this one. */
export type Template = {
  key: string;
  name: string;
  /** Who it is for, in a sentence. */
  description: string;
  /** Address of the YAML file; the caller reads it. */
  file: URL;
};

const at = (key: string): URL => new URL(`./templates/${key}.yaml`, import.meta.url);

export const templates: readonly Template[] = [
  {
    key: 'e-commerce',
    name: 'Online shop',
    description: 'High-value, new, abandoned cart, loyal and at-risk customers.',
    file: at('e-commerce'),
  },
  {
    key: 'saas',
    name: 'Software by subscription',
    description: 'Free trial, active, inactive and paying users.',
    file: at('saas'),
  },
  {
    key: 'financial-services',
    name: 'Financial services',
    description: 'Retirement savers, home buyers, investors and people of high net worth.',
    file: at('financial-services'),
  },
  {
    key: 'telecommunications',
    name: 'Telecommunications',
    description: 'Heavy data users, young streamers and contracts that end.',
    file: at('telecommunications'),
  },
  {
    key: 'b2b',
    name: 'Selling to companies',
    description: 'Companies by value and potential, with the label handed down to their people.',
    file: at('b2b'),
  },
  {
    key: 'lifecycle',
    name: 'Lifecycle',
    description: "From subscriber to advocate, reading the CRM's own stage first.",
    file: at('lifecycle'),
  },
  {
    key: 'rfm',
    name: 'Purchase behaviour (RFM)',
    description: 'How lately, how often and for how much people buy.',
    file: at('rfm'),
  },
  {
    key: 'value-tiers',
    name: 'Value tiers',
    description: 'Gold, silver and bronze by revenue.',
    file: at('value-tiers'),
  },
  {
    key: 'customer-value',
    name: 'Customer value and churn',
    description: 'Value to come, who is still a customer, and whom to call.',
    file: at('customer-value'),
  },
  {
    key: 'clusters',
    name: 'Behaviour clusters',
    description: 'Groups of customers who buy alike, found in the data.',
    file: at('clusters'),
  },
  {
    key: 'ideal-customer',
    name: 'Ideal customers and leads',
    description: 'Companies and people graded A to D by what won deals have in common.',
    file: at('ideal-customer'),
  },
  {
    key: 'buyer-personas',
    name: 'Buyer personas',
    description: 'Who takes which part in a purchase, what people need, and what they think of us.',
    file: at('buyer-personas'),
  },
  {
    key: 'renewals',
    name: 'Renewals',
    description: 'Contracts and subscriptions by renewal date and recurring revenue, in the place of RFM.',
    file: at('renewals'),
  },
];
