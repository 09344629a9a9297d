import ipaddr from 'ipaddr.js';
import { publicOnly } from '../../libs/safe-http/src/addresses.ts';
import { type IpBlock, named, type Objects, ofKind, podLabels, selects, workloads } from './objects.ts';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** These have to do with other servers; the projection has not. */
const FEDERATES = ['gateway', 'inbox-ingest', 'delivery'];
/** Some public addresses, most of them beside ranges that are not. */
const PUBLIC = ['1.1.1.1', '9.255.255.255', '11.0.0.0', '172.15.255.255', '172.32.0.0', '223.255.255.255', '2606:4700::1111', '2a01:4f8::1', '2001:200::1'];
const EVERYWHERE: readonly IpBlock[] = [{ cidr: '0.0.0.0/0' }, { cidr: '::/0' }];

function contains(cidr: string, address: Address): boolean {
  const [network, bits] = ipaddr.parseCIDR(cidr);
  return network.kind() === address.kind() && address.match(network, bits);
}

function allowed(blocks: readonly IpBlock[], text: string): boolean {
  const address = ipaddr.parse(text);
  return blocks.some(({ cidr, except = [] }) => contains(cidr, address) && !except.some((one) => contains(one, address)));
}

type Network = [Address, number];
/** First and last address of every range that is not public, as ipaddr.js knows them: networks, or lists of networks, by their names. */
const EDGES: readonly string[] = [ipaddr.IPv4, ipaddr.IPv6]
  .flatMap(({ prototype }) => Object.values((prototype as unknown as { SpecialRanges: Record<string, Network | Network[]> }).SpecialRanges))
  .flatMap((range) => (Array.isArray(range[0]) ? (range as Network[]) : [range as Network]))
  .flatMap(([network, bits]) => {
    const last = network.toByteArray().map((byte, i) => byte | (0xff >> Math.min(8, Math.max(0, bits - 8 * i))));
    return [network.toString(), ipaddr.fromByteArray(last).toString()];
  });

/** Nothing may talk unless a policy says so; other servers are reached by those who federate, at 443, and only at public addresses. */
export function networkProblems(objects: Objects): string[] {
  const policies = ofKind(objects, 'NetworkPolicy');
  const denies = policies.some(({ spec }) => Object.keys(spec.podSelector).length === 0 && spec.policyTypes.length === 2 && !spec.ingress && !spec.egress);
  const problems = workloads(objects).flatMap((pod) => {
    const rules = policies.filter(({ spec }) => selects(spec.podSelector.matchLabels, podLabels(pod))).flatMap(({ spec }) => spec.egress ?? []);
    const at443 = rules
      .filter(({ ports }) => !ports || ports.some(({ port }) => port === 443))
      .flatMap(({ to }) => to?.flatMap(({ ipBlock }) => ipBlock ?? []) ?? EVERYWHERE);
    const { name } = pod.metadata;
    const federates = FEDERATES.includes(name);
    return [
      ...PUBLIC.filter((address) => allowed(at443, address) !== federates).map((address) => `${name} ${federates ? 'cannot' : 'can'} reach ${address}`),
      ...EDGES.filter((address) => !publicOnly(address) && allowed(at443, address)).map((address) => `${name} can reach ${address}`),
    ];
  });
  return [...(denies ? [] : ['nothing denies by default']), ...problems];
}

/** Who may open connections to a Deployment, by the names of namespaces. */
export function callersOf(objects: Objects, name: string): string[] {
  const labels = podLabels(named(objects, 'Deployment', name)!);
  const rules = ofKind(objects, 'NetworkPolicy').filter(({ spec }) => selects(spec.podSelector.matchLabels, labels)).flatMap(({ spec }) => spec.ingress ?? []);
  return rules.flatMap(({ from }) => from.map(({ namespaceSelector }) => namespaceSelector?.matchLabels?.['kubernetes.io/metadata.name'] ?? 'anywhere')).sort();
}
