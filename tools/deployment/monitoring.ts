import { groupsOfTopics, healthRoutes, type Metric, port, SERVICES } from './facts.ts';
import { readQuery } from './promql.ts';

/** Labels that Prometheus adds. */
const ADDED = ['job', 'instance', '__name__'];
const VALUES: Readonly<Record<string, readonly string[]>> = {
  job: SERVICES,
  topic: Object.keys(groupsOfTopics),
  group: [...new Set(Object.values(groupsOfTopics).flat())],
};

/** What is wrong with a query: what is no PromQL, and metrics, labels, topics, groups and services that do not exist. */
export function queryProblems(expression: string, metrics: ReadonlyMap<string, Metric>): string[] {
  const { errors, selectors, grouping } = readQuery(expression);
  const labels = new Set([...ADDED, ...selectors.flatMap(({ metric }) => metrics.get(metric)?.labels ?? [])]);
  return [
    ...errors,
    ...selectors.filter(({ metric }) => !metrics.has(metric)).map(({ metric }) => `there is no metric ${metric}`),
    ...grouping.filter((label) => !labels.has(label)).map((label) => `nothing in it has the label ${label}: ${expression}`),
    ...selectors.flatMap(({ metric, matchers }) =>
      matchers.flatMap(({ label, operator, value }) => {
        if (![...ADDED, ...(metrics.get(metric)?.labels ?? [])].includes(label)) return [`${metric} has no label ${label}`];
        const known = VALUES[label];
        const matches = operator.includes('~') ? (one: string) => new RegExp(`^(?:${value})$`).test(one) : (one: string) => one === value;
        return known && !known.some(matches) ? [`there is no ${label} ${value}`] : [];
      }),
    ),
    ...countersAsThemselves(expression, selectors.map(({ metric }) => metric), metrics),
  ];
}

/** A counter says something only by how it grows. */
const countersAsThemselves = (expression: string, names: readonly string[], metrics: ReadonlyMap<string, Metric>): string[] =>
  names.filter((name) => metrics.get(name)?.type === 'counter' && !new RegExp(`\\b(?:rate|increase|irate)\\(${name}\\b`).test(expression)).map((name) => `${name} is a counter: take its rate`);

export interface Rules {
  groups: { rules: { alert: string; expr: string; for?: string; labels: { severity: string }; annotations: { summary: string } }[] }[];
}

export function ruleProblems({ groups }: Rules, metrics: ReadonlyMap<string, Metric>): string[] {
  const rules = groups.flatMap(({ rules }) => rules);
  const names = rules.map(({ alert }) => alert);
  return [
    ...names.filter((name, i) => names.indexOf(name) !== i).map((name) => `${name} is there twice`),
    ...rules.flatMap(({ alert, expr, labels, annotations }) => [
      ...queryProblems(expr, metrics).map((problem) => `${alert}: ${problem}`),
      ...(['warning', 'critical'].includes(labels?.severity) && annotations?.summary ? [] : [`${alert}: it does not say how bad and what`]),
    ]),
  ];
}

export interface PrometheusConfig {
  rule_files: string[];
  scrape_configs: { job_name: string; metrics_path?: string; dns_sd_configs: { names: string[]; type: string; port: number }[] }[];
}

/** Each service is scraped under its own name, where it listens. */
export function scrapeProblems({ scrape_configs: jobs }: PrometheusConfig): string[] {
  return [
    ...SERVICES.filter((name) => !jobs.some((job) => job.job_name === name)).map((name) => `nobody scrapes ${name}`),
    ...jobs.flatMap(({ job_name: name, metrics_path: path = '/metrics', dns_sd_configs: targets }) => [
      ...(healthRoutes.includes(path) ? [] : [`${name}: there is no ${path}`]),
      ...targets.flatMap((target) => [
        ...(target.port === port ? [] : [`${name}: it listens at ${port}, not ${target.port}`]),
        ...(target.names.join() === name ? [] : [`${name}: ${target.names.join()} is not that service`]),
      ]),
    ]),
  ];
}

interface Panel {
  id: number;
  type: string;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  datasource?: { uid: string };
  targets?: { expr: string; datasource?: { uid: string } }[];
}
export interface Dashboard {
  uid: string;
  title: string;
  schemaVersion: number;
  panels: Panel[];
}

/** Panels that ask for what exists, from the source that is provisioned, and do not lie over each other. */
export function dashboardProblems({ uid, panels }: Dashboard, source: string, metrics: ReadonlyMap<string, Metric>): string[] {
  const over = (a: Panel['gridPos'], b: Panel['gridPos']): boolean => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
  return [
    ...(uid ? [] : ['it has no uid: every start would make another']),
    ...panels.flatMap((panel, i) => {
      const others = panels.slice(0, i);
      return [
        ...(others.some(({ id }) => id === panel.id) ? [`the id ${panel.id} is there twice`] : []),
        ...(panel.gridPos.x + panel.gridPos.w <= 24 ? [] : ['it is wider than the page']),
        ...others.filter(({ gridPos }) => over(gridPos, panel.gridPos)).map(({ title }) => `it lies over ${title}`),
        ...(panel.type !== 'row' && !panel.targets?.length ? ['it shows nothing'] : []),
        ...(panel.targets ?? []).flatMap(({ expr }) => queryProblems(expr, metrics)),
        ...[panel, ...(panel.targets ?? [])].filter(({ datasource }) => panel.type !== 'row' && datasource?.uid !== source).map(() => `it does not ask ${source}`),
      ].map((problem) => `${panel.title}: ${problem}`);
    }),
  ];
}
