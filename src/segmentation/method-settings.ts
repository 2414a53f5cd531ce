/** The settings of each method as fields of a form, read from its schema: what it says of itself is what people read. */
import { z } from 'zod';
import { RfmSegmentation, RulesSegmentation, type Segmentation, TiersSegmentation } from './definition.ts';
import { common } from './definition-parts.ts';
import { ClustersSegmentation } from './methods/cluster-definition.ts';
import { ChurnSegmentation, LifetimeValueSegmentation } from './methods/purchase-definition.ts';
import { LookalikeSegmentation, ScorecardSegmentation } from './methods/scorecard-definition.ts';

export const SettingKind = z.enum([
  'number',
  'choice',
  'yesNo',
  'text',
  'duration',
  'rhythm',
  'measure',
  'features',
  'segment',
  'condition',
  'yaml',
]);
export type SettingKind = z.infer<typeof SettingKind>;

export const MethodSetting = z.object({
  key: z.string(),
  kind: SettingKind,
  help: z.string(),
  isOptional: z.boolean(),
  options: z.array(z.string()).optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  default: z.unknown().optional(),
});
export type MethodSetting = z.infer<typeof MethodSetting>;

const SCHEMAS = {
  rules: RulesSegmentation,
  tiers: TiersSegmentation,
  rfm: RfmSegmentation,
  lifetime_value: LifetimeValueSegmentation,
  churn: ChurnSegmentation,
  clusters: ClustersSegmentation,
  scorecard: ScorecardSegmentation,
  lookalike: LookalikeSegmentation,
} as const satisfies Record<Segmentation['method'], z.ZodObject>;

/** What the schema's shape alone does not tell. */
const KINDS: Record<string, SettingKind> = {
  'tiers.of': 'measure',
  of: 'features',
  recency: 'measure',
  frequency: 'measure',
  monetary: 'measure',
  among: 'condition',
  seed: 'segment',
  horizon: 'duration',
  learn: 'rhythm',
  where: 'yaml',
  cutPoints: 'yaml',
  cases: 'yaml',
  points: 'yaml',
  k: 'yaml',
};

/** Asked elsewhere: of every segment set, or of each segment. */
const ELSEWHERE = new Set([...Object.keys(common), 'method', 'labels', 'segments']);

const Shape = z.object({
  type: z.string().optional(),
  enum: z.array(z.string()).optional(),
  minimum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  maximum: z.number().optional(),
  default: z.unknown().optional(),
});

export const methods = Object.keys(SCHEMAS) as Segmentation['method'][];

export function settingsOf(method: Segmentation['method']): MethodSetting[] {
  const shape: Record<string, z.ZodType> = SCHEMAS[method].shape;
  return Object.entries(shape).flatMap(([key, schema]) => {
    if (ELSEWHERE.has(key)) return [];
    const kind = KINDS[`${method}.${key}`] ?? KINDS[key];
    const said = kind === undefined || kind === 'rhythm' || kind === 'duration' ? describe(schema) : {};
    const { enum: options, minimum, exclusiveMinimum, maximum, type } = said;
    const min = minimum ?? exclusiveMinimum;
    return {
      key,
      kind:
        kind ?? (options ? 'choice' : type === 'boolean' ? 'yesNo' : type === 'string' ? 'text' : 'number'),
      help: helpOf(schema),
      isOptional: schema.safeParse(undefined).success,
      ...(options && { options }),
      ...(min !== undefined && { min }),
      ...(maximum !== undefined && { max: maximum }),
      ...('default' in said && { default: said.default }),
    };
  });
}

function describe(schema: z.ZodType): z.infer<typeof Shape> {
  return Shape.parse(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
}

/** The text stands on the outermost schema or on the one that it wraps. */
function helpOf(schema: z.ZodType): string {
  if (schema.description) return schema.description;
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) {
    const inner = schema.unwrap();
    return inner instanceof z.ZodType ? helpOf(inner) : '';
  }
  return '';
}
