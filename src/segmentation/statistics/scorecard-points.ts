import { type AttributeTable, type AttributeValue, valuesOf } from './attribute-table.ts';
import { fitLogistic, sigmoid } from './logistic.ts';
import { at } from './vectors.ts';
import { chanceOf, learnWoe, type WoeAttribute, type WoeBin, woeOf } from './weight-of-evidence.ts';

/** Points that double the odds of winning. */
const DOUBLING_POINTS = 20;
/** A subject with no evidence for or against. */
export const NEUTRAL_SCORE = 50;
/** Points per unit of log odds. */
export const FACTOR = DOUBLING_POINTS / Math.LN2;

export type ScoredBin = WoeBin & { points: number };
export type ScoredAttribute = Omit<WoeAttribute, 'bins'> & { bins: ScoredBin[]; coefficient: number };

export type PointsFit = {
  attributes: ScoredAttribute[];
  intercept: number;
  logLikelihood: number;
  converged: boolean;
  /** Left out because the other attributes say the opposite of their evidence. */
  dropped: string[];
  /** Left out because chance would tell as much. */
  chance: string[];
};

/** An attribute gets points where chance would tell as much less often than this. */
const CHANCE = 0.1;

/** Fits points alone: for the card itself and for each part of its check. */
export function fitPoints(table: AttributeTable, isPositive: (row: number) => boolean, ridge = 1): PointsFit {
  const useful = learnWoe(table, isPositive).filter((attribute) => attribute.reading !== 'useless');
  let evidence = useful.filter((attribute) => chanceOf(attribute) < CHANCE);
  const chance = useful.filter((attribute) => !evidence.includes(attribute)).map(nameOf);
  const dropped: string[] = [];
  for (;;) {
    const fit = fitLogistic(evidenceMatrix(table, evidence), evidence.length, isPositive, { ridge });
    const worst = fit.coefficients.indexOf(Math.min(...fit.coefficients));
    if (evidence.length > 0 && at(fit.coefficients, worst) < 0) {
      dropped.push(nameOf(at(evidence, worst)));
      evidence = evidence.filter((_, j) => j !== worst);
      continue;
    }
    const attributes = evidence.map((attribute, j) => withPoints(attribute, at(fit.coefficients, j)));
    if (evidence.length > 0) return { ...fit, attributes, dropped, chance };
    const share = rateOf(table.rows, isPositive);
    return {
      attributes,
      intercept: Math.log(share / (1 - share)),
      logLikelihood: nullLogLikelihood(table.rows, share),
      converged: true,
      dropped,
      chance,
    };
  }
}

/** 50 plus the points of each value. */
export function scoreSubject(
  attributes: readonly ScoredAttribute[],
  attributeOf: (column: string) => AttributeValue,
): number {
  return attributes.reduce((total, attribute) => {
    return (
      total + Math.round(FACTOR * attribute.coefficient * woeOf(attribute, attributeOf(attribute.column)))
    );
  }, NEUTRAL_SCORE);
}

/** P(won) that belongs to a score. */
export function probabilityOf(score: number, intercept: number): number {
  return sigmoid(intercept + (score - NEUTRAL_SCORE) / FACTOR);
}

/** The score of one row of a table. */
export function scoreRow(attributes: readonly ScoredAttribute[], table: AttributeTable, row: number): number {
  const byName = new Map(table.columns.map((column) => [column.name, column]));
  return scoreSubject(attributes, (name) => {
    const column = byName.get(name);
    return column === undefined ? null : at(valuesOf(column), row);
  });
}

function evidenceMatrix(table: AttributeTable, evidence: readonly WoeAttribute[]): Float64Array {
  const features = new Float64Array(table.rows * evidence.length);
  const byName = new Map(table.columns.map((column) => [column.name, column]));
  evidence.forEach((attribute, j) => {
    const column = byName.get(attribute.column);
    if (column === undefined) return;
    valuesOf(column).forEach((value, i) => {
      features[i * evidence.length + j] = woeOf(attribute, value);
    });
  });
  return features;
}

function withPoints(attribute: WoeAttribute, coefficient: number): ScoredAttribute {
  return {
    ...attribute,
    coefficient,
    bins: attribute.bins.map((bin) => ({ ...bin, points: Math.round(FACTOR * coefficient * bin.woe) })),
  };
}

function nameOf({ column, option }: WoeAttribute): string {
  return option === undefined ? column : `${column} ${option}`;
}

function rateOf(rows: number, isPositive: (row: number) => boolean): number {
  let positives = 0;
  for (let i = 0; i < rows; i++) if (isPositive(i)) positives++;
  return positives / rows;
}

function nullLogLikelihood(rows: number, share: number): number {
  return rows * (share * Math.log(share) + (1 - share) * Math.log(1 - share));
}
