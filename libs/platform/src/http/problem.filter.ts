import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { createLogger } from '../logger.ts';
import { Problem, PROBLEM_JSON } from './problem.ts';

const log = createLogger('http');

/** Errors of Fastify itself (body too large, unreadable JSON, unsupported media type) carry a status code. */
const statusOf = (error: unknown): number => {
  const { statusCode } = error as { statusCode?: unknown };
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 600 ? statusCode : 500;
};

/** Any error as a problem. What we did not expect says nothing about our insides. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof HttpException) return new Problem(error.getStatus(), error.message);
  const status = statusOf(error);
  if (status < 500) return new Problem(status, error instanceof Error ? error.message : 'The request could not be read.');
  return new Problem(500, 'Something went wrong on this server. Nothing was changed that you were not told of; you may try again.');
}

/** The one place that turns errors into HTTP answers. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const reply = http.getResponse<FastifyReply>();
    const problem = problemOf(error);
    if (problem.status >= 500 && !(error instanceof Problem)) {
      log.error({ err: error, method: http.getRequest<FastifyRequest>().method, url: http.getRequest<FastifyRequest>().url }, 'request failed');
    }
    sendProblem(reply, problem);
  }
}

export function sendProblem(reply: FastifyReply, problem: Problem): void {
  if (reply.sent) return;
  if (problem.options.retryAfter !== undefined) reply.header('retry-after', String(Math.ceil(problem.options.retryAfter)));
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  void reply.code(problem.status).header('content-type', PROBLEM_JSON).send(Buffer.from(JSON.stringify(problem)));
}
