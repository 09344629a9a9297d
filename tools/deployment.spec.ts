import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import * as compose from './deployment/compose.ts';
import { dockerfileProblems, ignoredProblems } from './deployment/dockerfile.ts';
import { metrics as metricsOfCode, port as HTTP_PORT, read, SERVICES, TOPICS, workspace } from './deployment/facts.ts';
import * as kubernetes from './deployment/kubernetes.ts';
import { schemaProblems } from './deployment/kubernetes-schema.ts';
import { render } from './deployment/kustomize.ts';
import * as monitoring from './deployment/monitoring.ts';
import { callersOf, networkProblems } from './deployment/network.ts';
import type { KubeObject } from './deployment/objects.ts';
import { caddyRoute, caddyUpstreams, ingressProblems, ingressRoute, routeProblems } from './deployment/routing.ts';

/** The files that run an instance, held to their schemas and to the code. Each check is also shown something wrong, and must find it. */
const broken = <T>(value: T, breakIt: (copy: T) => void): T => {
  const copy = structuredClone(value);
  breakIt(copy);
  return copy;
};
const metrics = await metricsOfCode();

describe('Dockerfile', () => {
  const text = read('Dockerfile');

  test('builds an exact, small image that is not root and gets its signals', () => {
    expect(dockerfileProblems(text)).toEqual([]);
    expect(ignoredProblems(text, read('.dockerignore'))).toEqual([]);
  });

  test.each([
    ['node:24.21.0-trixie-slim', 'node:latest', /no exact version/],
    ['node:24.21.0', 'node:22.0.0', /is not Node 24/],
    [' --omit=dev', '', /development packages/],
    ['USER 1000:1000', 'USER node', /as root, or/],
    ['USER 1000:1000', 'USER 0', /as root, or/],
    ['EXPOSE 8080', 'EXPOSE 80', /does not expose/],
    ['CMD ["node", "apps/cli/dist/main.js", "--help"]', 'CMD node apps/cli/dist/main.js', /a shell would get the signals/],
    ['apps/cli/dist/main.js', 'apps/clip/dist/main.js', /built from nothing/],
    ['COPY tools/build.mjs', 'COPY tools/bild.mjs', /bild\.mjs cannot be copied/],
  ])('%s → %s is found out', (right, wrong, problem) => {
    expect(dockerfileProblems(text.replaceAll(right, wrong)).join('\n')).toMatch(problem);
  });

  test('a file that is ignored, but copied, is found out', () => {
    expect(ignoredProblems(text, read('.dockerignore').replace('!libs\n', ''))).toEqual(['libs is copied, but ignored', 'libs is copied, but ignored']);
  });
});

describe('docker-compose.yml', () => {
  const text = read('docker-compose.yml');
  const file = compose.readCompose(text);
  type File = typeof file;
  const CHECKS = {
    schema: compose.schemaProblems,
    processes: compose.processProblems,
    addresses: compose.addressProblems,
    references: compose.referenceProblems,
    care: compose.carefulnessProblems,
  } as const;

  test.each(Object.entries(CHECKS))('%s', (_, check) => expect(check(file)).toEqual([]));

  test.each<[keyof typeof CHECKS, string, (f: File) => void, RegExp]>([
    ['schema', 'a misspelt key', (f) => (f.services['gateway']!['restrat'] = 'always'), /additional/i],
    ['schema', 'a time that is none', (f) => ((f.services['redis']!.healthcheck as Record<string, unknown>)['interval'] = 'soon'), /duration/],
    ['processes', 'a command that is not built', (f) => (f.services['gateway']!.command = ['node', 'apps/gatewai/dist/main.js']), /gatewai\/dist\/main\.js is built from nothing/],
    ['processes', 'a service left out', (f) => delete f.services['delivery'], /delivery does not run/],
    ['processes', 'a command that helio has not', (f) => (f.services['migrate']!.command![2] = 'migrat'), /no command migrat/],
    ['processes', 'an option that helio has not', (f) => f.services['migrate']!.command!.push('--fast'), /no option --fast/],
    ['processes', 'a variable that nothing reads', (f) => (f.services['gateway']!.environment!['HELIO_PROT'] = '80'), /HELIO_PROT is no variable/],
    ['processes', 'a value that is refused', (f) => (f.services['gateway']!.environment!['HELIO_REGISTRATIONS'] = 'maybe'), /HELIO_REGISTRATIONS/],
    ['processes', 'a path that does not exist', (f) => (f.services['gateway']!.healthcheck!.test[3] = "fetch('http://127.0.0.1:8080/ready')"), /there is no \/ready/],
    ['processes', 'a port where nobody listens', (f) => (f.services['gateway']!.healthcheck!.test[3] = "fetch('http://127.0.0.1:80/readyz')"), /port 80 is not/],
    ['addresses', 'a broker that is not there', (f) => (f.services['gateway']!.environment!['KAFKA_BROKERS'] = 'kafka-2:9092'), /no way to kafka-2/],
    ['addresses', 'a port at which the broker does not listen', (f) => (f.services['gateway']!.environment!['KAFKA_BROKERS'] = 'kafka:9093'), /kafka does not listen at 9093/],
    ['addresses', 'an engine in another network', (f) => (f.services['redis']!.networks = ['outside']), /migrate has no way to redis/],
    ['references', 'waiting for nobody', (f) => (f.services['gateway']!.depends_on = { kafak: { condition: 'service_started' } }), /kafak, which is not there/],
    ['references', 'waiting for health that nobody checks', (f) => delete f.services['kafka']!.healthcheck, /waits for kafka to be well/],
    ['references', 'a file that is not there', (f) => (f.services['proxy']!.volumes = ['./deploy/Caddyfile:/etc/caddy/Caddyfile']), /no \.\/deploy\/Caddyfile to mount/],
    ['references', 'a volume that is not there', (f) => delete f.volumes['postgres'], /no postgres to mount/],
    ['care', 'a tag that moves', (f) => (f.services['redis']!.image = 'redis:8'), /redis:8 has no exact version/],
    ['care', 'no tag', (f) => (f.services['proxy']!.image = 'caddy'), /caddy has no exact version/],
    ['care', 'another release of ours', (f) => (f.services['gateway']!.image = 'heliograph:0.0.9'), /0\.0\.9 is not version/],
    ['care', 'a password in the file', (f) => (f.services['grafana']!.environment!['GF_SECURITY_ADMIN_PASSWORD'] = 'admin'), /GF_SECURITY_ADMIN_PASSWORD is written/],
    ['care', 'a default for a password', (f) => (f.services['postgres']!.environment!['POSTGRES_PASSWORD'] = '${POSTGRES_PASSWORD:-secret}'), /POSTGRES_PASSWORD is written/],
    ['care', 'a password in a URL', (f) => (f.services['gateway']!.environment!['DATABASE_URL'] = 'postgres://heliograph:secret@postgres/heliograph'), /written in a URL/],
    ['care', 'a file system that can be written', (f) => (f.services['gateway']!['read_only'] = false), /can be written/],
  ])('%s: %s is found out', (check, _, breakIt, problem) => {
    expect(CHECKS[check](broken(file, breakIt)).join('\n')).toMatch(problem);
  });

  test('what must be given is in the example, and nothing is missing in silence', () => {
    const given = [...read('deploy/env.example').matchAll(/^(\w+)=/gm)].map(([, name]) => name!);
    expect(compose.required(text).sort()).toEqual(given.sort());
    expect(compose.silent(text)).toEqual([]);
    expect(compose.silent('${REDIS_PASSWORD}')).toEqual(['REDIS_PASSWORD']);
  });

  test('the reverse proxy sends inbox paths to inbox-ingest, the rest to the gateway, and shows no health and metrics', async () => {
    const caddyfile = read('deploy/caddy/Caddyfile');
    expect(await routeProblems(caddyRoute(caddyfile))).toEqual([]);
    expect(caddyUpstreams(caddyfile)).toEqual(['inbox-ingest', 'gateway'].map((host) => ({ host, port: HTTP_PORT })));
    const wrong = await routeProblems(caddyRoute(caddyfile.replace('^/(users/[^/]+/)?inbox$', '^/inbox$').replace(' /metrics', '')));
    expect(wrong).toEqual(['/users/alice/inbox goes to gateway, not to inbox-ingest', '/metrics goes to gateway, not to null']);
  });
});

describe.each(readdirSync(path.join(workspace, 'k8s/overlays')))('k8s/overlays/%s', (overlay) => {
  const folder = path.join(workspace, 'k8s/overlays', overlay);
  const objects = render(folder);
  const CHECKS = {
    processes: kubernetes.processProblems,
    pods: kubernetes.podProblems,
    references: kubernetes.referenceProblems,
    lag: kubernetes.lagProblems,
    network: networkProblems,
    ingress: ingressProblems,
  } as const;
  const of = (all: KubeObject[], kind: string, name: string): any => all.find((one) => one.kind === kind && one.metadata.name === name);
  const container = (all: KubeObject[], name: string): any => of(all, 'Deployment', name).spec.template.spec.containers[0];
  const map = (all: KubeObject[]): Record<string, string> => of(all, 'ConfigMap', 'heliograph').data;

  test('schemas of Kubernetes and KEDA', async () => expect(await schemaProblems(objects)).toEqual([]));

  test('schemas of Kubernetes and KEDA: what is wrong is found out', async () => {
    const wrong = broken(objects, (all) => {
      container(all, 'gateway').readinesProbe = {};
      of(all, 'Deployment', 'delivery').spec.revisionHistoryLimit = 'three';
      container(all, 'inbox-ingest').resources.limits.memory = '512Mb';
      of(all, 'ScaledObject', 'delivery').spec.maxReplicas = 3;
      of(all, 'NetworkPolicy', 'to-dns').kind = 'NetworkPolice';
    });
    const found = (await schemaProblems(wrong)).join('\n');
    for (const part of [/gateway: .*readinesProbe/, /delivery: .*revisionHistoryLimit/, /inbox-ingest: .*memory/, /delivery: .*maxReplicas/, /NetworkPolice to-dns/]) expect(found).toMatch(part);
  });

  // Where there is no kubectl, the other tests still check what it would print, as `render` makes it.
  const kubectl = spawnSync('kubectl', ['kustomize', folder], { encoding: 'utf8' });
  (kubectl.error ? test.skip : test)('kubectl makes the same of it', () => {
    expect(kubectl.stderr).toBe('');
    const inOrder = (all: KubeObject[]): KubeObject[] => all.toSorted((a, b) => `${a.kind}/${a.metadata.name}`.localeCompare(`${b.kind}/${b.metadata.name}`));
    const printed = kubectl.stdout.split(/^---$/m).map((one) => parse(one) as KubeObject);
    expect(inOrder(objects)).toEqual(inOrder(printed));
  });

  test.each(Object.entries(CHECKS))('%s', (_, check) => expect(check(objects)).toEqual([]));

  test.each<[keyof typeof CHECKS, string, (all: KubeObject[]) => void, RegExp]>([
    ['processes', 'a command that is not built', (all) => (container(all, 'gateway').command[1] = 'apps/gateway/main.js'), /is not node apps/],
    ['processes', 'a command that helio has not', (all) => (of(all, 'Job', 'migrate').spec.template.spec.containers[0].command[2] = 'migrat'), /no command migrat/],
    ['processes', 'a service left out', (all) => (of(all, 'Deployment', 'delivery').metadata.name = 'sender'), /delivery does not run/],
    ['processes', 'a tag that moves', (all) => (container(all, 'gateway').image = 'registry.example/heliograph:latest'), /no exact version/],
    ['processes', 'another release', (all) => (container(all, 'gateway').image = 'registry.example/heliograph:0.0.9'), /is not version/],
    ['processes', 'a variable that nothing reads', (all) => (map(all)['HELIO_PROT'] = '80'), /HELIO_PROT is no variable/],
    ['processes', 'a value that is refused', (all) => (map(all)['HELIO_LOG_LEVEL'] = 'loud'), /HELIO_LOG_LEVEL/],
    ['processes', 'a password for everybody', (all) => (map(all)['DATABASE_URL'] = 'postgres://a:b@c/d'), /no matter for a ConfigMap/],
    ['processes', 'no address', (all) => delete map(all)['HELIO_PUBLIC_URL'], /nobody says under which address/],
    ['processes', 'another key of the secret', (all) => (container(all, 'gateway').env[0].valueFrom.secretKeyRef.key = 'URL'), /DATABASE_URL does not come from/],
    ['pods', 'root', (all) => (of(all, 'Deployment', 'gateway').spec.template.spec.securityContext.runAsUser = 0), /may run as root/],
    ['pods', 'a file system that can be written', (all) => (container(all, 'gateway').securityContext.readOnlyRootFilesystem = false), /not confined/],
    ['pods', 'no request for memory', (all) => delete container(all, 'gateway').resources.requests, /what it needs/],
    ['pods', 'a path that does not exist', (all) => (container(all, 'gateway').readinessProbe.httpGet.path = '/ready'), /readinessProbe asks \/ready/],
    ['pods', 'liveness that depends on engines', (all) => (container(all, 'gateway').livenessProbe.httpGet.path = '/readyz'), /livenessProbe asks \/readyz/],
    ['pods', 'no startup probe', (all) => delete container(all, 'delivery').startupProbe, /no startupProbe/],
    ['pods', 'another port', (all) => (container(all, 'gateway').ports[0].containerPort = 3000), /listens at 8080, not 3000/],
    ['pods', 'too little time to stop', (all) => (of(all, 'Deployment', 'gateway').spec.template.spec.terminationGracePeriodSeconds = 10), /killed while it stops/],
    ['pods', 'metrics elsewhere', (all) => (of(all, 'Deployment', 'gateway').spec.template.metadata.annotations['prometheus.io/path'] = '/stats'), /does not find its metrics/],
    ['references', 'replicas beside an autoscaler', (all) => (of(all, 'Deployment', 'gateway').spec.replicas = 2), /replicas would be set back/],
    ['references', 'an autoscaler of nothing', (all) => (of(all, 'ScaledObject', 'delivery').spec.scaleTargetRef.name = 'deliveries'), /no deliveries to scale/],
    ['references', 'a budget of nothing', (all) => (of(all, 'PodDisruptionBudget', 'gateway').spec.selector.matchLabels = { app: 'gateway' }), /Deployment gateway: it has not exactly one disruption budget/],
    ['references', 'a Service of nothing', (all) => (of(all, 'Service', 'gateway').spec.selector = { app: 'gateway' }), /Service gateway: it has not exactly one Deployment/],
    ['references', 'a port without a name', (all) => (of(all, 'Service', 'gateway').spec.ports[0].targetPort = 'web'), /no port web/],
    ['lag', 'a topic that does not exist', (all) => (of(all, 'ScaledObject', 'delivery').spec.triggers[1].metadata.topic = 'graph.v2'), /delivery does not consume graph\.v2\b/],
    ['lag', 'a group that does not exist', (all) => (of(all, 'ScaledObject', 'delivery').spec.triggers[0].metadata.consumerGroup = 'deliveries'), /nobody watches delivery on status\.recorded\.v1/],
    ['lag', 'other brokers', (all) => delete of(all, 'ScaledObject', 'delivery').spec.triggers[0].metadata.bootstrapServersFromEnv, /does not ask the brokers/],
    ['lag', 'more processes than partitions', (all) => (of(all, 'ScaledObject', 'delivery').spec.maxReplicaCount = 25), /more processes than partitions/],
    ['lag', 'encryption on one side only', (all) => (map(all)['KAFKA_SSL'] = map(all)['KAFKA_SSL'] === 'on' ? 'off' : 'on'), /as the services do/],
    ['network', 'open to everybody', (all) => (of(all, 'NetworkPolicy', 'default-deny').spec.podSelector = { matchLabels: { app: 'x' } }), /nothing denies/],
    ['network', 'cloud metadata', (all) => (of(all, 'NetworkPolicy', 'to-other-servers').spec.egress[0].to[0].ipBlock.except = ['10.0.0.0/8']), /gateway can reach 169\.254\.0\.0/],
    ['network', 'no way out', (all) => delete of(all, 'Deployment', 'delivery').spec.template.metadata.labels['heliograph/federates'], /delivery cannot reach/],
    ['network', 'a way out that is not needed', (all) => (of(all, 'Deployment', 'status-projection').spec.template.metadata.labels['heliograph/federates'] = 'true'), /status-projection can reach/],
    ['ingress', 'another host', (all) => (map(all)['HELIO_PUBLIC_URL'] = 'https://other.example'), /the instance is other\.example/],
    ['ingress', 'no certificate', (all) => delete of(all, 'Ingress', 'heliograph').spec.tls, /no certificate/],
    ['ingress', 'a Service that is not there', (all) => (of(all, 'Service', 'inbox-ingest').metadata.name = 'inbox'), /no Service inbox-ingest/],
  ])('%s: %s is found out', (check, _, breakIt, problem) => {
    expect(CHECKS[check](broken(objects, breakIt)).join('\n')).toMatch(problem);
  });

  test('the ingress sends inbox paths to inbox-ingest, the rest to the gateway, and shows no health and metrics', async () => {
    const ingress = of(objects, 'Ingress', 'heliograph');
    expect(await routeProblems(ingressRoute(ingress))).toEqual([]);
    const wrong = broken(ingress, ({ spec }: any) => (spec.rules[0].http.paths[0].path = '/inbox'));
    expect(await routeProblems(ingressRoute(wrong))).toEqual(['/users/alice/inbox goes to gateway, not to inbox-ingest', '/inboxes goes to inbox-ingest, not to gateway']);
  });

  test('only the ingress controller and Prometheus may call', () => {
    expect(callersOf(objects, 'gateway')).toEqual(['ingress-nginx', 'monitoring']);
    expect(callersOf(objects, 'status-projection')).toEqual(['monitoring']);
  });
});

describe('Prometheus and Grafana', () => {
  const config = parse(read('deploy/prometheus/prometheus.yml')) as monitoring.PrometheusConfig;
  const rules = parse(read('deploy/prometheus/alerts.yml')) as monitoring.Rules;
  const dashboard = JSON.parse(read('deploy/grafana/dashboards/heliograph.json')) as monitoring.Dashboard;
  const source = parse(read('deploy/grafana/provisioning/datasources/prometheus.yml')) as { datasources: { uid: string; url: string }[] };
  const { uid, url } = source.datasources[0]!;
  const file = compose.readCompose(read('docker-compose.yml'));

  test('every service is scraped', () => {
    expect(monitoring.scrapeProblems(config)).toEqual([]);
    const wrong = broken(config, ({ scrape_configs: jobs }) => {
      jobs.splice(3);
      jobs[0]!.metrics_path = '/stats';
      jobs[1]!.dns_sd_configs[0]!.port = 80;
      jobs[2]!.dns_sd_configs[0]!.names = ['projection'];
    });
    expect(monitoring.scrapeProblems(wrong)).toEqual([
      'nobody scrapes delivery',
      'gateway: there is no /stats',
      'inbox-ingest: it listens at 8080, not 80',
      'status-projection: projection is not that service',
    ]);
  });

  test('files and addresses that they name are mounted and there', () => {
    expect(config.rule_files.map((name) => read(`deploy/prometheus/${name}`).length > 0)).toEqual([true]);
    expect(file.services['prometheus']!.volumes).toContain('./deploy/prometheus:/etc/prometheus:ro');
    const { providers } = parse(read('deploy/grafana/provisioning/dashboards/heliograph.yml')) as { providers: { options: { path: string } }[] };
    expect(file.services['grafana']!.volumes).toContain(`./deploy/grafana/dashboards:${providers[0]!.options.path}:ro`);
    expect(Object.keys(file.services)).toContain(new URL(url).hostname);
  });

  test('alerts ask for metrics that exist', () => expect(monitoring.ruleProblems(rules, metrics)).toEqual([]));
  test('the dashboard asks for metrics that exist', () => expect(monitoring.dashboardProblems(dashboard, uid, metrics)).toEqual([]));

  test.each([
    ['sum(rate(heliograph_inbox_requests_total[5m])', /not PromQL/],
    ['heliograph_bus_lag_second', /no metric heliograph_bus_lag_second$/m],
    ['sum(rate(heliograph_bus_publish_seconds[5m]))', /no metric heliograph_bus_publish_seconds$/m],
    ['heliograph_bus_lag_seconds{partition="1"}', /has no label partition/],
    ['sum by (host) (heliograph_bus_lag_seconds)', /has the label host/],
    ['heliograph_bus_lag_seconds{topic="status.recorded.v2"}', /no topic status\.recorded\.v2/],
    ['heliograph_bus_lag_seconds{group=~"projection|deliveries"}', /no group projection\|deliveries/],
    ['up{job="projection"} == 0', /no job projection/],
    ['sum(heliograph_inbox_requests_total)', /take its rate/],
  ])('%s is found out', (expression, problem) => {
    expect(monitoring.queryProblems(expression, metrics).join('\n')).toMatch(problem);
  });

  test('alerts and panels that are wrong are found out', () => {
    const wrongRules = broken(rules, ({ groups: [group] }) => {
      group!.rules[1]!.alert = group!.rules[0]!.alert;
      group!.rules[2]!.labels.severity = 'dire';
    });
    expect(monitoring.ruleProblems(wrongRules, metrics)).toEqual(['ProcessDown is there twice', 'ConsumerBehind: it does not say how bad and what']);
    const wrongBoard = broken(dashboard, ({ panels: [, first, second] }) => {
      second!.id = first!.id;
      second!.gridPos.x = first!.gridPos.x;
      second!.datasource = { uid: 'other' };
    });
    expect(monitoring.dashboardProblems(wrongBoard, uid, metrics)).toEqual([
      `${dashboard.panels[2]!.title}: the id ${dashboard.panels[1]!.id} is there twice`,
      `${dashboard.panels[2]!.title}: it lies over ${dashboard.panels[1]!.title}`,
      `${dashboard.panels[2]!.title}: it does not ask ${uid}`,
    ]);
  });

  test('the alarm of messages that will expire rings at half of their time', () => {
    const { expr } = rules.groups[0]!.rules.find(({ alert }) => alert === 'MessagesWillExpire')!;
    expect(TOPICS.statusSubmitted.retentionMs).toBe(TOPICS.statusRecorded.retentionMs);
    expect(Number(/> (\d+)/.exec(expr)?.[1])).toBe(TOPICS.statusSubmitted.retentionMs / 2 / 1000);
  });

  test('docs/operations.md explains each alert, and names no metric and no service that does not exist', () => {
    const text = read('docs/operations.md');
    const explained = [...text.matchAll(/^\| `([A-Z]\w+)` \|/gm)].map(([, name]) => name!);
    expect(explained.sort()).toEqual(rules.groups.flatMap((group) => group.rules.map(({ alert }) => alert)).sort());
    const named = [...text.matchAll(/\bheliograph_\w+/g)].map(([name]) => name);
    const bases = new Set([...metrics.keys()].flatMap((name) => [name, name.replace(/_(?:sum|count|bucket)$/, '')]));
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => !bases.has(name))).toEqual([]);
    for (const service of SERVICES) expect(text).toContain(service);
  });
});
