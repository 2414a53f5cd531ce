/**
 * The recency by frequency grid, the map that most published RFM code uses: it covers each of the 25 cells
 * exactly once, whatever the monetary score, so that nobody with a purchase is without a label.
 */
export const gridMap = [
  {
    key: 'champions',
    name: 'Champions',
    description: 'Bought lately and often.',
    cells: [{ recency: [5], frequency: [4, 5] }],
    play: { channel: 'email', message: 'Thank them, show what is new first', owner: 'account manager' },
  },
  {
    key: 'loyal',
    name: 'Loyal',
    description: 'Buy often, not quite as lately.',
    cells: [{ recency: [3, 4], frequency: [4, 5] }],
    play: { channel: 'email', message: 'Offer more of what they like, ask for a review', owner: 'marketing' },
  },
  {
    key: 'potential_loyalist',
    name: 'Potential loyalists',
    description: 'Bought lately, more than once.',
    cells: [{ recency: [4, 5], frequency: [2, 3] }],
    play: { channel: 'email', message: 'Recommend what goes with their purchases', owner: 'marketing' },
  },
  {
    key: 'new',
    name: 'New',
    description: 'Bought for the first time lately.',
    cells: [{ recency: [5], frequency: [1] }],
    play: { channel: 'email', message: 'Welcome them and help with the first use', owner: 'marketing' },
  },
  {
    key: 'promising',
    name: 'Promising',
    description: 'Bought once, not long ago.',
    cells: [{ recency: [4], frequency: [1] }],
    play: { channel: 'email', message: 'Give a reason for a second order', owner: 'marketing' },
  },
  {
    key: 'need_attention',
    name: 'Need attention',
    description: 'Average in all; could go either way.',
    cells: [{ recency: [3], frequency: [3] }],
    play: { channel: 'email', message: 'A limited offer on what they bought before', owner: 'marketing' },
  },
  {
    key: 'about_to_sleep',
    name: 'About to sleep',
    description: 'Few purchases, some time ago.',
    cells: [{ recency: [3], frequency: [1, 2] }],
    play: { channel: 'email', message: 'Remind them of what is popular', owner: 'marketing' },
  },
  {
    key: 'at_risk',
    name: 'At risk',
    description: 'Bought often, but not for a long time.',
    cells: [{ recency: [1, 2], frequency: [3, 4] }],
    play: { channel: 'phone', message: 'Ask what is missing, offer to help', owner: 'account manager' },
  },
  {
    key: 'cant_lose',
    name: "Can't lose them",
    description: 'Were among the most frequent buyers, and stopped.',
    cells: [{ recency: [1, 2], frequency: [5] }],
    play: { channel: 'phone', message: 'Win them back in person', owner: 'account manager' },
  },
  {
    key: 'hibernating',
    name: 'Hibernating',
    description: 'Few purchases, a long time ago.',
    cells: [{ recency: [1, 2], frequency: [1, 2] }],
    play: {
      channel: 'email',
      message: 'One message with a new reason, then leave in peace',
      owner: 'marketing',
    },
  },
];
