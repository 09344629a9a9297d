import { commandProblems, environmentProblems, groupsOfTopics, healthRoutes, imageProblems, manifest, partitionsOfTopics, port, SERVICES, TOPICS } from './facts.ts';
import { type Container, type KubeObject, named, nameOf, type Objects, type Of, ofKind, podLabels, selects, type Trigger, workloads } from './objects.ts';

const prefixed = (object: KubeObject, problems: readonly string[]): string[] => problems.map((problem) => `${nameOf(object)}: ${problem}`);

/** Commands, images and environments of all containers. */
export function processProblems(objects: Objects): string[] {
  const missing = SERVICES.filter((name) => !named(objects, 'Deployment', name)).map((name) => `${name} does not run`);
  const problems = workloads(objects).flatMap((object) =>
    prefixed(
      object,
      object.spec.template.spec.containers.flatMap((container) => [
        ...commandProblems(container.command ?? []),
        ...imageProblems(container.image),
        ...(container.image.endsWith(`:${manifest.version}`) ? [] : [`${container.image} is not version ${manifest.version}`]),
        ...containerEnvironment(objects, container),
      ]),
    ),
  );
  return [...missing, ...problems];
}

/** What may be in a Secret only, with values that such a variable can have. */
const SECRETS: Readonly<Record<string, string>> = {
  DATABASE_URL: 'postgres://heliograph@db.engines/heliograph',
  REDIS_URL: 'redis://redis.engines:6379',
  KAFKA_SASL_USERNAME: 'heliograph',
  KAFKA_SASL_PASSWORD: 'given',
};

function containerEnvironment(objects: Objects, { env = [], envFrom = [] }: Container): string[] {
  const maps = envFrom.flatMap(({ configMapRef }) => configMapRef?.name ?? []);
  const plain: Record<string, string> = Object.assign({}, ...maps.map((name) => named(objects, 'ConfigMap', name)?.data ?? {}));
  const secret = Object.fromEntries(env.map(({ name }) => [name, SECRETS[name] ?? '']));
  return [
    ...maps.filter((name) => !named(objects, 'ConfigMap', name)).map((name) => `there is no ConfigMap ${name}`),
    ...Object.keys(plain).filter((name) => name in SECRETS).map((name) => `${name} is no matter for a ConfigMap`),
    ...env.filter(({ name, valueFrom }) => valueFrom?.secretKeyRef?.key !== name).map(({ name }) => `${name} does not come from the secret key of its name`),
    ...('HELIO_PUBLIC_URL' in plain ? [] : ['nobody says under which address it is reached']),
    ...environmentProblems({ ...plain, ...secret }),
  ];
}

/** Each service is asked whether it is well where it answers that, gets time to stop, and can do nothing that it need not. */
export function podProblems(objects: Objects): string[] {
  const everywhere = workloads(objects).flatMap((object) => {
    const { securityContext: s, automountServiceAccountToken, containers } = object.spec.template.spec;
    return prefixed(object, [
      ...(s?.runAsNonRoot === true && (s.runAsUser ?? 0) > 0 && s.seccompProfile?.type === 'RuntimeDefault' ? [] : ['it may run as root, or without seccomp']),
      ...(automountServiceAccountToken === false ? [] : ['it gets a token of the cluster']),
      ...containers.flatMap(confinementProblems),
    ]);
  });
  const services = ofKind(objects, 'Deployment').flatMap((object) => {
    const { containers, terminationGracePeriodSeconds = 30 } = object.spec.template.spec;
    const needed = 10 + Math.max(0, ...containers.map(({ lifecycle }) => lifecycle?.preStop?.sleep?.seconds ?? 0));
    return prefixed(object, [
      ...(terminationGracePeriodSeconds > needed ? [] : ['it is killed while it stops']),
      ...containers.flatMap(probeProblems),
      ...scrapeProblems(object),
    ]);
  });
  return [...everywhere, ...services];
}

const confinementProblems = ({ securityContext: s, resources }: Container): string[] => [
  ...(s?.readOnlyRootFilesystem === true && s.allowPrivilegeEscalation === false && s.capabilities?.drop?.includes('ALL') ? [] : ['its container is not confined']),
  ...(resources?.requests?.['cpu'] && resources.requests['memory'] && resources.limits?.['memory'] ? [] : ['it does not say what it needs']),
];

function probeProblems(container: Container): string[] {
  const ports = container.ports ?? [];
  const expected = { startupProbe: '/healthz', livenessProbe: '/healthz', readinessProbe: '/readyz' } as const;
  return [
    ...ports.filter(({ containerPort }) => containerPort !== port).map(({ containerPort }) => `it listens at ${port}, not ${containerPort}`),
    ...(Object.keys(expected) as (keyof typeof expected)[]).flatMap((probe) => {
      const asked = container[probe]?.httpGet;
      if (!asked) return [`it has no ${probe}`];
      return [
        ...(healthRoutes.includes(asked.path) && asked.path === expected[probe] ? [] : [`${probe} asks ${asked.path}`]),
        ...(ports.some(({ name }) => name === asked.port) ? [] : [`${probe} asks at ${asked.port}`]),
      ];
    }),
  ];
}

function scrapeProblems({ spec }: Of<'Deployment'>): string[] {
  const { 'prometheus.io/port': number, 'prometheus.io/path': path = '' } = spec.template.metadata.annotations ?? {};
  return number === String(port) && healthRoutes.includes(path) ? [] : ['Prometheus does not find its metrics'];
}

/** Services, budgets and autoscalers lead to what is there, and every Deployment has a budget and one autoscaler. */
export function referenceProblems(objects: Objects): string[] {
  const deployments = ofKind(objects, 'Deployment');
  const scalers = [...ofKind(objects, 'HorizontalPodAutoscaler'), ...ofKind(objects, 'ScaledObject')];
  const budgets = ofKind(objects, 'PodDisruptionBudget');
  const services = ofKind(objects, 'Service').filter(({ metadata }) => metadata.name !== 'nowhere');
  return [
    ...deployments.flatMap((object) =>
      prefixed(object, [
        ...(selects(object.spec.selector.matchLabels, podLabels(object)) ? [] : ['it does not select its own pods']),
        ...('replicas' in object.spec ? ['replicas would be set back by every apply'] : []),
        ...(scalers.filter(({ spec }) => spec.scaleTargetRef.name === object.metadata.name).length === 1 ? [] : ['it has not exactly one autoscaler']),
        ...(budgets.filter(({ spec }) => selects(spec.selector.matchLabels, podLabels(object))).length === 1 ? [] : ['it has not exactly one disruption budget']),
      ]),
    ),
    ...scalers.flatMap((object) => {
      const { name } = object.spec.scaleTargetRef;
      return named(objects, 'Deployment', name) ? [] : [`${nameOf(object)}: there is no ${name} to scale`];
    }),
    ...services.flatMap((object) => {
      const behind = deployments.filter((one) => selects(object.spec.selector, podLabels(one)));
      if (behind.length !== 1) return [`${nameOf(object)}: it has not exactly one Deployment behind it`];
      const ports = behind[0]!.spec.template.spec.containers.flatMap((container) => (container.ports ?? []).map(({ name }) => name));
      return object.spec.ports.filter(({ targetPort }) => !ports.includes(targetPort)).map(({ targetPort }) => `${nameOf(object)}: there is no port ${targetPort}`);
    }),
  ];
}

/** KEDA watches every consumer group on every topic that it consumes, and starts no more processes than there are partitions. */
export function lagProblems(objects: Objects): string[] {
  const scaled = ofKind(objects, 'ScaledObject');
  const watched = scaled.flatMap(({ spec }) => spec.triggers.map(({ metadata }) => `${metadata.consumerGroup} on ${metadata.topic}`));
  const wanted = Object.values(TOPICS).flatMap(({ name, groups }) => groups.map((group) => `${group} on ${name}`));
  return [
    ...wanted.filter((pair) => !watched.includes(pair)).map((pair) => `nobody watches ${pair}`),
    ...scaled.flatMap((object) => {
      const { triggers, maxReplicaCount } = object.spec;
      const most = Math.max(...triggers.map(({ metadata }) => partitionsOfTopics[metadata.topic] ?? 0));
      return prefixed(object, [...triggers.flatMap((trigger) => triggerProblems(objects, trigger)), ...(maxReplicaCount > most ? ['more processes than partitions'] : [])]);
    }),
  ];
}

function triggerProblems(objects: Objects, { type, metadata, authenticationRef }: Trigger): string[] {
  const encrypted = named(objects, 'ConfigMap', 'heliograph')?.data?.['KAFKA_SSL'] === 'on';
  const asksEncrypted = metadata.tls === 'enable' && named(objects, 'TriggerAuthentication', authenticationRef?.name) !== undefined;
  return [
    ...(type === 'kafka' && metadata.bootstrapServersFromEnv === 'KAFKA_BROKERS' ? [] : ['it does not ask the brokers of the services']),
    ...(groupsOfTopics[metadata.topic]?.includes(metadata.consumerGroup) ? [] : [`${metadata.consumerGroup} does not consume ${metadata.topic}`]),
    ...(encrypted === asksEncrypted ? [] : ['it does not ask Kafka as the services do']),
  ];
}
