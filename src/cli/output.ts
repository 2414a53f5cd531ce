import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';
import { type AppError, toAppError } from '../errors.ts';
import pc from './colours.ts';

/** How a command answers: for people on a terminal, as plain lines in a pipe, or as JSON for programs. */
export type Output = {
  json: boolean;
  /** Is a person looking? Then progress may redraw a line. */
  isTerminal: boolean;
  /** A line for people; silent with --json. */
  line(text?: string): void;
  /** Progress: redrawn on a terminal, a line of its own elsewhere, silent with --json. */
  progress(text: string): void;
  /** Ends a redrawn progress line. */
  progressDone(): void;
  /** The answer for programs: one JSON document on the last line. Silent without --json. */
  result(value: unknown): void;
};

export function createOutput(json: boolean, stream: NodeJS.WriteStream = process.stdout): Output {
  const isTerminal = stream.isTTY === true && !json;
  let lastProgress = '';
  let isRedrawing = false;
  return {
    json,
    isTerminal,
    line: (text = '') => {
      if (!json) stream.write(`${text}\n`);
    },
    progress: (text) => {
      if (json || text === lastProgress) return;
      lastProgress = text;
      isRedrawing = isTerminal;
      stream.write(isTerminal ? `\r\u001b[2K${fitted(text, stream.columns)}` : `${text}\n`);
    },
    progressDone: () => {
      if (isRedrawing) stream.write('\r\u001b[2K');
      isRedrawing = false;
      lastProgress = '';
    },
    result: (value) => {
      if (json) stream.write(`${JSON.stringify(value)}\n`);
    },
  };
}

/** A line that is redrawn must not wrap: only its last row would be cleared. `columns` is 0 where nobody knows. */
function fitted(text: string, columns: number): string {
  const plain = stripVTControlCharacters(text);
  if (!columns || plain.length < columns) return text;
  return `${plain.slice(0, columns - 2)}…`;
}

/** A table for people; numbers to the right. */
export function table(head: string[], rows: (string | number)[][]): string {
  const isNumber = head.map((_, column) => rows.length > 0 && rows.every((row) => isNumeric(row[column])));
  const drawn = new Table({
    head: head.map((text) => pc.bold(text)),
    colAligns: isNumber.map((right) => (right ? 'right' : 'left')),
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 2 },
    chars: NO_LINES,
  });
  drawn.push(...rows.map((row) => row.map(String)));
  return drawn.toString();
}

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '',
};

function isNumeric(cell: string | number | undefined): boolean {
  return typeof cell === 'number' || /^[-+]?[\d,. ]+( ?%| [A-Z]{3})?$/.test(String(cell ?? ''));
}

/** 12345.6 -> 12,346 */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** 1 target, 2 targets */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

export function money(value: number, currency: string): string {
  return `${value.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })} ${currency}`;
}

/** A bar of `width` cells; `share` from 0 to 1. */
export function bar(share: number, width = 20): string {
  const filled = Math.round(Math.max(0, Math.min(1, share)) * width);
  return '█'.repeat(filled) + '░'.repeat(width - filled);
}

/** An error for a person on standard error, or as JSON for programs on standard output. */
export function reportError(error: unknown, json: boolean): AppError {
  const known = toAppError(error);
  if (json) {
    const { code, message, action } = known;
    process.stdout.write(`${JSON.stringify({ error: { code, message, action } })}\n`);
  } else {
    process.stderr.write(`${pc.red('✗')} ${known.message}\n  ${known.action}\n`);
  }
  return known;
}
