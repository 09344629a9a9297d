import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

export interface Matcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
}
export interface Query {
  /** Where the expression stops making sense; empty when it does make sense. */
  readonly errors: readonly string[];
  readonly selectors: readonly { readonly metric: string; readonly matchers: readonly Matcher[] }[];
  /** Labels of `by`, `without`, `on`, `ignoring`. */
  readonly grouping: readonly string[];
}

/** Reads a PromQL expression with the grammar of Prometheus. Grafana's `$__…` durations count as 5m. */
export function readQuery(expression: string): Query {
  const text = expression.replaceAll(/\$__\w+/g, '5m');
  const errors: string[] = [];
  const selectors: { metric: string; matchers: Matcher[] }[] = [];
  const grouping: string[] = [];
  const of = ({ from, to }: { from: number; to: number }): string => text.slice(from, to);
  parser.parse(text).iterate({
    enter: (node) => {
      if (node.type.isError) errors.push(`not PromQL at ${node.from}: ${expression}`);
      if (node.name === 'GroupingLabels') grouping.push(...node.node.getChildren('LabelName').map(of));
      if (node.name !== 'VectorSelector') return;
      const name = node.node.getChild('Identifier');
      selectors.push({ metric: name ? of(name) : '', matchers: matchersOf(node.node, of) });
    },
  });
  return { errors, selectors, grouping };
}

function matchersOf(selector: SyntaxNode, of: (node: SyntaxNode) => string): Matcher[] {
  return (selector.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []).map((matcher) => ({
    label: of(matcher.getChild('LabelName')!),
    operator: of(matcher.getChild('MatchOp')!),
    value: JSON.parse(of(matcher.getChild('StringLiteral')!)) as string,
  }));
}
