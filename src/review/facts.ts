import type { Segmentation } from '../segmentation/definition.ts';
import type { Path } from '../segmentation/references.ts';

/** What is said of the members of a smaller group (revenue, averages, rates) is left out of reports; our own rule. */
export const MIN_GROUP = 10;

/** How a channel of a play reaches people. */
export type Reach = 'email' | 'phone' | 'any';

/** What the store says of one segment, as far as the linter and the criteria need it. */
export type SegmentFacts = {
  segment: string;
  name: string;
  size: number;
  /** Credited revenue of its members, in the tenant's currency. */
  revenue: number;
  /** Attributes that decide who belongs, by their names for people; deals always count as known. */
  needs: string[];
  /** Those that nothing feeds, as `country` or `company.industry`: the segment can't be worked out. */
  missing: string[];
  /** Those that nothing feeds of conditions that are passed over, as the others tell who is in it. */
  passedOver: string[];
  /** Subjects, members or not, for whom all of them are known. */
  known: number;
  /** Members who may be reached by the channel of its play; null where nothing is known of channels. */
  reachable: { by: Reach; count: number } | null;
  /** How its members differ most from everybody else; null where there is nothing to compare. */
  difference: Difference | null;
};

/** Means of an attribute in a segment and among all others; the distance in pooled standard deviations. */
export type Difference = {
  attribute: string;
  name: string;
  members: number;
  others: number;
  standardised: number;
};

/** An attribute by its name for people, with where the definition first uses it. */
export type CarefulUse = { name: string; at: Path };

/** What the store says of one segmentation. */
export type SegmentationFacts = {
  definition: Segmentation;
  version: number;
  asOf: Date;
  publishedAt: Date | null;
  /** Persons or companies in the store. */
  subjects: number;
  /** Revenue of all of them. */
  revenue: number;
  /** Those without any of its labels. */
  unlabelled: { size: number; revenue: number };
  segments: SegmentFacts[];
  /** Sensitive attributes that it uses, and those that stand in for them. */
  sensitive: CarefulUse[];
  proxies: CarefulUse[];
  /** Does any CRM tell us who opted out of e-mail? */
  optOutKnown: boolean;
  /** Experiments on it, ended or under way. */
  experiments: number;
  reviewedAt: Date | null;
  /** Newest model; null where it learns nothing. */
  learnedAt: Date | null;
  /** The last run that labelled. */
  labelledAt: Date | null;
};
