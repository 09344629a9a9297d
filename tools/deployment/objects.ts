/** The parts of Kubernetes objects that the checks look at. That the objects are whole is for the schemas to say. */
export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string };
}
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly env?: readonly { readonly name: string; readonly valueFrom?: { readonly secretKeyRef?: { readonly key: string } } }[];
  readonly envFrom?: readonly { readonly configMapRef?: { readonly name: string } }[];
  readonly lifecycle?: { readonly preStop?: { readonly sleep?: { readonly seconds: number } } };
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly securityContext?: { readonly readOnlyRootFilesystem?: boolean; readonly allowPrivilegeEscalation?: boolean; readonly capabilities?: { readonly drop?: readonly string[] } };
  readonly resources?: { readonly requests?: Readonly<Record<string, string>>; readonly limits?: Readonly<Record<string, string>> };
}
type Labels = Readonly<Record<string, string>>;
interface Workload {
  readonly template: {
    readonly metadata: { readonly labels?: Labels; readonly annotations?: Labels };
    readonly spec: {
      readonly containers: readonly Container[];
      readonly automountServiceAccountToken?: boolean;
      readonly terminationGracePeriodSeconds?: number;
      readonly securityContext?: { readonly runAsNonRoot?: boolean; readonly runAsUser?: number; readonly seccompProfile?: { readonly type: string } };
    };
  };
}
export interface Trigger {
  readonly type: string;
  readonly metadata: { readonly bootstrapServersFromEnv?: string; readonly consumerGroup: string; readonly topic: string; readonly tls?: string };
  readonly authenticationRef?: { readonly name: string };
}
export interface IpBlock {
  readonly cidr: string;
  readonly except?: readonly string[];
}
interface Peer {
  readonly ipBlock?: IpBlock;
  readonly namespaceSelector?: { readonly matchLabels?: Labels };
}
interface Backend {
  readonly service: { readonly name: string; readonly port: { readonly name: string } };
}

interface Specs {
  Deployment: Workload & { readonly selector: { readonly matchLabels: Labels } };
  Job: Workload;
  Service: { readonly selector: Labels; readonly ports: readonly { readonly name: string; readonly targetPort: string }[] };
  HorizontalPodAutoscaler: { readonly scaleTargetRef: { readonly name: string } };
  ScaledObject: { readonly scaleTargetRef: { readonly name: string }; readonly maxReplicaCount: number; readonly triggers: readonly Trigger[] };
  TriggerAuthentication: object;
  PodDisruptionBudget: { readonly selector: { readonly matchLabels: Labels } };
  NetworkPolicy: {
    readonly podSelector: { readonly matchLabels?: Labels };
    readonly policyTypes: readonly string[];
    readonly ingress?: readonly { readonly from: readonly Peer[] }[];
    readonly egress?: readonly { readonly to?: readonly Peer[]; readonly ports?: readonly { readonly port: number | string }[] }[];
  };
  Ingress: {
    readonly rules: readonly { readonly host?: string; readonly http: { readonly paths: readonly { readonly path: string; readonly backend: Backend }[] } }[];
    readonly tls?: readonly { readonly hosts: readonly string[] }[];
  };
  ConfigMap: undefined;
}
export type Kind = keyof Specs;

/** A Kubernetes object as it was read: nothing is known of its `spec` yet. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  spec?: unknown;
  data?: Record<string, string>;
}
export type Of<K extends Kind> = KubeObject & { readonly kind: K; readonly spec: Specs[K] };
export type Objects = readonly KubeObject[];

const isKind = <K extends Kind>(object: KubeObject, kind: K): object is Of<K> => object.kind === kind;

export const ofKind = <K extends Kind>(objects: Objects, kind: K): Of<K>[] => objects.filter((object) => isKind(object, kind));
export const named = <K extends Kind>(objects: Objects, kind: K, name: string | undefined): Of<K> | undefined => ofKind(objects, kind).find(({ metadata }) => metadata.name === name);
/** What has pods. */
export const workloads = (objects: Objects): (Of<'Deployment'> | Of<'Job'>)[] => [...ofKind(objects, 'Deployment'), ...ofKind(objects, 'Job')];
export const podLabels = ({ spec }: Of<'Deployment'> | Of<'Job'>): Labels => spec.template.metadata.labels ?? {};
/** Whether a selector by labels means a pod with these; an empty one means all. */
export const selects = (selector: Labels | undefined, labels: Labels): boolean => Object.entries(selector ?? {}).every(([name, value]) => labels[name] === value);
export const nameOf = ({ kind, metadata }: KubeObject): string => `${kind} ${metadata.name}`;
