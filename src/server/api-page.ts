import { z } from 'zod';
import { escaped } from './notice-page.ts';

/** The parts of an OpenAPI document that the page shows. */
const Operation = z.object({
  summary: z.string(),
  description: z.string(),
  tags: z.array(z.string()).min(1),
  parameters: z
    .array(
      z.object({
        name: z.string(),
        in: z.string(),
        required: z.boolean().optional(),
        description: z.string().optional(),
        schema: z.unknown().optional(),
      }),
    )
    .default([]),
  requestBody: z.unknown().optional(),
});
type Operation = z.infer<typeof Operation> & { method: string; path: string };

const Document = z.object({
  info: z.object({ description: z.string() }),
  paths: z.record(z.string(), z.record(z.string(), Operation)),
});

const STYLE = `body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
code,pre{font-family:ui-monospace,monospace;font-size:.9em}pre{overflow:auto;padding:.5rem;border:1px solid #8888}
summary{cursor:pointer;padding:.25rem 0}table{border-collapse:collapse}td,th{text-align:left;padding:.2rem .8rem .2rem 0;vertical-align:top}
summary,td{overflow-wrap:anywhere}.method{display:inline-block;min-width:4.5rem;font-weight:650}`;

/** The API for people to read: every endpoint by its heading, with what it takes. No script. */
export function apiPage(document: unknown, nonce: string): string {
  const { info, paths } = Document.parse(document);
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Operation => ({ ...operation, method, path })),
  );
  const headings = [...new Set(operations.map(headingOf))].sort();
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>API · Segment Sync</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<style nonce="${escaped(nonce)}">${STYLE}</style></head><body><main><h1>The API</h1>
<p>${escaped(info.description).replace(/`([^`]+)`/g, '<code>$1</code>')}</p>
<p><a href="/openapi.json">The same as OpenAPI 3.1</a>, with the shape of each answer. Errors are
<code>application/problem+json</code>: what happened, what is safe, what to do.</p>
<nav aria-label="Headings">${headings.map((name) => `<a href="#${idOf(name)}">${escaped(name)}</a>`).join(' · ')}</nav>
${headings.map((name) => section(name, operations)).join('\n')}
</main></body></html>`;
}

const headingOf = ({ tags }: Operation): string => tags[0] ?? '';
const idOf = (heading: string): string => heading.toLowerCase().replace(/\W+/g, '-');

function section(heading: string, operations: readonly Operation[]): string {
  const own = operations.filter((operation) => headingOf(operation) === heading);
  return `<h2 id="${idOf(heading)}">${escaped(heading)}</h2>${own.map(endpoint).join('')}`;
}

function endpoint({ method, path, summary, description, parameters, requestBody }: Operation): string {
  return `<details><summary><span class="method">${method.toUpperCase()}</span> <code>${escaped(path)}</code>
${escaped(summary)}</summary><p>${escaped(description)}</p>
${parameters.length > 0 ? `<table><thead><tr><th>Name</th><th>In</th><th>What</th></tr></thead><tbody>${parameters.map(row).join('')}</tbody></table>` : ''}
${requestBody === undefined ? '' : `<p>Body</p><pre tabindex="0">${escaped(JSON.stringify(requestBody, null, 2))}</pre>`}</details>`;
}

function row({ name, in: place, required, description, schema }: Operation['parameters'][number]): string {
  const what = [description, required ? 'needed' : undefined, JSON.stringify(schema)]
    .filter(Boolean)
    .join('; ');
  return `<tr><td><code>${escaped(name)}</code></td><td>${escaped(place)}</td><td>${escaped(what)}</td></tr>`;
}
