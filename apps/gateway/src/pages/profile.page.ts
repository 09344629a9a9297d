import type { ActorView } from '../presenters/actor-directory.ts';
import type { StatusView } from '../presenters/status.view.ts';
import { html } from './html.ts';

const time = (instant: string): unknown => html`<time datetime="${instant}">${instant.slice(0, 16).replace('T', ' ')} UTC</time>`;

const statusPart = ({ content, published, endTime, attachment }: StatusView): unknown => html`
<p dir="auto"><strong>${content}</strong></p>
${attachment && html`<p><a href="${attachment.href}" rel="nofollow noopener ugc">${attachment.name ?? attachment.href}</a></p>`}
<p>since ${time(published)}${endTime && html`, until ${time(endTime)}`}</p>`;

/** A plain profile: who it is, what he is doing now, and what he did where a history is kept. */
export const profilePage = (actor: ActorView, bio: string, status: StatusView | null, history: readonly StatusView[]): string => {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${actor.name} (@${actor.handle})</title>
<meta property="og:title" content="${actor.name} (@${actor.handle})">
<meta property="og:description" content="${status?.content ?? ''}">
<link rel="alternate" type="application/activity+json" href="${actor.id}">
</head>
<body>
<main>
<h1 dir="auto">${actor.name}</h1>
<p>@${actor.handle}</p>
${bio && html`<p dir="auto">${bio}</p>`}
${status ? statusPart(status) : html`<p>No status just now.</p>`}
${history.length > 0 && html`<h2>Earlier</h2><ul>${history.map((item) => html`<li dir="auto">${item.content} <small>${time(item.published)}</small></li>`)}</ul>`}
</main>
</body>
</html>
`;
  return page.markup;
};

/** One status on a page of its own. */
export const statusPage = (actor: ActorView, status: StatusView): string => profilePage(actor, '', status, []);
