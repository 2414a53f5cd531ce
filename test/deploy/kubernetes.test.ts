import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { Environment } from '../../src/config.ts';
import { Manifest } from './kubernetes-schema.ts';

const FOLDER = 'deploy/kubernetes';
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));
const read = (file: string) =>
  parseAllDocuments(readFileSync(`${FOLDER}/${file}`, 'utf8')).map((document) => {
    expect(document.errors).toEqual([]);
    return Manifest.parse(document.toJS());
  });
const all = files.flatMap(read);
const of = <Kind extends Manifest['kind']>(kind: Kind) =>
  all.filter((one): one is Extract<Manifest, { kind: Kind }> => one.kind === kind);
const pods = [...of('Deployment'), ...of('Job')].map(({ metadata, kind, spec }) => ({
  name: metadata.name,
  kind,
  template: spec.template,
}));

describe('the manifests', () => {
  it('are what the kustomization names, but for the example of the secret', () => {
    const named = of('Kustomization').flatMap(({ resources }) => resources);
    expect([...named, 'kustomization.yaml', 'secret.example.yaml'].sort()).toEqual([...files].sort());
  });

  it('give the program only what it reads', () => {
    const given = [
      ...of('ConfigMap').flatMap(({ data }) => Object.keys(data)),
      ...of('Secret').flatMap(({ stringData }) => Object.keys(stringData)),
    ];
    expect(given.filter((name) => !(name in Environment.shape))).toEqual([]);
    expect(given).toEqual(expect.arrayContaining(['DATABASE_URL', 'ENCRYPTION_KEY', 'PUBLIC_URL']));
  });

  it('hold no secret', () => {
    for (const { stringData } of of('Secret'))
      expect(Object.entries(stringData).filter(([name, value]) => /KEY|SECRET$/.test(name) && value)).toEqual(
        [],
      );
  });

  it.each(pods)('$kind $name takes its settings from the config map and the secret', ({ template }) => {
    const from = template.spec.containers[0]?.envFrom ?? [];
    expect(from).toEqual([
      { configMapRef: { name: of('ConfigMap')[0]?.metadata.name } },
      { secretRef: { name: of('Secret')[0]?.metadata.name } },
    ]);
  });

  it.each(pods)(
    '$kind $name starts a file that the image has, and mounts only its volumes',
    ({ template }) => {
      const container = template.spec.containers[0];
      const file = container?.command?.[1];
      if (file !== undefined) expect(existsSync(file)).toBe(true);
      else expect(['web', 'worker']).toContain(container?.args?.[0]);
      const volumes = template.spec.volumes.map(({ name }) => name);
      expect(container?.volumeMounts.map(({ name }) => name)).toEqual(volumes);
      expect(of('Kustomization')[0]?.images.map(({ name }) => name)).toContain(container?.image);
    },
  );

  it('leave the program the ten seconds that a stop may take', () => {
    for (const { spec } of of('Deployment')) {
      const hook = spec.template.spec.containers[0]?.lifecycle?.preStop.sleep.seconds ?? 0;
      expect((spec.template.spec.terminationGracePeriodSeconds ?? 30) - hook).toBeGreaterThan(10);
    }
  });

  it('select what they mean', () => {
    const carries = (labels: Record<string, string>) =>
      of('Deployment').filter(({ spec }) =>
        Object.entries(labels).every(([key, value]) => spec.template.metadata.labels[key] === value),
      );
    for (const { spec } of of('Deployment')) expect(carries(spec.selector.matchLabels)).toHaveLength(1);
    for (const { spec } of of('PodDisruptionBudget'))
      expect(carries(spec.selector.matchLabels)).toHaveLength(1);
    for (const { spec } of of('Service')) {
      const [deployment] = carries(spec.selector);
      const ports = deployment?.spec.template.spec.containers[0]?.ports?.map(({ name }) => name);
      expect(spec.ports.map(({ targetPort }) => targetPort)).toEqual(ports);
    }
    const deployments = of('Deployment').map(({ metadata }) => metadata.name);
    for (const { spec } of of('HorizontalPodAutoscaler'))
      expect(deployments).toContain(spec.scaleTargetRef.name);
    const services = of('Service').map(({ metadata }) => metadata.name);
    for (const { spec } of of('Ingress'))
      for (const { http } of spec.rules)
        for (const { backend } of http.paths) expect(services).toContain(backend.service.name);
  });

  it('ask the web process whether it lives and whether it is ready', () => {
    const web = of('Deployment').find(({ metadata }) => metadata.name.endsWith('web'));
    expect(web?.spec.template.spec.containers[0]).toMatchObject({
      livenessProbe: { httpGet: { path: '/healthz' } },
      readinessProbe: { httpGet: { path: '/readyz' } },
    });
  });

  it('refuse what is misspelt', () => {
    const [web] = of('Service');
    expect(Manifest.safeParse({ ...web, spec: { ...web?.spec, selektor: {} } }).success).toBe(false);
  });
});
