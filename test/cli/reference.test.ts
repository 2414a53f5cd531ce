import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { referencePages } from '../../src/cli/reference.ts';
import { Environment } from '../../src/config.ts';
import { catalogue } from '../../src/segmentation/catalogue.ts';
import { routes } from '../../src/server/routes.ts';

const pages = await referencePages(await createProgram());

describe('docs/reference', () => {
  it.each(Object.keys(pages))(
    '%s says what the code says (else: npm run -s cli -- reference)',
    async (name) => {
      expect(await readFile(new URL(`../../docs/reference/${name}`, import.meta.url), 'utf8')).toBe(
        pages[name],
      );
    },
  );

  it('leaves out no setting, command, endpoint or attribute', async () => {
    const missing = [
      ...Object.keys(Environment.shape).filter(
        (name) => !pages['configuration.md']?.includes(`| \`${name}\` |`),
      ),
      ...(await createProgram()).commands
        .map((command) => `\n## ${command.name()}\n`)
        .filter((heading) => !pages['cli.md']?.includes(heading)),
      ...routes
        .map(({ method, path }) => `\n### ${method} \`${path.replace(/:(\w+)/g, '{$1}')}\`\n`)
        .filter((heading) => !pages['api.md']?.includes(heading)),
      ...catalogue
        .map(({ attribute }) => `| \`${attribute.key}\` |`)
        .filter((row) => !pages['attributes.md']?.includes(row)),
    ];
    expect(missing).toEqual([]);
  });
});
