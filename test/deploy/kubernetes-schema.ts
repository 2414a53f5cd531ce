/**
 * The parts of Kubernetes' API that our manifests use, strictly: a field that is misspelt or misplaced is refused.
 * Source: the API reference of Kubernetes 1.33 (sleep hooks are stable since 1.34, on by default since 1.30).
 */
import { z } from 'zod';

const Name = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
const Labels = z.record(z.string(), z.string());
const Meta = z.strictObject({ name: Name, namespace: Name.optional(), labels: Labels.optional() });
const Count = z.number().int().min(0);
const Seconds = z.number().int().min(1);

const Quantities = z.strictObject({
  cpu: z.string().regex(/^\d+(\.\d+)?m?$/),
  memory: z.string().regex(/^\d+(Ki|Mi|Gi)$/),
});
const Probe = z.strictObject({
  httpGet: z.strictObject({ path: z.string().startsWith('/'), port: z.union([z.string(), z.number()]) }),
  periodSeconds: Seconds.optional(),
  timeoutSeconds: Seconds.optional(),
  failureThreshold: Seconds.optional(),
});
const Reference = z.strictObject({ name: Name });

const Container = z.strictObject({
  name: Name,
  image: z.string(),
  command: z.array(z.string()).optional(),
  args: z.array(z.string()).optional(),
  envFrom: z.array(
    z.union([z.strictObject({ configMapRef: Reference }), z.strictObject({ secretRef: Reference })]),
  ),
  ports: z
    .array(z.strictObject({ name: Name, containerPort: z.number().int().min(1).max(65_535) }))
    .optional(),
  startupProbe: Probe.optional(),
  readinessProbe: Probe.optional(),
  livenessProbe: Probe.optional(),
  lifecycle: z
    .strictObject({ preStop: z.strictObject({ sleep: z.strictObject({ seconds: Seconds }) }) })
    .optional(),
  resources: z.strictObject({ requests: Quantities, limits: Quantities }),
  securityContext: z.strictObject({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }),
  }),
  volumeMounts: z.array(z.strictObject({ name: Name, mountPath: z.string().startsWith('/') })),
});

const PodTemplate = z.strictObject({
  metadata: z.strictObject({ labels: Labels }),
  spec: z.strictObject({
    restartPolicy: z.enum(['Never', 'OnFailure', 'Always']).optional(),
    automountServiceAccountToken: z.literal(false),
    terminationGracePeriodSeconds: Seconds.optional(),
    securityContext: z.strictObject({
      runAsNonRoot: z.literal(true),
      runAsUser: z.number().int().min(1),
      runAsGroup: z.number().int().min(1),
      seccompProfile: z.strictObject({ type: z.literal('RuntimeDefault') }),
    }),
    containers: z.array(Container).length(1),
    volumes: z.array(z.strictObject({ name: Name, emptyDir: z.strictObject({}) })),
  }),
});

const Selector = z.strictObject({ matchLabels: Labels });
const Port = z.strictObject({
  name: Name,
  port: z.number().int().min(1).max(65_535),
  targetPort: z.union([z.string(), z.number()]),
});

export const Manifest = z.discriminatedUnion('kind', [
  z.strictObject({ apiVersion: z.literal('v1'), kind: z.literal('Namespace'), metadata: Meta }),
  z.strictObject({
    apiVersion: z.literal('v1'),
    kind: z.literal('ConfigMap'),
    metadata: Meta,
    data: z.record(z.string(), z.string()),
  }),
  z.strictObject({
    apiVersion: z.literal('v1'),
    kind: z.literal('Secret'),
    metadata: Meta,
    type: z.literal('Opaque'),
    stringData: z.record(z.string(), z.string()),
  }),
  z.strictObject({
    apiVersion: z.literal('batch/v1'),
    kind: z.literal('Job'),
    metadata: Meta,
    spec: z.strictObject({
      backoffLimit: Count,
      activeDeadlineSeconds: Seconds,
      ttlSecondsAfterFinished: Count,
      template: PodTemplate,
    }),
  }),
  z.strictObject({
    apiVersion: z.literal('apps/v1'),
    kind: z.literal('Deployment'),
    metadata: Meta,
    spec: z.strictObject({
      replicas: Count.optional(),
      selector: Selector,
      strategy: z.strictObject({
        type: z.literal('RollingUpdate'),
        rollingUpdate: z.strictObject({ maxUnavailable: Count, maxSurge: Count }),
      }),
      template: PodTemplate,
    }),
  }),
  z.strictObject({
    apiVersion: z.literal('v1'),
    kind: z.literal('Service'),
    metadata: Meta,
    spec: z.strictObject({ selector: Labels, ports: z.array(Port) }),
  }),
  z.strictObject({
    apiVersion: z.literal('policy/v1'),
    kind: z.literal('PodDisruptionBudget'),
    metadata: Meta,
    spec: z.strictObject({ minAvailable: Count, selector: Selector }),
  }),
  z.strictObject({
    apiVersion: z.literal('networking.k8s.io/v1'),
    kind: z.literal('Ingress'),
    metadata: Meta,
    spec: z.strictObject({
      tls: z.array(z.strictObject({ hosts: z.array(z.string()), secretName: Name })),
      rules: z.array(
        z.strictObject({
          host: z.string(),
          http: z.strictObject({
            paths: z.array(
              z.strictObject({
                path: z.string().startsWith('/'),
                pathType: z.enum(['Prefix', 'Exact', 'ImplementationSpecific']),
                backend: z.strictObject({
                  service: z.strictObject({
                    name: Name,
                    port: z.union([z.strictObject({ name: Name }), z.strictObject({ number: Count })]),
                  }),
                }),
              }),
            ),
          }),
        }),
      ),
    }),
  }),
  z.strictObject({
    apiVersion: z.literal('autoscaling/v2'),
    kind: z.literal('HorizontalPodAutoscaler'),
    metadata: Meta,
    spec: z.strictObject({
      scaleTargetRef: z.strictObject({ apiVersion: z.string(), kind: z.string(), name: Name }),
      minReplicas: Seconds,
      maxReplicas: Seconds,
      metrics: z.array(
        z.strictObject({
          type: z.literal('Resource'),
          resource: z.strictObject({
            name: z.enum(['cpu', 'memory']),
            target: z.strictObject({ type: z.literal('Utilization'), averageUtilization: Seconds }),
          }),
        }),
      ),
    }),
  }),
  z.strictObject({
    apiVersion: z.literal('kustomize.config.k8s.io/v1beta1'),
    kind: z.literal('Kustomization'),
    namespace: Name,
    resources: z.array(z.string()),
    images: z.array(z.strictObject({ name: z.string(), newName: z.string(), newTag: z.string() })),
  }),
]);
export type Manifest = z.infer<typeof Manifest>;
