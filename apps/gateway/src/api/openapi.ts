import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { VERSION } from '../version.ts';

/** Describes the REST API at `/api/docs` and `/api/openapi.json`. */
export function describeApi(app: NestFastifyApplication): void {
  const description = new DocumentBuilder()
    .setTitle('Heliograph')
    .setDescription(
      'Statuses of people here and elsewhere. Errors are RFC 9457 problem documents. Lists are paged: follow `next` until it is null. Tokens: `npx helio account token NAME`.',
    )
    .setVersion(VERSION)
    .addBearerAuth()
    .build();
  const describe = (): OpenAPIObject => {
    const document = SwaggerModule.createDocument(app, description);
    return { ...document, paths: Object.fromEntries(Object.entries(document.paths).filter(([path]) => path.startsWith('/api/'))) };
  };
  SwaggerModule.setup('api/docs', app, describe, { jsonDocumentUrl: 'api/openapi.json', yamlDocumentUrl: 'api/openapi.yaml' });
}
