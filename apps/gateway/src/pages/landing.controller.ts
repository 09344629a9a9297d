import type { Config } from '@heliograph/platform';
import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { sendPage } from '../federation/negotiate.ts';
import { CONFIG } from '../tokens.ts';
import { html } from './html.ts';

/** What somebody sees who opens the server's address. */
@ApiExcludeController()
@Controller()
export class LandingController {
  constructor(@Inject(CONFIG) private readonly config: Config) {}

  @Get()
  landing(@Res() reply: FastifyReply): void {
    const { host } = new URL(this.config.publicUrl);
    sendPage(
      reply,
      html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${host}</title>
</head>
<body>
<main>
<h1>${host}</h1>
<p>People here say what they are doing now, until then. Follow them from any server that speaks ActivityPub: @name@${host}</p>
<p><a href="/api/docs">API</a></p>
</main>
</body>
</html>
`.markup,
    );
  }
}
