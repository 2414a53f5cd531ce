import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  getProjectMetadata,
  isKnownPlatformVersion,
  parseProjectConfig,
} from '@hubspot/project-parsing-lib/projects';
import { translate } from '@hubspot/project-parsing-lib/translate';
import { validateUid } from '@hubspot/project-parsing-lib/uid';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { App, Feature, Project, Webhooks } from './project-schemas.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = `${root}src`;
const json = (path: string): unknown => JSON.parse(readFileSync(`${root}${path}`, 'utf8'));

const FILES = [
  'app/app-hsmeta.json',
  'app/cards/segment-card-hsmeta.json',
  'app/settings/settings-hsmeta.json',
  'app/webhooks/webhooks-hsmeta.json',
];

describe('the project', () => {
  it('is one that HubSpot’s own parser reads, with every file in its place and none left over', async () => {
    const { platformVersion } = parseProjectConfig(root);
    expect(isKnownPlatformVersion(platformVersion)).toBe(true);
    const { intermediateRepresentation, skippedHsMetaFiles } = await translate(
      { projectSourceDir: source, platformVersion },
      { skipValidation: true },
    );
    expect(skippedHsMetaFiles).toEqual([]);
    const nodes = Object.values(intermediateRepresentation.intermediateNodesIndexedByUid);
    expect(nodes.map(({ componentType, metaFilePath }) => `${componentType} ${metaFilePath}`).sort()).toEqual(
      [
        'APPLICATION app/app-hsmeta.json',
        'CARD app/cards/segment-card-hsmeta.json',
        'SETTINGS app/settings/settings-hsmeta.json',
        'WEBHOOKS app/webhooks/webhooks-hsmeta.json',
      ],
    );
    for (const { uid, componentDeps, componentType } of nodes) {
      expect(validateUid(uid)).toBeUndefined();
      if (componentType !== 'APPLICATION') expect(componentDeps).toMatchObject({ app: 'segment_sync' });
    }
    const { components } = await getProjectMetadata(source);
    for (const { count, maxCount } of Object.values(components)) expect(count).toBeLessThanOrEqual(maxCount);
  });

  it('is as HubSpot’s pages describe each file', () => {
    expect(() => Project.parse(json('hsproject.json'))).not.toThrow();
    for (const path of FILES) expect(Feature.safeParse(json(`src/${path}`)).error, path).toBeUndefined();
  });

  it('names entry points that are there', () => {
    for (const path of FILES) {
      const { config } = Feature.parse(json(`src/${path}`));
      if ('entrypoint' in config) expect(existsSync(`${source}${config.entrypoint}`), path).toBe(true);
    }
  });

  // HubSpot builds each of these folders by itself, with what its package.json names.
  it.each(['cards', 'settings'])('has in %s all that its build takes', (folder) => {
    const path = `src/app/${folder}`;
    const { dependencies } = z
      .object({ dependencies: z.record(z.string(), z.string().regex(/^\d+\.\d+\.\d+$/, 'an exact version')) })
      .parse(json(`${path}/package.json`));
    const { compilerOptions } = z
      .object({ compilerOptions: z.object({ jsx: z.string() }) })
      .parse(json(`${path}/tsconfig.json`));
    expect(compilerOptions.jsx).toBe('react-jsx');
    const code = readdirSync(`${root}${path}`).filter((name) => /\.tsx?$/.test(name));
    for (const name of code) {
      const text = readFileSync(`${root}${path}/${name}`, 'utf8');
      for (const [, from = ''] of text.matchAll(/\bfrom '([^']+)'/g)) {
        const known = from.startsWith('./')
          ? existsSync(`${root}${path}/${from}`)
          : Object.keys(dependencies).some((one) => from === one || from.startsWith(`${one}/`));
        expect(known, `${name} imports ${from}`).toBe(true);
      }
    }
  });

  it('subscribes to nothing twice', () => {
    const { subscriptions } = z
      .object({ config: Webhooks })
      .parse(json('src/app/webhooks/webhooks-hsmeta.json')).config;
    const all = [...subscriptions.crmObjects, ...subscriptions.hubEvents].map((each) =>
      JSON.stringify({ ...each, active: true }),
    );
    expect(new Set(all).size).toBe(all.length);
  });

  it('calls, comes back to and is called at one host', () => {
    const { config } = z.object({ config: App }).parse(json('src/app/app-hsmeta.json'));
    const { settings } = z
      .object({ config: Webhooks })
      .parse(json('src/app/webhooks/webhooks-hsmeta.json')).config;
    const hosts = [...config.auth.redirectUrls, ...config.permittedUrls.fetch, settings.targetUrl]
      .filter((url) => !url.startsWith('http://localhost'))
      .map((url) => new URL(url).host);
    expect(new Set(hosts).size).toBe(1);
  });

  it.each([
    ['a name that borrows', (text: string) => text.replace('"Segment Sync"', '"HubSpot Segments"')],
    ['plain http', (text: string) => text.replace('"https://segments', '"http://segments')],
    ['a static token', (text: string) => text.replace('"type":"oauth"', '"type":"static"')],
    [
      'five at once',
      (text: string) => text.replace('"maxConcurrentRequests":10', '"maxConcurrentRequests":5'),
    ],
    ['a change of nothing', (text: string) => text.replace(',"propertyName":"email"', '')],
    ['a place on no page', (text: string) => text.replace('crm.record.tab', 'crm.record.middle')],
    ['a long uid', (text: string) => text.replace('"segment_sync_card"', `"${'x'.repeat(65)}"`)],
    ['a field of its own', (text: string) => text.replace('"config":{', '"config":{"colour":"blue",')],
  ])('would not be with %s', (_name, broken) => {
    const features = FILES.map((path) => json(`src/${path}`));
    const results = features.map(
      (feature) => Feature.safeParse(JSON.parse(broken(JSON.stringify(feature)))).success,
    );
    expect(results).toContain(false);
  });
});
